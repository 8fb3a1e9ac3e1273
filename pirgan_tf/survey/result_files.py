"""Ratings that were gathered elsewhere: result files of MTurk and Toloka, and any CSV."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from pirgan_tf.errors import InputError
from pirgan_tf.files.table import read_table
from pirgan_tf.survey.prior import add_posterior
from pirgan_tf.survey.result_columns import ResultColumns
from pirgan_tf.survey.weights import PirWeights

# What a platform writes where it pays for an answer, or has yet to decide.
_GOOD_STATUS = ("approved", "accepted", "submitted", "")


@dataclasses.dataclass(frozen=True)
class Results:
    """What a file of results holds.

    Attributes:
        ratings: image_id and stars (1 to 5), a row for each rating.
        rejected: line (the first has number 1), reason, and the fields as they were; a row
            for each line that gives no rating.
    """

    ratings: pd.DataFrame
    rejected: pd.DataFrame


def read_results(path: str | Path, columns: ResultColumns, image_ids: Sequence[str]) -> Results:
    """Reads ratings, and rejects lines that give none.

    A line is rejected if its number of fields is another than the first line's, its image
    is not in the gallery, its rating is not from 1 to 5, the platform has rejected it, or
    its rater has rated the same image before.

    Args:
        path: a text file in UTF-8 with the names of its columns first.
        columns: which of them matter.
        image_ids: ids of the gallery's images.

    Raises:
        InputError: the file cannot be read, lacks a column, or gives no rating at all.
    """
    table = read_table(path, columns.delimiter)
    table.require([columns.image, columns.rating])
    names = table.names
    known, earlier = set(image_ids), dict[tuple[str, str], int]()
    ratings, rejected = [], []
    for number, fields in table.lines:
        if len(fields) != len(names):
            missing = [""] * (len(names) - len(fields))
            reason = f"{len(fields)} fields where the first line has {len(names)}"
            rejected.append((number, reason, *fields[: len(names)], *missing))
            continue
        row = dict(zip(names, (field.strip() for field in fields), strict=True))
        image, reason = _image_id(row[columns.image], known), ""
        rater = row.get(columns.rater, "")
        if row.get(columns.status, "").lower() not in _GOOD_STATUS:
            reason = f"{columns.status} is {row[columns.status]}"
        elif image is None:
            reason = f"the gallery has no image {row[columns.image]!r}"
        elif row[columns.rating] not in ("1", "2", "3", "4", "5"):
            reason = f"rating must be from 1 to 5, but is {row[columns.rating]!r}"
        elif rater and (rater, image) in earlier:
            reason = f"the same rater has rated {image} on line {earlier[rater, image]}"
        if reason or image is None:
            rejected.append((number, reason, *fields))
            continue
        earlier[rater, image] = number
        ratings.append((image, int(row[columns.rating])))
    if not ratings:
        first = f" (line {rejected[0][0]}: {rejected[0][1]})" if rejected else ""
        raise InputError(f"table must give at least one rating{first}. Received: {path}")
    return Results(
        pd.DataFrame(ratings, columns=["image_id", "stars"]),
        pd.DataFrame(rejected, columns=["line", "reason", *names]),
    )


def count_ratings(ratings: pd.DataFrame, weights: PirWeights) -> pd.DataFrame:
    """Counts ratings of images.

    Args:
        ratings: as `Results` has them.
        weights: those of stars.

    Returns:
        A table like that of `interactions`, of the images that were rated.
    """
    worth = ratings["stars"].map(dict(enumerate(weights.stars, 1)))
    grouped = worth.groupby(ratings["image_id"])
    squares = (worth**2).groupby(ratings["image_id"]).sum()
    table = pd.DataFrame(
        {"impressions": grouped.size(), "positives": grouped.sum(), "squares": squares}
    )
    table["pir"] = table["positives"] / table["impressions"]
    return add_posterior(table.reset_index())


def _image_id(text: str, known: set[str]) -> str | None:
    """Returns the id of the gallery that a text gives, or that a file is named after."""
    name = PurePosixPath(text.partition("?")[0]).stem
    return next((image for image in (text, name) if image in known), None)
