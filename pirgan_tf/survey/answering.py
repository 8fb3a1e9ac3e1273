"""What becomes of an answer: a rating, a skip, an undo, or what a visitor of a page did.

Every function here locks the study first: what one transaction read is still true when it
writes.
"""

import math
import time
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import (
    AlreadyAnswered,
    Expired,
    NothingToUndo,
    UnknownAssignment,
    ValueOutOfRange,
)
from pirgan_tf.survey.models import (
    ASSIGNMENTS,
    IMAGES,
    KINDS,
    MAX_ID,
    STARS,
    Assignment,
    Event,
    Rater,
    Study,
)
from pirgan_tf.survey.raters import lock_study

_DONE = ("answered", "skipped")
# Put together once, for other writers wait meanwhile.
_ASSIGNED = select(
    *(ASSIGNMENTS.c[name] for name in ("id", "study_id", "rater", "image", "state", "propensity")),
    *(IMAGES.c.answered, IMAGES.c.open),
).join(IMAGES, ASSIGNMENTS.c.image == IMAGES.c.id)
_OWN = _ASSIGNED.where(
    ASSIGNMENTS.c.id == bindparam("which"), ASSIGNMENTS.c.rater == bindparam("who")
)
_SET_STATE = (
    update(ASSIGNMENTS)
    .where(ASSIGNMENTS.c.id == bindparam("which"))
    .values(state=bindparam("to"), expires_at=bindparam("until"))
)
_COUNT = (
    update(IMAGES)
    .where(IMAGES.c.id == bindparam("which"))
    .values(
        answered=IMAGES.c.answered + bindparam("more_answered"),
        open=IMAGES.c.open + bindparam("more_open"),
    )
)


def rate(
    session: Session, rater: Rater, assignment_id: int, value: int, shown_ms: float | None = None
) -> Event:
    """Stores a rating.

    Args:
        session: of `Database.write`.
        rater: who rates.
        assignment_id: an open assignment of this rater's; also one that has expired, if
            its image did not go to somebody else meanwhile.
        value: stars, 1 to 5.
        shown_ms: for how many milliseconds the image has been visible; None if unknown.

    Raises:
        ValueOutOfRange: the value or the time is none of these, or the study has no
            ratings.
        UnknownAssignment: it is not this rater's, or does not exist.
        AlreadyAnswered: it was rated or skipped before.
        Expired: its image went to somebody else.
    """
    if isinstance(value, bool) or value not in STARS:
        raise ValueOutOfRange("A rating must be a whole number from 1 to 5.")
    return _answer(session, rater, assignment_id, "rating", value, shown_ms)


def skip(
    session: Session, rater: Rater, assignment_id: int, shown_ms: float | None = None
) -> Event:
    """Stores that a rater would rather not rate an image; arguments and errors as `rate`."""
    return _answer(session, rater, assignment_id, "skip", None, shown_ms)


def undo(session: Session, rater: Rater) -> Assignment:
    """Takes back a rater's last rating or skip, and opens its assignment again.

    Called again, it takes back the one before that.

    Raises:
        NothingToUndo: there is none.
        Expired: it was a skip, and the image has all its raters by now.
    """
    study = rater.study
    lock_study(session, study)
    last = session.execute(
        _ASSIGNED.add_columns(Event.id.label("event"))
        .join(Event, Event.assignment == ASSIGNMENTS.c.id)
        .where(
            Event.study_id == study.id,
            Event.rater == rater.id,
            Event.kind.in_(("rating", "skip")),
            ASSIGNMENTS.c.state.in_(_DONE),
        )
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        raise NothingToUndo("There is nothing to undo.")
    if last.state == "skipped":
        _check_room(study, last)
    _move(session, study, last, "open")
    _append(session, last, "undo", last.event, None)
    return session.get_one(Assignment, last.id, populate_existing=True)


def record_page_event(
    session: Session, rater: Rater, assignment_id: int, kind: str, value: float | None = None
) -> Event:
    """Stores what a visitor of a page did.

    The first event of an assignment, of whatever kind, answers it: the image was seen.

    Args:
        session: of `Database.write`.
        rater: the visitor.
        assignment_id: as for `rate`, or answered.
        kind: "impression", "click" or "share", once each, or "dwell".
        value: of dwell, the seconds that the image has been visible so far, at least 0:
            the largest counts, so that a lost message does no harm; else None.

    Raises:
        ValueOutOfRange: kind or value is none of these, or the study is no page's.
        UnknownAssignment, Expired: as `rate`.
        AlreadyAnswered: the assignment has an event of this kind, which is not dwell.
    """
    if (kind == "dwell") != (value is not None):
        raise ValueOutOfRange("dwell, and nothing else, has a value: its seconds.")
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise ValueOutOfRange("dwell must be a number of seconds from 0.")
    study = rater.study
    lock_study(session, study)
    _check_kind(study, kind)
    assignment = _own_assignment(session, rater, assignment_id)
    if assignment.state != "answered":
        _close(session, study, assignment, "answered")
    elif kind != "dwell" and session.scalar(
        select(Event.id).where(
            Event.study_id == study.id,
            Event.rater == rater.id,
            Event.assignment == assignment.id,
            Event.kind == kind,
        )
    ):
        raise AlreadyAnswered(f"This {kind} was stored before.")
    return _append(session, assignment, kind, value, None)


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
    _check_kind(study, kind)
    assignment = _own_assignment(session, rater, assignment_id)
    _close(session, study, assignment, "answered" if kind == "rating" else "skipped")
    return _append(session, assignment, kind, value, shown_ms)


def _check_kind(study: Study, kind: str) -> None:
    if kind not in KINDS[study.mode]:
        raise ValueOutOfRange(f"This study takes {', '.join(KINDS[study.mode])}, and not {kind}.")


def _own_assignment(session: Session, rater: Rater, assignment_id: int) -> Any:
    found: Any = None
    if 0 < assignment_id <= MAX_ID:
        found = session.execute(_OWN, {"which": assignment_id, "who": rater.id}).one_or_none()
    if found is None:
        raise UnknownAssignment("This image was not given to you.")
    return found


def _check_room(study: Study, assignment: Row[Any]) -> None:
    if assignment.answered + assignment.open >= study.raters_per_image:
        raise Expired("You were away for long, and somebody else has got this image.")


def _close(session: Session, study: Study, assignment: Row[Any], state: str) -> None:
    """Moves an open or expired assignment to "answered" or "skipped"."""
    if assignment.state in _DONE:
        raise AlreadyAnswered("You have answered for this image before.")
    if assignment.state == "expired":
        _check_room(study, assignment)
    _move(session, study, assignment, state)


def _move(session: Session, study: Study, assignment: Row[Any], state: str) -> None:
    """Gives an assignment another state, and counts its image accordingly."""
    expires = time.time() + study.assignment_seconds
    session.execute(_SET_STATE, {"which": assignment.id, "to": state, "until": expires})
    more = {
        f"more_{name}": (state == name) - (assignment.state == name)
        for name in ("answered", "open")
    }
    session.execute(_COUNT, {"which": assignment.image, **more})


def _append(
    session: Session,
    assignment: Row[Any],
    kind: str,
    value: float | None,
    shown_ms: float | None,
) -> Event:
    now = time.time()
    event = Event(
        study_id=assignment.study_id,
        image=assignment.image,
        rater=assignment.rater,
        assignment=assignment.id,
        kind=kind,
        value=value,
        shown_at=None if shown_ms is None else now - shown_ms / 1000,
        answered_at=now,
        propensity=assignment.propensity,
    )
    session.add(event)
    session.flush()
    return event
