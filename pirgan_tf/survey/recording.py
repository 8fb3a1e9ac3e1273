"""How an answer is written down: its event, its assignment's state, and its image's counts.

Whoever calls these has locked the study: what one transaction read is still true when it
writes.
"""

import time
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, select, update
from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import AlreadyAnswered, UnknownAssignment, ValueOutOfRange
from pirgan_tf.survey.models import ASSIGNMENTS, IMAGES, KINDS, MAX_ID, RATERS, Event, Rater, Study

DONE = ("answered", "skipped")
# Put together once, for other writers wait meanwhile.
_OWN = (
    select(
        *(
            ASSIGNMENTS.c[name]
            for name in (
                *("id", "study_id", "rater", "image", "state", "created_at"),
                *("propensity", "position"),
            )
        ),
        *(IMAGES.c.answered, IMAGES.c.open, RATERS.c.excluded),
    )
    .join(IMAGES, ASSIGNMENTS.c.image == IMAGES.c.id)
    .join(RATERS, ASSIGNMENTS.c.rater == RATERS.c.id)
    .where(ASSIGNMENTS.c.id == bindparam("which"), ASSIGNMENTS.c.rater == bindparam("who"))
)
_SET_STATE = (
    update(ASSIGNMENTS).where(ASSIGNMENTS.c.id == bindparam("which")).values(state=bindparam("to"))
)
_PROLONG = (
    update(ASSIGNMENTS)
    .where(and_(ASSIGNMENTS.c.rater == bindparam("who"), ASSIGNMENTS.c.state == "open"))
    .values(expires_at=bindparam("until"))
)
_COUNT = (
    update(IMAGES)
    .where(IMAGES.c.id == bindparam("which"))
    .values(
        answered=IMAGES.c.answered + bindparam("more_answered"),
        open=IMAGES.c.open + bindparam("more_open"),
    )
)


def check_kind(study: Study, kind: str) -> None:
    """Refuses an event that a study of this mode does not take.

    Raises:
        ValueOutOfRange: it is of another mode, or of none.
    """
    if kind not in KINDS[study.mode]:
        raise ValueOutOfRange(f"This study takes {', '.join(KINDS[study.mode])}, and not {kind}.")


def own_assignment(session: Session, rater: Rater, assignment_id: int) -> Row[Any]:
    """Returns an assignment's columns, its image's counts, and whether its rater is excluded.

    Raises:
        UnknownAssignment: it is not this rater's, or does not exist.
    """
    found: Any = None
    if 0 < assignment_id <= MAX_ID:
        found = session.execute(_OWN, {"which": assignment_id, "who": rater.id}).one_or_none()
    if found is None:
        raise UnknownAssignment("This image was not given to you.")
    return found


def close(session: Session, study: Study, assignment: Row[Any], state: str) -> None:
    """Moves an assignment to "answered" or "skipped", also if it has expired.

    Then its image may have one answer more than the study asks for: it is as good as others.

    Raises:
        AlreadyAnswered: it is there already.
    """
    if assignment.state in DONE:
        raise AlreadyAnswered("You have answered for this image before.")
    move(session, study, assignment, state)


def move(session: Session, study: Study, assignment: Row[Any], state: str) -> None:
    """Gives an assignment another state, counts its image, and prolongs what its rater has open."""
    session.execute(_SET_STATE, {"which": assignment.id, "to": state})
    until = time.time() + study.assignment_seconds
    session.execute(_PROLONG, {"who": assignment.rater, "until": until})
    more = {name: (state == name) - (assignment.state == name) for name in ("answered", "open")}
    if assignment.excluded:
        more["answered"] = 0
    session.execute(
        _COUNT,
        {"which": assignment.image} | {f"more_{name}": count for name, count in more.items()},
    )


def append(
    session: Session,
    assignment: Row[Any],
    kind: str,
    value: float | None,
    shown_ms: float | None = None,
) -> Event:
    """Stores an event of an assignment; `shown_ms` as for `answering.rate`."""
    now = time.time()
    shown_at = None
    if shown_ms is not None:
        # Nobody has seen an image before it was given, whatever a program claims.
        shown_at = max(now - shown_ms / 1000, assignment.created_at)
    event = Event(
        study_id=assignment.study_id,
        image=assignment.image,
        rater=assignment.rater,
        assignment=assignment.id,
        kind=kind,
        value=value,
        shown_at=shown_at,
        answered_at=now,
        propensity=assignment.propensity,
    )
    session.add(event)
    session.flush()
    return event


def count_events(session: Session, assignment: Row[Any], kind: str) -> int:
    """Returns how many events of a kind an assignment has."""
    counted = select(func.count()).where(
        Event.study_id == assignment.study_id,
        Event.kind == kind,
        Event.rater == assignment.rater,
        Event.assignment == assignment.id,
    )
    return session.scalars(counted).one()
