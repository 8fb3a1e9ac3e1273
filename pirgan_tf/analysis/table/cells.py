"""Which values the cells of results.csv may have."""

import math
from collections.abc import Callable
from typing import Any

from pirgan_tf import users
from pirgan_tf.analysis.table.selection import LAYERS, PEOPLE
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Json, is_of, parse_json

_MOST = 2**63 - 1
_RATE = (0.0, 1.0)
_CHANGE = (-1.0, 1.0)
_AMOUNT = (0, _MOST)
_COUNT = (1, _MOST)
# Smallest and largest value, by column; the others may have any finite number.
_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("mean_before", "mean_after", "estimated_before", "estimated_after"), _RATE),
    **dict.fromkeys(("p", "p_holm", "precision", "recall", "coverage", "heldout_mae"), _RATE),
    **dict.fromkeys(("sd_before", "sd_after", "heldout_spearman_ceiling"), _RATE),
    **dict.fromkeys(("change", "estimated_change", "heldout_spearman"), _CHANGE),
    **dict.fromkeys(("num_before", "num_after", "round", "num_images", "num_train"), _COUNT),
    **dict.fromkeys(("impressions", "tune_steps", "diversity_images"), _COUNT),
    **dict.fromkeys(("seed", "undefined_before", "undefined_after", "fit_num_heldout"), _AMOUNT),
    **dict.fromkeys(("fit_chosen_step", "temperature", "pir_weight", "density"), _AMOUNT),
    **dict.fromkeys(("adversarial_weight", "distance_before", "distance_after", "df"), _AMOUNT),
    **dict.fromkeys(("seconds", "seconds_estimator", "seconds_tuning"), _AMOUNT),
    "percent_nonzero": (0.0, 100.0),
}
_CHOICES = {
    "layer": LAYERS,
    "labels": ("hard", "soft"),
    "head": ("softmax", "scalar"),
    "training_precision": ("float32", "bfloat16"),
    "verdict": ("improved significantly", "no significant change", "got worse"),
}
_OPTIONS = ("run_options", "estimator_options", "tuning_options", "evaluation_options")
_TOLERANCE = 1e-6


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_TYPES: dict[str, tuple[type, Callable[[str], Any], str]] = {
    "Int64": (int, int, "a whole number"),
    "float64": (float, _number, "a number"),
    # Spreadsheets write TRUE.
    "boolean": (bool, lambda text: {"true": True, "false": False}[text.lower()], "True or False"),
    "object": (str, str, "a text"),
}


def parse_cell(text: str, name: str, dtype: str, place: str) -> Any:
    """Parse a cell of a file.

    Raises:
        InputError: it is not of the column's type.
    """
    _, parse, wanted = _TYPES[dtype]
    if text == "":
        return None
    try:
        return parse(text)
    except (ValueError, KeyError):
        raise InputError(f"{name} must be {wanted}. Received: {text!r} in {place}") from None


def check_cell(value: Any, name: str, dtype: str, place: str, *, needed: bool) -> Any:
    """Return a value, or None if it is empty.

    Args:
        value: of a column.
        name: the column's name.
        dtype: its type.
        place: where it stands, for the message.
        needed: whether the column is never empty.

    Raises:
        InputError: the column cannot have the value.
    """
    kind, _, wanted = _TYPES[dtype]
    if value is None or (isinstance(value, float) and math.isnan(value)):
        if needed:
            raise InputError(f"{name} must be {wanted}. Received: nothing in {place}")
        return None
    least, most = _RANGES.get(name, (-math.inf, math.inf))
    if not is_of(value, kind):
        pass
    elif kind in (int, float) and not least <= value <= most:
        wanted += f" from {least:g} to {most:g}" if name in _RANGES else ""
    elif name in _CHOICES and value not in _CHOICES[name]:
        wanted = f"one of {', '.join(_CHOICES[name])}"
    elif name == "run" and (not value.isprintable() or "/" in value or value in (".", "..")):
        wanted = "the name of a folder"
    elif name in _OPTIONS and not _is_object(value):
        wanted = "a JSON object"
    else:
        return value
    raise InputError(f"{name} must be {wanted}. Received: {value!r} in {place}")


def check_row(row: Json, place: str) -> None:
    """Check what the cells of a row say of each other.

    Raises:
        InputError: the objective is none, or the family, layer or change is another's.
    """
    text, family, layer = row["objective"], PEOPLE, None
    if text != PEOPLE:
        try:
            objective = users.parse_objective(text)
        except InputError as error:
            raise InputError(f"{error} in {place}") from None
        text, family, layer = objective.text, objective.family, objective.layer
    if (family, layer) != (row["family"], row["layer"]):
        raise InputError(
            f"family and layer of {text} must be {family!r} and {layer!r}. "
            f"Received: {row['family']!r} and {row['layer']!r} in {place}"
        )
    before, after, change = row["mean_before"], row["mean_after"], row["change"]
    if None in (before, after, change):
        return
    if abs(after - before - change) > _TOLERANCE:
        raise InputError(f"change must be mean_after - mean_before. Received: {change} in {place}")


def _is_object(text: str) -> bool:
    try:
        return isinstance(parse_json(text), dict)
    except ValueError:
        return False
