"""Which image a rater sees next, and what becomes of the answer.

Every image is to be shown equally often. A rater gets one that was shown least, of those
that this rater has not had; ties are broken by chance. An image that has as many answers
and open assignments as the study asks raters for is given to nobody else, so that none
passes its target. An assignment which is not answered in time expires, and its image is
free again.

Every function here that changes something locks the study first: what one transaction
read is still true when it writes.
"""

import math
import secrets
import time

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from pirgan_tf.users.survey.errors import (
    AlreadyAnswered,
    Expired,
    NothingToUndo,
    UnknownAssignment,
    ValueOutOfRange,
)
from pirgan_tf.users.survey.models import KINDS, STARS, Assignment, Event, Image, Rater, Study
from pirgan_tf.users.survey.raters import lock_study

MAX_COUNT = 20
_MAX_ID = 2**63 - 1
_SHOWN = Image.answered + Image.open


def assign(session: Session, rater: Rater, count: int) -> list[Assignment]:
    """Returns the next images for a rater, those already given first.

    A rater for whom there are none is finished, and gets a completion code.

    Args:
        session: of `Database.write`.
        rater: the rater.
        count: how many images at most, from 1 to 20.

    Returns:
        Open assignments in the order in which they are to be shown.

    Raises:
        ValueOutOfRange: the count is another.
    """
    if isinstance(count, bool) or count not in range(1, MAX_COUNT + 1):
        raise ValueOutOfRange(f"count must be from 1 to {MAX_COUNT}")
    study = lock_study(session, rater.study_id)
    now = time.time()
    own = select(Assignment).where(Assignment.rater == rater.id)
    # First: who comes back keeps what nobody else has got meanwhile.
    opened = list(
        session.scalars(own.where(Assignment.state == "open").order_by(Assignment.position))
    )
    for assignment in opened:
        assignment.expires_at = now + study.assignment_seconds
    session.flush()
    _free_expired(session, study, now)
    if len(opened) < count:
        had = session.scalar(
            select(func.count()).where(Assignment.rater == rater.id, Assignment.state != "expired")
        )
        missing = min(count - len(opened), study.images_per_rater - (had or 0))
        opened += _draw(session, study, rater, missing, now)
    if not opened and rater.finished_at is None:
        rater.finished_at = now
        rater.completion_code = secrets.token_hex(4).upper()
    return opened[:count]


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
    study = lock_study(session, rater.study_id)
    last = session.execute(
        select(Event, Assignment)
        .join(Assignment, Event.assignment == Assignment.id)
        .where(
            Event.study_id == study.id,
            Event.rater == rater.id,
            Event.kind.in_(("rating", "skip")),
            Assignment.state.in_(("answered", "skipped")),
        )
        .order_by(Event.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if last is None:
        raise NothingToUndo("There is nothing to undo.")
    event, assignment = last
    image = _image(session, assignment)
    if assignment.state == "answered":
        image.answered -= 1
    else:
        _check_room(study, image)
    image.open += 1
    assignment.state = "open"
    assignment.expires_at = time.time() + study.assignment_seconds
    _append(session, assignment, "undo", event.id, None)
    return assignment


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
    study = lock_study(session, rater.study_id)
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


def assigned_png(session: Session, rater: Rater, assignment_id: int) -> bytes:
    """Returns the image of an assignment of this rater's, a PNG file.

    Raises:
        UnknownAssignment: it is not this rater's, or does not exist.
    """
    return _image(session, _own_assignment(session, rater, assignment_id)).png


def _free_expired(session: Session, study: Study, now: float) -> None:
    expired = session.scalars(
        update(Assignment)
        .where(
            Assignment.study_id == study.id,
            Assignment.state == "open",
            Assignment.expires_at < now,
        )
        .values(state="expired")
        .returning(Assignment.image)
    ).all()
    for image in expired:
        session.execute(update(Image).where(Image.id == image).values(open=Image.open - 1))


def _draw(session: Session, study: Study, rater: Rater, count: int, now: float) -> list[Assignment]:
    own = aliased(Assignment)
    rows = session.execute(
        select(Image, _SHOWN, func.count().over(partition_by=_SHOWN), own)
        .outerjoin(own, and_(own.image == Image.id, own.rater == rater.id))
        .where(
            Image.study_id == study.id,
            study.raters_per_image > _SHOWN,
            # What expired was perhaps never seen; if it was, it was not answered.
            or_(own.id.is_(None), own.state == "expired"),
        )
        .order_by(_SHOWN, func.random())
        .limit(max(count, 0))
        .execution_options(populate_existing=True)
    ).all()
    position = session.scalar(
        select(func.coalesce(func.max(Assignment.position), 0)).where(Assignment.rater == rater.id)
    )
    drawn: list[Assignment] = []
    levels: dict[int, int] = {}
    for image, level, tied, assignment in rows:
        if assignment is None:
            assignment = Assignment(study_id=study.id, image=image.id, rater=rater.id)
            session.add(assignment)
        assignment.state = "open"
        assignment.created_at = now
        assignment.expires_at = now + study.assignment_seconds
        assignment.position = (position or 0) + len(drawn) + 1
        # Drawn one after the other, without replacement.
        assignment.propensity = 1 / (tied - levels.get(level, 0))
        levels[level] = levels.get(level, 0) + 1
        image.open += 1
        drawn.append(assignment)
    session.flush()
    return drawn


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
    study = lock_study(session, rater.study_id)
    _check_kind(study, kind)
    assignment = _own_assignment(session, rater, assignment_id)
    _close(session, study, assignment, "answered" if kind == "rating" else "skipped")
    return _append(session, assignment, kind, value, shown_ms)


def _check_kind(study: Study, kind: str) -> None:
    if kind not in KINDS[study.mode]:
        raise ValueOutOfRange(f"This study takes {', '.join(KINDS[study.mode])}, and not {kind}.")


def _own_assignment(session: Session, rater: Rater, assignment_id: int) -> Assignment:
    assignment = None
    if 0 < assignment_id <= _MAX_ID:
        assignment = session.get(Assignment, assignment_id, populate_existing=True)
    if assignment is None or assignment.rater != rater.id:
        raise UnknownAssignment("This image was not given to you.")
    return assignment


def _image(session: Session, assignment: Assignment) -> Image:
    return session.get_one(Image, assignment.image, populate_existing=True)


def _check_room(study: Study, image: Image) -> None:
    if image.answered + image.open >= study.raters_per_image:
        raise Expired("You were away for long, and somebody else has got this image.")


def _close(session: Session, study: Study, assignment: Assignment, state: str) -> None:
    """Moves an open or expired assignment to "answered" or "skipped"."""
    if assignment.state in ("answered", "skipped"):
        raise AlreadyAnswered("You have answered for this image before.")
    image = _image(session, assignment)
    if assignment.state == "open":
        image.open -= 1
    else:
        _check_room(study, image)
    if state == "answered":
        image.answered += 1
    assignment.state = state


def _append(
    session: Session,
    assignment: Assignment,
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
