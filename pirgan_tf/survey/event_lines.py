"""Events as text, a few lines at a time, however many there are."""

import csv
import io
import itertools
from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json

from pirgan_tf.errors import InputError

FORMS = ("csv", "jsonl")
_LINES_AT_ONCE = 1000


def event_lines(events: Iterator[dict[str, Any]], form: str) -> Iterator[str]:
    """Writes events as CSV, with the names of their fields first, or as JSON, one per line.

    Args:
        events: as `stream_events` gives them.
        form: "csv" or "jsonl".

    Yields:
        Some whole lines.

    Raises:
        InputError: the form is neither.
    """
    if form not in FORMS:
        raise InputError(f"events are written as one of {', '.join(FORMS)}. Received: {form!r}")
    first = True
    while some := list(itertools.islice(events, _LINES_AT_ONCE)):
        yield _csv(some, header=first) if form == "csv" else _jsonl(some)
        first = False


def _csv(events: list[dict[str, Any]], *, header: bool) -> str:
    text = io.StringIO()
    # All events have the same fields in the same order; a writer of dicts takes twice as long.
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(events[0])
    writer.writerows(event.values() for event in events)
    return text.getvalue()


def _jsonl(events: list[dict[str, Any]]) -> str:
    # Python's own json takes six times as long.
    return "".join(to_json(event, ensure_ascii=True).decode() + "\n" for event in events)
