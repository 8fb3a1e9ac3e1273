"""How fast a study goes on, and how many raters give up."""

import dataclasses
import time

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.answers import ANSWERS
from pirgan_tf.survey.models import ASSIGNMENTS, RATERS, Event, Rater, Study
from pirgan_tf.survey.raters import withdrawn_raters

_DAY = 24 * 3600
_HOUR = 3600


@dataclasses.dataclass(frozen=True)
class Pace:
    """A study's pace.

    Attributes:
        events: how many there are, by kind.
        per_hour: answers in an hour, of the last 24 hours or since the study began.
        minutes: median of the raters who finished, from their start, with pauses; None
            where nobody has.
        left: raters who have neither finished nor withdrawn, and have no image at hand that
            is still kept for them.
    """

    events: dict[str, int]
    per_hour: float
    minutes: float | None
    left: int


def measure_pace(session: Session, study: Study) -> Pace:
    """Measures a study's pace.

    Args:
        session: of `Database.read`.
        study: the study.
    """
    now = time.time()
    since = max(now - _DAY, study.created_at)
    kinds = (
        select(Event.kind, func.count(), func.count().filter(Event.answered_at >= since))
        .where(Event.study_id == study.id, Event.rater.not_in(withdrawn_raters(study)))
        .group_by(Event.kind)
    )
    counts = {kind: numbers for kind, *numbers in session.execute(kinds)}
    _, recent = counts.get(ANSWERS[study.mode], (0, 0))
    finished = select(Rater.finished_at - Rater.started_at).where(
        Rater.study_id == study.id, Rater.finished_at.is_not(None)
    )
    seconds = np.array(session.scalars(finished).all(), np.float64)
    busy = select(ASSIGNMENTS.c.rater).where(
        ASSIGNMENTS.c.study_id == study.id,
        ASSIGNMENTS.c.state == "open",
        ASSIGNMENTS.c.expires_at > now,
    )
    left = (
        select(func.count())
        .select_from(RATERS)
        .where(
            RATERS.c.study_id == study.id,
            RATERS.c.finished_at.is_(None),
            RATERS.c.withdrawn_at.is_(None),
            RATERS.c.id.not_in(busy),
        )
    )
    return Pace(
        events={kind: every for kind, (every, _) in counts.items()},
        # Nothing is known of less than a minute.
        per_hour=recent * _HOUR / max(now - since, 60),
        minutes=float(np.median(seconds)) / 60 if len(seconds) else None,
        left=session.scalars(left).one(),
    )
