"""What of a study's events counts: the last rating of an assignment that was not undone."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from pirgan_tf.survey.models import Event, Image, Study
from pirgan_tf.survey.raters import withdrawn_raters
from pirgan_tf.survey.weights import STARS

# What answers, in a study of each mode.
ANSWERS = {"rating": "rating", "page": "impression"}
_FIELDS = (
    *("id", "image_id", "rater", "assignment", "kind", "value"),
    *("shown_at", "answered_at", "propensity"),
)
# Events whose value is a whole number.
_WHOLE = ("rating", "undo", "practice", "repeat")
_ROWS_AT_ONCE = 2000


def counted_answers(study: Study) -> Select[Any]:
    """Selects the events that answer: ratings which were not undone, or a page's impressions.

    Those of raters who have withdrawn are not among them.

    Returns:
        A query of the columns of `Event`.
    """
    undo = aliased(Event)
    return select(Event.__table__).where(
        Event.study_id == study.id,
        Event.kind == ANSWERS[study.mode],
        Event.id.not_in(select(undo.value).where(undo.kind == "undo")),
        Event.rater.not_in(withdrawn_raters(study)),
    )


def count_stars(
    session: Session, study: Study, left_out: Collection[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Counts how often each image was given each number of stars.

    Args:
        session: of `Database.read`.
        study: a study of mode "rating".
        left_out: ids of raters.

    Returns:
        All counts that count, and those of raters who are not left out; each of shape
        [images, 5], in the gallery's order.
    """
    images = session.scalars(select(Image.id).where(Image.study_id == study.id).order_by(Image.id))
    place = {image: index for index, image in enumerate(images)}
    rating = counted_answers(study).subquery()
    kept = rating.c.rater.not_in(written_out(left_out))
    rows = session.execute(
        select(rating.c.image, rating.c.value, func.count(), func.count().filter(kept)).group_by(
            rating.c.image, rating.c.value
        )
    )
    counts = np.zeros((2, len(place), len(STARS)), int)
    for image, value, every, valid in rows:
        counts[:, place[image], int(value) - 1] = every, valid
    return counts[0], counts[1]


def written_out(ids: Collection[int]) -> BindParameter[int]:
    """Returns ids for a query of which there may be more than it may have parameters."""
    return bindparam("ids", list(ids), expanding=True, literal_execute=True)


def stream_events(session: Session, study: Study) -> Iterator[dict[str, Any]]:
    """Gives every event of a study in its order, a few at a time, but of who has withdrawn.

    Yields:
        id, image_id (as in the gallery), rater, assignment, kind, value, shown_at,
        answered_at, propensity; see `Event`.
    """
    # Joined here, which takes less time than a million joins in the database.
    images = dict(
        session.execute(select(Image.id, Image.image_id).where(Image.study_id == study.id)).all()
    )
    columns = [Event.image if name == "image_id" else getattr(Event, name) for name in _FIELDS]
    rows = session.execute(
        select(*columns)
        .where(Event.study_id == study.id, Event.rater.not_in(withdrawn_raters(study)))
        .order_by(Event.id),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    for row in rows:
        event = dict(zip(_FIELDS, row, strict=True))
        event["image_id"] = images[event["image_id"]]
        if event["kind"] in _WHOLE and event["value"] is not None:
            event["value"] = int(event["value"])
        yield event
