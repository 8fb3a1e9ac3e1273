"""Hidden repeats: images that a rater sees a second time, to tell how consistent the answers are.

They are spread evenly over what a rater rates. Each repeats the image that was answered half
way to that point. The answer is an event of its own kind, which no rate contains.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from pirgan_tf.survey import raters
from pirgan_tf.survey.answers import counted_answers
from pirgan_tf.survey.models import Assignment, Event, Rater, Study


def due_repeat(session: Session, rater: Rater) -> int | None:
    """Returns the assignment that a rater should see again now; None if there is none.

    Args:
        session: of `Database.read` or `Database.write`.
        rater: a rater of a study whose settings say under "repeats" how many there are.
    """
    wanted = rater.study.settings.get("repeats", 0)
    if not wanted:
        return None
    repeated = _repeated(session, rater)
    if len(repeated) >= wanted:
        return None
    answered = (
        select(Assignment.id)
        .where(Assignment.rater == rater.id, Assignment.state == "answered")
        .order_by(Assignment.position)
    )
    done = session.scalars(answered).all()
    due = raters.progress(session, rater)[1] * (len(repeated) + 1) // (wanted + 1)
    if not 0 < due <= len(done):
        return None
    left = [assignment for assignment in done[due // 2 :] if assignment not in repeated]
    return left[0] if left else None


def progress(session: Session, rater: Rater) -> tuple[int, int]:
    """Returns the numbers of `raters.progress` with the repeats, which look like other images."""
    done, most = raters.progress(session, rater)
    wanted = rater.study.settings.get("repeats", 0)
    if wanted:
        done += len(_repeated(session, rater))
    return done, most + wanted


def mean_differences(session: Session, study: Study) -> dict[int, tuple[int, float]]:
    """Compares first and second ratings of the same images.

    Returns:
        By rater's id, the number of images that were rated twice, and the mean absolute
        difference of their stars.
    """
    first = counted_answers(study).subquery()
    second = aliased(Event)
    # Most studies have none, and the query below looks at every rating.
    repeats = select(Event.id).where(Event.study_id == study.id, Event.kind == "repeat")
    if session.scalars(repeats.limit(1)).first() is None:
        return {}
    rows = session.execute(
        select(first.c.rater, func.count(), func.avg(func.abs(second.value - first.c.value)))
        .join(first, first.c.assignment == second.assignment)
        .where(second.study_id == study.id, second.kind == "repeat", second.value.is_not(None))
        .group_by(first.c.rater)
    )
    return {rater: (count, float(mean)) for rater, count, mean in rows}


def _repeated(session: Session, rater: Rater) -> Sequence[int]:
    seen = select(Event.assignment).where(
        Event.study_id == rater.study_id, Event.kind == "repeat", Event.rater == rater.id
    )
    return session.scalars(seen).all()
