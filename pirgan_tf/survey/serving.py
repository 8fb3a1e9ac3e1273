"""Which image a rater sees next.

Every image is to be shown equally often. A rater gets one that was shown least, of those
that this rater has not had; ties are broken by chance. An image that has as many answers
and open assignments as the study asks raters for is given to nobody else, so that none
passes its target. An assignment which is not answered in time expires, and its image is
free again.
"""

import heapq
import random
import secrets
import time
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import UnknownAssignment, ValueOutOfRange
from pirgan_tf.survey.models import ASSIGNMENTS, IMAGES, MAX_ID, Assignment, ImageFile, Rater
from pirgan_tf.survey.raters import lock_study

MAX_COUNT = 20
# Put together once, for other writers wait meanwhile.
_SHOWN = IMAGES.c.answered + IMAGES.c.open
_OPENED = and_(ASSIGNMENTS.c.rater == bindparam("who"), ASSIGNMENTS.c.state == "open")
_PROLONG = update(ASSIGNMENTS).where(_OPENED).values(expires_at=bindparam("until"))
_EXPIRE = (
    update(ASSIGNMENTS)
    .where(
        ASSIGNMENTS.c.study_id == bindparam("study"),
        ASSIGNMENTS.c.state == "open",
        ASSIGNMENTS.c.expires_at < bindparam("now"),
    )
    .values(state="expired")
    .returning(ASSIGNMENTS.c.image)
)
_COUNT_OPEN = (
    update(IMAGES)
    .where(IMAGES.c.id == bindparam("which"))
    .values(open=IMAGES.c.open + bindparam("more"))
)
_SUMMARY = select(
    func.count().filter(ASSIGNMENTS.c.state == "open"),
    func.count().filter(ASSIGNMENTS.c.state != "expired"),
    func.coalesce(func.max(ASSIGNMENTS.c.position), 0),
).where(ASSIGNMENTS.c.rater == bindparam("who"))
_CANDIDATES = (
    select(IMAGES.c.id, _SHOWN, ASSIGNMENTS.c.id)
    .outerjoin(
        ASSIGNMENTS,
        and_(ASSIGNMENTS.c.image == IMAGES.c.id, ASSIGNMENTS.c.rater == bindparam("who")),
    )
    .where(
        IMAGES.c.study_id == bindparam("study"),
        bindparam("wanted") > _SHOWN,
        # What expired was perhaps never seen; if it was, it was not answered.
        or_(ASSIGNMENTS.c.id.is_(None), ASSIGNMENTS.c.state == "expired"),
    )
)
_GIVE_AGAIN = (
    update(ASSIGNMENTS)
    .where(ASSIGNMENTS.c.id == bindparam("again"))
    .values(
        {
            name: bindparam(name)
            for name in ("state", "created_at", "expires_at", "position", "propensity")
        }
    )
)
_NEXT = (
    select(Assignment)
    .where(_OPENED)
    .order_by(Assignment.position)
    .limit(bindparam("count"))
    .execution_options(populate_existing=True)
)


def assign(session: Session, rater: Rater, count: int) -> list[Assignment]:
    """Returns the next images for a rater, those already given first.

    A rater for whom there are none is finished, and gets a completion code. The study is
    locked first: what one transaction read is still true when it writes.

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
    study = rater.study
    lock_study(session, study)
    now = time.time()
    who = {"who": rater.id}
    # First: who comes back keeps what nobody else has got meanwhile.
    session.execute(_PROLONG, who | {"until": now + study.assignment_seconds})
    expired = session.scalars(_EXPIRE, {"study": study.id, "now": now}).all()
    _count_open(session, expired, -1)
    opened, had, last = session.execute(_SUMMARY, who).one()
    missing = min(count - opened, study.images_per_rater - had)
    if missing > 0:
        _draw(session, rater, missing, last, now)
    given = session.scalars(_NEXT, who | {"count": count}).all()
    if not given:
        session.refresh(rater)
        if rater.finished_at is None:
            rater.finished_at = now
            rater.completion_code = secrets.token_hex(4).upper()
    return list(given)


def assigned_png(session: Session, rater: Rater, assignment_id: int) -> bytes:
    """Returns the image of an assignment of this rater's, a PNG file.

    Raises:
        UnknownAssignment: it is not this rater's, or does not exist.
    """
    png = None
    if 0 < assignment_id <= MAX_ID:
        png = session.scalar(
            select(ImageFile.png)
            .join(Assignment, Assignment.image == ImageFile.image)
            .where(Assignment.id == assignment_id, Assignment.rater == rater.id)
        )
    if png is None:
        raise UnknownAssignment("This image was not given to you.")
    return png


def _draw(session: Session, rater: Rater, count: int, last: int, now: float) -> None:
    """Assigns `count` more images, if there are so many, after the rater's position `last`."""
    study = rater.study
    wanted = {"who": rater.id, "study": study.id, "wanted": study.raters_per_image}
    candidates = session.execute(_CANDIDATES, wanted).all()
    tied = Counter(shown for _, shown, _ in candidates)
    drawn = heapq.nsmallest(count, candidates, key=lambda row: (row[1], random.random()))
    new, again = [], []
    for position, (image, shown, expired) in enumerate(drawn, last + 1):
        given = {
            "state": "open",
            "created_at": now,
            "expires_at": now + study.assignment_seconds,
            "position": position,
            # Drawn one after the other, without replacement.
            "propensity": 1 / tied[shown],
        }
        tied[shown] -= 1
        if expired is None:
            new.append(given | {"study_id": study.id, "image": image, "rater": rater.id})
        else:
            again.append(given | {"again": expired})
    for statement, rows in ((insert(ASSIGNMENTS), new), (_GIVE_AGAIN, again)):
        if rows:
            session.execute(statement, rows)
    _count_open(session, [image for image, _, _ in drawn], 1)


def _count_open(session: Session, images: Sequence[int], more: int) -> None:
    if images:
        session.execute(_COUNT_OPEN, [{"which": image, "more": more} for image in images])
