"""Which image a rater sees next.

Every image is to be shown equally often. A rater gets one that was shown least, of those
that this rater has not had; ties are broken by chance. Of several galleries every rater sees
equally many images, in an order that does not tell which is which: the next one is of a
gallery of which the rater has had fewest, by chance if there are several.

An image that has as many answers and open assignments as the study asks raters for is kept
for who has it. But nobody can keep a study from others by asking for images: a rater has few
at a time; an assignment without an answer expires, and then keeps nothing any more; and a tenth of
that time after it was given, its image also goes to a rater for whom there is nothing else.
"""

import heapq
import random
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import UnknownAssignment, ValueOutOfRange
from pirgan_tf.survey.models import (
    ASSIGNMENTS,
    IMAGES,
    MAX_ID,
    Assignment,
    Image,
    ImageFile,
    Rater,
    Study,
)
from pirgan_tf.survey.raters import lock_study
from pirgan_tf.survey.recording import DONE

MAX_COUNT = 10
# The part of an assignment's time after which its image may go to others.
_PATIENCE = 0.1
# Statements are put together once, for other writers wait meanwhile.
_SHOWN = IMAGES.c.answered + IMAGES.c.open
_WANTS_MORE = bindparam("wanted") > IMAGES.c.answered
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
# What expired was perhaps never seen; it may still be answered, but is kept for nobody.
_UNANSWERED = or_(
    ASSIGNMENTS.c.state == "open", and_(ASSIGNMENTS.c.state == "expired", _WANTS_MORE)
)
_SUMMARY = (
    select(
        func.count().filter(_UNANSWERED).label("unanswered"),
        func.count().filter(ASSIGNMENTS.c.state.in_(DONE)).label("done"),
        func.coalesce(func.max(ASSIGNMENTS.c.position), 0).label("last"),
    )
    .join(IMAGES, ASSIGNMENTS.c.image == IMAGES.c.id)
    .where(ASSIGNMENTS.c.rater == bindparam("who"))
)
_NEXT = (
    select(Assignment)
    .join(Image, Assignment.image == Image.id)
    .where(ASSIGNMENTS.c.rater == bindparam("who"), _UNANSWERED)
    .order_by(Assignment.position)
    .limit(bindparam("count"))
    .execution_options(populate_existing=True)
)
_UNSEEN = (
    select(IMAGES.c.id, IMAGES.c.gallery, _SHOWN.label("shown"))
    .outerjoin(
        ASSIGNMENTS,
        and_(ASSIGNMENTS.c.image == IMAGES.c.id, ASSIGNMENTS.c.rater == bindparam("who")),
    )
    .where(IMAGES.c.study_id == bindparam("study"), _WANTS_MORE, ASSIGNMENTS.c.id.is_(None))
)
_HAD = (
    select(IMAGES.c.gallery, func.count().label("had"))
    .join(ASSIGNMENTS, ASSIGNMENTS.c.image == IMAGES.c.id)
    .where(ASSIGNMENTS.c.rater == bindparam("who"))
    .group_by(IMAGES.c.gallery)
)
_FREE = _UNSEEN.where(bindparam("wanted") > _SHOWN)
_OTHERS = ASSIGNMENTS.alias()
_THEIRS = IMAGES.alias()
_KEPT = (
    select(_OTHERS.c.image)
    .join(_THEIRS, _THEIRS.c.id == _OTHERS.c.image)
    .where(
        _OTHERS.c.study_id == bindparam("study"),
        and_(_OTHERS.c.state == "open", _OTHERS.c.created_at >= bindparam("patience")),
    )
    .group_by(_OTHERS.c.image, _THEIRS.c.answered)
    .having(func.count() + _THEIRS.c.answered >= bindparam("wanted"))
)
_KEPT_LONG = _UNSEEN.where(IMAGES.c.id.not_in(_KEPT))


def assign(session: Session, rater: Rater, count: int) -> list[Assignment]:
    """Returns the next images for a rater, those already given first.

    A rater who has answered, and for whom there will be no more, is finished, and gets a
    completion code. One for whom there are none at the moment should come back later.

    Args:
        session: of `Database.write`.
        rater: the rater.
        count: how many images at most, from 1 to 10.

    Returns:
        Assignments, open or expired, in the order in which they are to be shown.

    Raises:
        ValueOutOfRange: the count is another.
    """
    if isinstance(count, bool) or count not in range(1, MAX_COUNT + 1):
        raise ValueOutOfRange(f"count must be from 1 to {MAX_COUNT}")
    study = rater.study
    lock_study(session, study)
    now = time.time()
    _count_open(session, session.scalars(_EXPIRE, {"study": study.id, "now": now}).all(), -1)
    whose = {"who": rater.id, "study": study.id, "wanted": study.raters_per_image}
    summary = session.execute(_SUMMARY, whose).one()
    left = study.images_per_rater - summary.done
    missing = min(count, left) - summary.unanswered
    if missing > 0:
        drawn = session.execute(_FREE, whose).all()
        if not drawn and not summary.unanswered:
            patience = now - _PATIENCE * study.assignment_seconds
            drawn = session.execute(_KEPT_LONG, whose | {"patience": patience}).all()
        _give(session, rater, drawn, missing, summary.last, now)
    given = session.scalars(_NEXT, whose | {"count": count}).all()
    if not given and summary.done:
        session.refresh(rater)
        is_last = left <= 0 or session.execute(_UNSEEN, whose).first() is None
        if is_last and rater.finished_at is None:
            rater.finished_at = now
            rater.completion_code = rater.completion_code or secrets.token_hex(4).upper()
    return list(given)


def wants_answers(session: Session, study: Study) -> bool:
    """Returns whether some image of a study has fewer answers than it asks for."""
    wanting = select(Image.id).where(
        Image.study_id == study.id, Image.answered < study.raters_per_image
    )
    return session.scalars(wanting.limit(1)).first() is not None


def any_png(session: Session, study: Study) -> bytes:
    """Returns an image of a study, a PNG file, drawn by chance."""
    images = session.scalars(select(Image.id).where(Image.study_id == study.id)).all()
    return session.get_one(ImageFile, random.choice(images)).png


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


def _give(
    session: Session,
    rater: Rater,
    candidates: Sequence[Row],
    count: int,
    last: int,
    now: float,
) -> None:
    """Assigns `count` of the candidates, or all, after the rater's position `last`."""
    had = {row.gallery: row.had for row in session.execute(_HAD, {"who": rater.id})}
    rows: list[dict[str, Any]] = [
        {
            "study_id": rater.study_id,
            "image": image,
            "rater": rater.id,
            "state": "open",
            "created_at": now,
            "expires_at": now + rater.study.assignment_seconds,
            "position": position,
            "propensity": propensity,
        }
        for position, (image, propensity) in enumerate(_draw(candidates, count, had), last + 1)
    ]
    if rows:
        session.execute(insert(ASSIGNMENTS), rows)
    _count_open(session, [row["image"] for row in rows], 1)


def _draw(
    candidates: Sequence[Row], count: int, had: Mapping[int, int]
) -> Iterator[tuple[int, float]]:
    """Draws images one after the other, without replacement.

    Args:
        candidates: rows of id, gallery and shown.
        count: how many at most.
        had: how many of each gallery the rater has had; of those missing none.

    Yields:
        The image's id, and the probability that it was this one.
    """
    seen = Counter(had)
    left: dict[int, list[Row]] = defaultdict(list)
    for image in candidates:
        left[image.gallery].append(image)
    tied = Counter((image.gallery, image.shown) for image in candidates)
    for gallery, images in left.items():
        left[gallery] = heapq.nsmallest(
            count, images, key=lambda image: (image.shown, random.random())
        )[::-1]
    for _ in range(min(count, len(candidates))):
        fewest = min(seen[gallery] for gallery in left)
        drawn_from = [gallery for gallery in left if seen[gallery] == fewest]
        gallery = random.choice(drawn_from)
        image = left[gallery].pop()
        yield image.id, 1 / (len(drawn_from) * tied[gallery, image.shown])
        tied[gallery, image.shown] -= 1
        seen[gallery] += 1
        if not left[gallery]:
            del left[gallery]


def _count_open(session: Session, images: Sequence[int], more: int) -> None:
    if images:
        session.execute(_COUNT_OPEN, [{"which": image, "more": more} for image in images])
