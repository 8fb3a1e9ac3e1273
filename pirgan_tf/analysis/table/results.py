"""results.csv: one row an objective, PIR weight and round, which carries its whole setting.

Figures and claims are drawn from this table alone. Cells are empty where something
is not known, was not computed, or has failed.
"""

import csv
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE
from pirgan_tf.analysis.statistics.multiple import holm
from pirgan_tf.analysis.table.columns import COLUMNS, LATER, NEVER_EMPTY, RESULTS_VERSION
from pirgan_tf.analysis.table.rows import objective_row
from pirgan_tf.analysis.table.run_parts import Json
from pirgan_tf.analysis.table.runs import Run
from pirgan_tf.analysis.table.selection import COLORS, LAYERS
from pirgan_tf.errors import InputError

_IMAGES = ("images_before", "images_after")
_CORRECTED = ("p_holm", "significant_holm")
_MOST_NAMED = 5


def results_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Build the table of all objectives of some runs that were evaluated or failed.

    Returns:
        A table with the columns and types of COLUMNS, each run's rows in the paper's
        order: colours by their number, then filters layer by layer. What is empty in the file is
        NaN in a column of numbers, None in one of texts, and otherwise pandas.NA.
    """
    rows: list[Json] = []
    for run in runs:
        of_run = [
            {"results_version": RESULTS_VERSION} | objective_row(run, objective)
            for objective in run.objectives
            if objective.evaluation or objective.failure
        ]
        rows += sorted(of_run, key=_papers_order)
    return correct(_typed(rows))


def correct(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with Holm's correction over all its rows: p_holm, significant_holm.

    Tables are joined by `correct(pandas.concat(tables, ignore_index=True))`.

    Raises:
        InputError: a row occurs twice, as when a file was given twice.
    """
    # A copied file has other paths, and a part of it another correction.
    twice = table.duplicated([name for name in COLUMNS if name not in (*_IMAGES, *_CORRECTED)])
    if twice.any():
        row = table[twice].iloc[0]
        raise InputError(
            f"the results have {row['objective']} of {row['run']} twice: "
            "was a file given twice, or a run and its results.csv?"
        )
    p_holm = holm(table["p"])
    significant = pd.array(p_holm < SIGNIFICANCE, "boolean")
    significant[table["significant"].isna()] = pd.NA
    return table.assign(p_holm=p_holm, significant_holm=significant)


def write_results(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of `results_table` to a file, which `read_results` reads back exactly."""
    path = Path(path)
    relative = {name: [_relative(image, path.parent) for image in table[name]] for name in _IMAGES}
    table.assign(**relative).to_csv(path, columns=list(COLUMNS), index=False)


def read_results(path: str | Path) -> pd.DataFrame:
    """Read results.csv.

    Columns of other names are left out; those that earlier versions lacked may be missing.

    Returns:
        The table, as `results_table` builds it.

    Raises:
        InputError: there is no such file; it is another version's, lacks columns,
            or has a cell of a wrong type, which the message names.
    """
    path = Path(path)
    try:
        # utf-8-sig: spreadsheets put a byte order mark before the first column.
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = list(reader.fieldnames or [])
            records = [(reader.line_num, record) for record in reader]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a comma-separated text file in UTF-8: {error}") from None
    _check_version({record.get("results_version") for _, record in records}, header, path)
    missing = [name for name in COLUMNS if name not in (*header, *LATER)]
    if missing:
        raise InputError(f"{path} lacks the column{'s' * (len(missing) > 1)} {_some(missing)}")
    rows = []
    for line, record in records:
        # How DictReader tells of lines that are longer or shorter than the first.
        if None in record or None in record.values():
            raise InputError(f"{path} line {line}: it must have as many fields as the first line")
        row = {name: _cell(record.get(name, ""), name, f"{path} line {line}") for name in COLUMNS}
        rows.append(row | {name: _absolute(row[name], path.parent) for name in _IMAGES})
    return _typed(rows)


def _papers_order(row: Json) -> tuple[int, int]:
    family, layer = row["family"], row["layer"]
    return (
        LAYERS.index(layer) + 1 if layer else 0,
        COLORS.index(family) if family in COLORS else len(COLORS),
    )


def _absolute(image: str | None, folder: Path) -> str | None:
    return str((folder / image).resolve()) if image else None


def _relative(image: Any, folder: Path) -> str | None:
    return None if pd.isna(image) else Path(os.path.relpath(image, folder.resolve())).as_posix()


def _typed(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in rows], dtype=dtype)
            for name, dtype in COLUMNS.items()
        }
    )


def _check_version(versions: set[str | None], header: list[str], path: Path) -> None:
    if "results_version" in header and versions - {str(RESULTS_VERSION)}:
        raise InputError(
            f"{path} must have results_version {RESULTS_VERSION} in every row; "
            f"received {', '.join(sorted(map(repr, versions)))}"
        )


def _some(names: list[str]) -> str:
    left = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {left} more" if left > 0 else "")


def _cell(text: str, name: str, place: str) -> Any:
    """Parse a cell, or raise InputError."""
    if text == "" and name not in NEVER_EMPTY:
        return None
    parse, wanted = _PARSERS[COLUMNS[name]]
    try:
        value = parse(text)
    except (ValueError, KeyError):
        raise InputError(f"{place}: {name} must be {wanted}; received {text!r}") from None
    if name == "layer" and value not in LAYERS:
        raise InputError(f"{place}: layer must be one of {', '.join(LAYERS)}; received {text!r}")
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _truth(text: str) -> bool:
    # Spreadsheets write TRUE.
    return {"true": True, "false": False}[text.lower()]


def _text(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


_PARSERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "Int64": (int, "a whole number"),
    "float64": (_number, "a number"),
    "boolean": (_truth, "True or False"),
    "object": (_text, "a text"),
}
