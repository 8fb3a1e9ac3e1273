"""The table of rates: how often each image was shown and liked, whoever the users were.

It is a comma-separated file, `interactions.csv`, with one row an image:

    image_id      text, as the gallery has it
    impressions   times the image was shown, a whole number from 1
    positives     positive interactions, from 0 to impressions; may be fractional,
                  for example a sum of star ratings weighted from 0 to 1
    pir           positives / impressions; may be left out
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pirgan_tf.errors import InputError

FILE_NAME = "interactions.csv"
NUMBERS = ("impressions", "positives", "pir")
COLUMNS = ("image_id", *NUMBERS)
REQUIRED = ("image_id", "impressions", "positives")

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
    file = _file(path)
    try:
        # utf-8-sig: spreadsheets put a byte order mark before the first column.
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, strict=True)
            rows = [(reader.line_num, row) for row in reader if row]
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} is not a comma-separated text file in UTF-8: {error}") from None
    if not rows:
        raise InputError(f"{file} is empty; it needs the columns {', '.join(REQUIRED)}")

    header = [name.strip() for name in rows[0][1]]
    _check_columns(header, str(file))
    lines = [line for line, _ in rows[1:]]
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise InputError(
                f"{file} line {line}: {len(row)} fields where the first line has {len(header)}"
            )
    columns = {
        name: [row[header.index(name)] for _, row in rows[1:]] for name in COLUMNS if name in header
    }
    return _checked(pd.DataFrame(columns, dtype=object), str(file), lambda i: f"line {lines[i]}")


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
    table = _checked(table, "the table of rates", _row)
    wanted = [str(image_id) for image_id in image_ids]
    if len(set(wanted)) < len(wanted):
        raise InputError("the gallery has an image id more than once")
    known = set(table["image_id"])
    missing = [image_id for image_id in wanted if image_id not in known]
    unknown = sorted(known - set(wanted))
    complaints = []
    if missing:
        complaints.append(f"have no row for {_some(missing)} of the gallery's {len(wanted)} images")
    if unknown:
        complaints.append(f"have rows for {_some(unknown)} which the gallery lacks")
    if complaints:
        raise InputError(f"the interactions {' and '.join(complaints)}")
    return table.set_index("image_id").loc[wanted].reset_index()


def _some(names: list[str]) -> str:
    return f"{len(names)} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"


def _file(path: str | Path) -> Path:
    path = Path(path)
    return path / FILE_NAME if path.is_dir() else path


def _row(index: int) -> str:
    return f"row {index}"


def _check_columns(names: Sequence[str], source: str) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise InputError(
            f"{source} lacks the column {', '.join(missing)}; "
            f"received {', '.join(map(str, names))} (columns are separated by commas)"
        )
    for name in COLUMNS:
        if list(names).count(name) > 1:
            raise InputError(f"{source} has the column {name} more than once")


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _checked(table: pd.DataFrame, source: str, place: Callable[[int], str]) -> pd.DataFrame:
    """Return the table with its columns and types in order, or raise InputError."""
    _check_columns(list(table.columns), source)
    if table.empty:
        raise InputError(f"{source} has no rows")
    ids = table["image_id"].astype(str).to_numpy(dtype=object)
    values = {
        name: np.array([_number(value) for value in table[name]])
        for name in NUMBERS
        if name in table.columns
    }

    def refuse(wrong: np.ndarray, column: str, rule: str) -> None:
        if wrong.any():
            first = int(np.argmax(wrong))
            received = table[column].iloc[first]
            raise InputError(
                f"{source} {place(first)}: {column} {rule}; received {str(received)!r}"
            )

    refuse(table["image_id"].isna().to_numpy() | (ids == ""), "image_id", "must not be empty")
    refuse(pd.Series(ids).duplicated().to_numpy(), "image_id", "occurs a second time")
    for name, column in values.items():
        refuse(~np.isfinite(column), name, "must be a number")
    impressions, positives = values["impressions"], values["positives"]
    refuse(
        (impressions < 1) | (impressions != np.floor(impressions)),
        "impressions",
        "must be a whole number from 1",
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
