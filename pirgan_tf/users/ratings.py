"""The table of ratings: what each rater gave each image, of a study of several galleries.

It is a comma-separated file, `ratings.csv`, with one row per rating:

    gallery       name of the gallery, as `galleries.json` beside it has it
    image_id      text, as that gallery has it
    rater         text that no other rater has
    rate          what the rating is worth, from 0 to 1

`galleries.json` is an object from the names of the galleries to their fingerprints.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from pirgan_tf.errors import InputError
from pirgan_tf.files.json import read_json
from pirgan_tf.files.table import read_table

RATINGS, GALLERIES = "ratings.csv", "galleries.json"
COLUMNS = ("gallery", "image_id", "rater", "rate")


def write_ratings(table: pd.DataFrame, galleries: Mapping[str, str], folder: Path) -> None:
    """Writes both files into a folder.

    Args:
        table: the columns gallery, image_id, rater and rate.
        galleries: fingerprints of the galleries by name.
        folder: an existing folder.
    """
    table.to_csv(folder / RATINGS, index=False, columns=list(COLUMNS))
    (folder / GALLERIES).write_text(json.dumps(dict(galleries), indent=2) + "\n")


def read_ratings(folder: str | Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Reads both files of a folder.

    Returns:
        The ratings, in the columns gallery, image_id and rater (text) and rate (float64); and
        the fingerprints of the galleries by name.

    Raises:
        InputError: a file is missing or cannot be understood, a rate is not in [0, 1], a rater
            has rated an image twice, or a gallery's name is not in galleries.json.
    """
    folder = Path(folder)
    galleries = read_json(folder / GALLERIES)
    if not all(isinstance(fingerprint, str) for fingerprint in galleries.values()):
        raise InputError(
            f"galleries must be fingerprints, as text. Received: others in {folder / GALLERIES}"
        )
    table = read_table(folder / RATINGS)
    table.require(list(COLUMNS))
    rows, seen = [], set[tuple[str, ...]]()
    for place, row in table.rows():
        gallery, image_id, rater, text = (row[name] for name in COLUMNS)
        if gallery not in galleries:
            raise InputError(
                f"gallery must be one of {', '.join(galleries)}. Received: {gallery!r} on {place}"
            )
        if (gallery, image_id, rater) in seen:
            raise InputError(
                "a rater must have rated an image once. "
                f"Received: {rater!r} and {image_id!r} again on {place}"
            )
        seen.add((gallery, image_id, rater))
        rows.append((gallery, image_id, rater, _rate(text, place)))
    if not rows:
        raise InputError(f"table of ratings must have rows. Received: none in {table.path}")
    return pd.DataFrame(rows, columns=list(COLUMNS)), galleries


def _rate(text: str, place: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise InputError(f"rate must be a number from 0 to 1. Received: {text!r} on {place}")
    return rate
