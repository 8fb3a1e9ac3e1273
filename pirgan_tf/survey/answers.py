"""What of a study's events counts: the last rating of an assignment that was not undone."""

import dataclasses
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from sqlalchemy import BindParameter, Select, String, bindparam, cast, func, select
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


@dataclasses.dataclass(frozen=True)
class Ratings:
    """The ratings of a study that count, one a place of each array.

    Attributes:
        images: how many images the study has.
        image: int [ratings], the image's place in the gallery.
        star: int [ratings], from 1 to 5.
        rater: int [ratings], the rater's id.
    """

    images: int
    image: np.ndarray
    star: np.ndarray
    rater: np.ndarray

    def count(self, left_out: Collection[int] = ()) -> np.ndarray:
        """Returns how often each image was given each number of stars, int [images, 5].

        Args:
            left_out: ids of raters whose ratings are not counted.
        """
        place = self.image * len(STARS) + self.star - STARS[0]
        if left_out:
            place = place[np.isin(self.rater, list(left_out), invert=True)]
        counts = np.bincount(place, minlength=self.images * len(STARS))
        return counts.reshape(self.images, len(STARS))

    def count_by_rater(self) -> dict[int, list[int]]:
        """Returns how often each rater gave each number of stars, by the rater's id."""
        # Ids are of all studies of a database, and may be far apart.
        raters, row = np.unique(self.rater, return_inverse=True)
        place = row * len(STARS) + self.star - STARS[0]
        counts = np.bincount(place, minlength=len(raters) * len(STARS))
        return dict(zip(raters.tolist(), counts.reshape(-1, len(STARS)).tolist(), strict=True))


def read_ratings(session: Session, study: Study) -> Ratings:
    """Reads the ratings that count of a study of mode "rating".

    Args:
        session: of `Database.read`.
        study: the study.
    """
    images = session.scalars(select(Image.id).where(Image.study_id == study.id).order_by(Image.id))
    place = {image: index for index, image in enumerate(images)}
    rating = counted_answers(study).subquery()
    # A row for each rating would take several times as long.
    raters = func.aggregate_strings(cast(rating.c.rater, String), ",")
    rows = session.execute(
        select(rating.c.image, rating.c.value, func.count(), raters).group_by(
            rating.c.image, rating.c.value
        )
    ).all()
    found, stars, counts, ids = zip(*rows, strict=True) if rows else ((),) * 4
    return Ratings(
        images=len(place),
        image=np.repeat(np.array([place[image] for image in found], int), counts),
        star=np.repeat(np.array(stars, int), counts),
        rater=np.fromstring(",".join(ids), int, sep=","),
    )


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
