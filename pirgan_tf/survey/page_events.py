"""What a visitor of a page did."""

import math

from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import AlreadyAnswered, ValueOutOfRange
from pirgan_tf.survey.models import Event, Rater
from pirgan_tf.survey.raters import lock_study
from pirgan_tf.survey.recording import append, check_kind, close, count_events, own_assignment

# How often an event of each kind may be stored for an image.
_MOST = {"impression": 1, "click": 1, "share": 1, "dwell": 20}


def record_page_event(
    session: Session, rater: Rater, assignment_id: int, kind: str, value: float | None = None
) -> Event:
    """Stores what a visitor of a page did.

    The first event of an assignment, of whatever kind, answers it: the image was seen.

    Args:
        session: of `Database.write`; it locks the study.
        rater: the visitor.
        assignment_id: as for `rate`, or answered.
        kind: "impression", "click" or "share", once each, or "dwell", at most 20 times.
        value: of dwell, the seconds that the image has been visible so far, at least 0:
            the largest counts, so that a lost message does no harm; else None.

    Raises:
        ValueOutOfRange: kind or value is none of these, or the study is no page's.
        UnknownAssignment: as `rate`.
        AlreadyAnswered: the assignment has all its events of this kind.
    """
    if (kind == "dwell") != (value is not None):
        raise ValueOutOfRange("dwell, and nothing else, has a value: its seconds.")
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise ValueOutOfRange("dwell must be a number of seconds from 0.")
    study = rater.study
    lock_study(session, study)
    check_kind(study, kind)
    assignment = own_assignment(session, rater, assignment_id)
    if assignment.state != "answered":
        close(session, study, assignment, "answered")
    elif count_events(session, assignment, kind) >= _MOST[kind]:
        raise AlreadyAnswered(f"This {kind} was stored before.")
    return append(session, assignment, kind, value)
