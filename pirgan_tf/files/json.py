"""The gate for JSON: an object, with fields of the right types and finite numbers."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import explain, read_text, refusal

Json = dict[str, Any]
OPTIONAL_NUMBER = (float, type(None))
Fields = Mapping[str, type | tuple[type, ...]]
WANTED = "file must hold a JSON object"
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_NAMES |= {dict: "an object", list: "a list", type(None): "null"}


def parse_json(text: str) -> Any:
    """Parses JSON; unlike the standard library, it refuses what JSON has not, or no double holds.

    Raises:
        ValueError: it is not JSON, holds NaN, infinity or whole numbers beyond 64 bits, or
            is nested too deeply.
    """
    try:
        return json.loads(text, parse_float=_float, parse_int=_int, parse_constant=_float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(path: str | Path, fields: Fields | None = None, wanted: str = WANTED) -> Json:
    """Reads a JSON object.

    Args:
        path: the file.
        fields: the fields that it must have, and their types; float stands for any number.
        wanted: what must hold, the beginning of the message.

    Raises:
        InputError: the file is missing, is no JSON object, or lacks a field.
    """
    try:
        content = parse_json(read_text(path, wanted))
    except InputError:
        raise
    except ValueError as error:
        raise refusal(wanted, path, f"is not JSON ({explain(error)})") from None
    return check_object(content, fields or {}, path, wanted)


def check_object(content: Any, fields: Fields, path: str | Path, wanted: str = WANTED) -> Json:
    """Returns what a JSON file holds if it is an object with the fields, of the right types.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(content, dict):
        raise refusal(wanted, path, "holds no object")
    for name, types in fields.items():
        if name not in content:
            raise refusal(wanted, path, f"lacks the field {name!r}")
        if not is_of(content[name], types):
            types = types if isinstance(types, tuple) else (types,)
            right = " or ".join(_NAMES[kind] for kind in types)
            raise refusal(wanted, path, f"has a field {name!r} that is not {right}")
    return content


def is_of(value: Any, types: type | tuple[type, ...]) -> bool:
    """Returns whether a value of JSON is of a type: whole numbers are floats, truths no numbers."""
    types = types if isinstance(types, tuple) else (types,)
    if isinstance(value, bool):
        return bool in types
    return isinstance(value, types) or (float in types and isinstance(value, int))


def read_json_lines(path: str | Path) -> list[Json]:
    """Reads a file of one JSON object a line, such as stats.jsonl; [] if there is none.

    A last line without its end, which a killed run has left, is not counted.

    Raises:
        InputError: another line is no object with a whole number "step".
    """
    wanted = 'each line must be a JSON object with a whole number "step"'
    if not Path(path).exists():
        return []
    text = read_text(path, wanted)
    lines = text.splitlines()
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = parse_json(line)
        except ValueError:
            if number == len(lines):
                break
            raise refusal(wanted, path, f"has something else on line {number}") from None
        rows.append(check_object(row, {"step": int}, path, wanted))
    return rows


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value


def _int(text: str) -> int:
    value = int(text) if len(text) < 20 else 2**63
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{text[:20]}... has more than 64 bits")
    return value
