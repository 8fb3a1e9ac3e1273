"""What of a study's events counts: the last rating of an assignment that was not undone."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, aliased

from pirgan_tf.users.survey.models import Event, Image, Study

_COLUMNS = (
    *("id", "image", "rater", "assignment", "kind", "value"),
    *("shown_at", "answered_at", "propensity"),
)
_FIELDS = tuple(column.replace("image", "image_id") for column in _COLUMNS)
_ROWS_AT_ONCE = 2000


def counted_answers(study: Study) -> Select[Any]:
    """Selects the events that answer: ratings which were not undone, or a page's impressions.

    Returns:
        A query of the columns of `Event`.
    """
    if study.mode == "page":
        return select(Event.__table__).where(Event.study_id == study.id, Event.kind == "impression")
    undo = aliased(Event)
    return (
        select(Event.__table__)
        .outerjoin(undo, and_(undo.kind == "undo", undo.value == Event.id))
        .where(Event.study_id == study.id, Event.kind == "rating", undo.id.is_(None))
    )


def stream_events(session: Session, study: Study) -> Iterator[dict[str, Any]]:
    """Gives every event of a study in its order, a few at a time.

    Yields:
        id, image_id (as in the gallery), rater, assignment, kind, value, shown_at,
        answered_at, propensity; see `Event`.
    """
    # Joined here, and not in the database, which would read every image's file on the way.
    images = dict(
        session.execute(select(Image.id, Image.image_id).where(Image.study_id == study.id)).all()
    )
    rows = session.execute(
        select(*(getattr(Event, column) for column in _COLUMNS))
        .where(Event.study_id == study.id)
        .order_by(Event.id),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    for row in rows:
        event = dict(zip(_FIELDS, row, strict=True))
        event["image_id"] = images[event["image_id"]]
        if event["kind"] in ("rating", "undo"):
            event["value"] = int(event["value"])
        yield event
