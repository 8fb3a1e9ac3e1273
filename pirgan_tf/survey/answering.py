"""What becomes of a rater's answer: a rating, a skip, or an undo.

Every function that changes something locks the study first.
"""

import math

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import NothingToUndo, UnknownAssignment, ValueOutOfRange
from pirgan_tf.survey.models import ASSIGNMENTS, Assignment, Event, Rater
from pirgan_tf.survey.raters import lock_study
from pirgan_tf.survey.recording import (
    DONE,
    append,
    check_kind,
    close,
    count_events,
    move,
    own_assignment,
)
from pirgan_tf.survey.repeats import due_repeat
from pirgan_tf.survey.weights import STARS

# More of a rater are no person's, and each is stored for ever.
MOST_UNDOS = 100
_ANSWERS = ("rating", "skip", "practice")


def rate(
    session: Session, rater: Rater, assignment_id: int, value: int, shown_ms: float | None = None
) -> Event:
    """Stores a rating.

    Args:
        session: of `Database.write`.
        rater: who rates.
        assignment_id: an assignment of this rater's that is open or has expired: a late
            answer is kept, also if its image went to somebody else meanwhile. With a minus,
            the one that is due to be repeated; see `repeats.due_repeat`.
        value: stars, 1 to 5.
        shown_ms: for how many milliseconds the image has been visible; None if unknown.

    Raises:
        ValueOutOfRange: the value or the time is none of these, or the study has no
            ratings.
        UnknownAssignment: it is not this rater's, or does not exist.
        AlreadyAnswered: it was rated or skipped before.
    """
    if isinstance(value, bool) or value not in STARS:
        raise ValueOutOfRange("A rating must be a whole number from 1 to 5.")
    return _answer(session, rater, assignment_id, "rating", value, shown_ms)


def skip(
    session: Session, rater: Rater, assignment_id: int, shown_ms: float | None = None
) -> Event:
    """Stores that a rater would rather not rate an image; arguments and errors as `rate`."""
    return _answer(session, rater, assignment_id, "skip", None, shown_ms)


def undo(session: Session, rater: Rater, assignment_id: int) -> Assignment:
    """Takes back a rater's answer for an image, which can then be answered again.

    Called again before that, it changes nothing.

    Args:
        session: of `Database.write`.
        rater: whose answer it is.
        assignment_id: what was rated or skipped; see `last_answered`.

    Raises:
        UnknownAssignment: it is not this rater's, or does not exist.
        NothingToUndo: it was never answered, or is a repeat, or the rater has taken back 100
            answers already.
    """
    if assignment_id < 0:
        raise NothingToUndo("This answer stays.")
    study = rater.study
    lock_study(session, study)
    assignment = own_assignment(session, rater, assignment_id)
    if assignment.state in DONE:
        undone = select(func.count()).where(
            Event.study_id == study.id, Event.kind == "undo", Event.rater == rater.id
        )
        if session.scalars(undone).one() >= MOST_UNDOS:
            raise NothingToUndo("You have taken back very many answers; now they stay.")
        answers = select(func.max(Event.id)).where(
            Event.study_id == study.id,
            Event.rater == rater.id,
            Event.assignment == assignment.id,
            Event.kind.in_(_ANSWERS),
        )
        # An image that was skipped may have all its raters by now.
        full = assignment.answered + assignment.open >= study.raters_per_image
        skipped = assignment.state == "skipped"
        move(session, study, assignment, "expired" if skipped and full else "open")
        append(session, assignment, "undo", session.scalars(answers).one())
        rater.finished_at = None
    elif not count_events(session, assignment, "undo"):
        raise NothingToUndo("There is nothing to undo.")
    return session.get_one(Assignment, assignment.id, populate_existing=True)


def last_answered(session: Session, rater: Rater) -> int | None:
    """Returns the assignment that a rater answered last and did not undo; None if there is none."""
    return session.scalar(
        select(Event.assignment)
        .join(Assignment, Assignment.id == Event.assignment)
        .where(
            Event.study_id == rater.study_id,
            Event.rater == rater.id,
            Event.kind.in_(_ANSWERS),
            ASSIGNMENTS.c.state.in_(DONE),
        )
        .order_by(Event.id.desc())
        .limit(1)
    )


def _answer(
    session: Session,
    rater: Rater,
    assignment_id: int,
    kind: str,
    value: int | None,
    shown_ms: float | None,
) -> Event:
    if shown_ms is not None and not (math.isfinite(shown_ms) and shown_ms >= 0):
        raise ValueOutOfRange("shown_ms must be a number of milliseconds from 0.")
    study = rater.study
    lock_study(session, study)
    check_kind(study, kind)
    assignment = own_assignment(session, rater, abs(assignment_id))
    if assignment_id < 0:
        if due_repeat(session, rater) != assignment.id:
            raise UnknownAssignment("This image was not given to you a second time.")
        return append(session, assignment, "repeat", value, shown_ms)
    if kind == "rating" and assignment.position <= study.settings.get("practice", 0):
        kind = "practice"
    # Of what was only practice, too, the image still needs its answers.
    close(session, study, assignment, "answered" if kind == "rating" else "skipped")
    return append(session, assignment, kind, value, shown_ms)
