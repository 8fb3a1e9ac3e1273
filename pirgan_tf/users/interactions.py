"""The table of rates: how often each image was shown and liked, whoever the users were.

It is a comma-separated file, `interactions.csv`, with one row per image:

    image_id      text, as the gallery has it
    impressions   times the image was shown, a whole number from 1
    positives     positive interactions, from 0 to impressions; may be fractional,
                  for example a sum of star ratings weighted from 0 to 1
    pir           positives / impressions; may be left out
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import is_folder
from pirgan_tf.files.table import read_table

FILE_NAME = "interactions.csv"
NUMBERS = ("impressions", "positives", "pir")
COLUMNS = ("image_id", *NUMBERS)
REQUIRED = ("image_id", "impressions", "positives")

# Doubles hold all whole numbers up to here.
MAX_COUNT = 2**53

# How far a written pir may lie from positives / impressions.
PIR_TOLERANCE = 1e-6


def write_interactions(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of rates to a file, or to `interactions.csv` in an existing folder.

    Args:
        table: at least the columns image_id, impressions and positives; other
            columns than those of a table of rates are left out.
        path: a csv file or a folder.

    Raises:
        InputError: the table is no table of rates.
    """
    _checked(table, "the table", _row).to_csv(_file(path), index=False)


def read_interactions(path: str | Path) -> pd.DataFrame:
    """Read a table of rates.

    Args:
        path: a csv file, or a folder which holds `interactions.csv`.

    Returns:
        The rows in the file's order, with the columns image_id (text),
        impressions (int64), positives (int64, or float64 if one is fractional) and
        pir (float64).

    Raises:
        InputError: there is no such file, or a line of it, which the message
            names, is wrong.
    """
    table = read_table(_file(path))
    table.require(list(REQUIRED))
    rows = table.rows()
    columns = {name: [row[name] for _, row in rows] for name in COLUMNS if name in table.names}
    places = [place for place, _ in rows]
    return _checked(
        pd.DataFrame(columns, dtype=object), str(table.path), lambda index: places[index]
    )


def match_gallery(table: pd.DataFrame, image_ids: Sequence[str]) -> pd.DataFrame:
    """Bring a table of rates into the order of a gallery.

    Args:
        table: a table of rates, in any order.
        image_ids: [n] ids of the gallery's images.

    Returns:
        A table of n rows; row i belongs to image_ids[i].

    Raises:
        InputError: the table is no table of rates, or its ids are not exactly
            those of the gallery.
    """
    table = _checked(table, "the table", _row)
    wanted = [str(image_id) for image_id in image_ids]
    known = set(table["image_id"])
    missing = [image_id for image_id in wanted if image_id not in known]
    unknown = sorted(known - set(wanted))
    if missing or unknown or len(set(wanted)) < len(wanted):
        raise InputError(
            f"interactions must have one row for each of the gallery's {len(wanted)} images. "
            f"Received: none for {_some(missing)}, and rows for {_some(unknown)} that it lacks"
        )
    return table.set_index("image_id").loc[wanted].reset_index()


def _some(names: list[str]) -> str:
    listed = f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})" if names else ""
    return f"{len(names)}{listed}"


def _file(path: str | Path) -> Path:
    path = Path(path)
    return path / FILE_NAME if is_folder(path) else path


def _row(index: int) -> str:
    return f"row {index}"


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _checked(table: pd.DataFrame, source: str, place: Callable[[int], str]) -> pd.DataFrame:
    """Return the table with its columns and types in order, or raise InputError."""
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise InputError(
            f"table of rates must have the columns {', '.join(missing)}. "
            f"Received: {', '.join(map(str, table.columns))} in {source}"
        )
    if table.empty:
        raise InputError(f"table of rates must have rows. Received: none in {source}")
    ids = table["image_id"].astype(str).to_numpy(dtype=object)
    values = {
        name: np.array([_number(value) for value in table[name]])
        for name in NUMBERS
        if name in table.columns
    }

    def refuse(wrong: np.ndarray, column: str, rule: str) -> None:
        if wrong.any():
            first = int(np.argmax(wrong))
            received = str(table[column].iloc[first])
            raise InputError(f"{column} {rule}. Received: {received!r} on {place(first)}")

    refuse(table["image_id"].isna().to_numpy() | (ids == ""), "image_id", "must not be empty")
    refuse(pd.Series(ids).duplicated().to_numpy(), "image_id", "must differ from those before")
    for name, column in values.items():
        refuse(~np.isfinite(column), name, "must be a number")
    impressions, positives = values["impressions"], values["positives"]
    refuse(
        (impressions < 1) | (impressions > MAX_COUNT) | (impressions != np.floor(impressions)),
        "impressions",
        f"must be a whole number from 1 to {MAX_COUNT}",
    )
    refuse(positives < 0, "positives", "must not be negative")
    refuse(positives > impressions, "positives", "must not exceed impressions")
    pir = positives / impressions
    if "pir" in values:
        refuse((values["pir"] < 0) | (values["pir"] > 1), "pir", "must lie in [0, 1]")
        refuse(
            np.abs(values["pir"] - pir) > PIR_TOLERANCE, "pir", "must be positives / impressions"
        )
    whole = bool(np.all(positives == np.floor(positives)))
    return pd.DataFrame(
        {
            "image_id": ids,
            "impressions": impressions.astype(np.int64),
            "positives": positives.astype(np.int64) if whole else positives,
            "pir": pir,
        }
    )
