"""Every error of a user reads: what must hold. Received: what was given."""

import ast
import functools
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "pirgan_tf"
# Reasons without a path, which import_photos puts into its manifest, and the dataset folder
# into a message of this form.
EXCEPTIONS = {"data/pixels.py"}


@functools.cache
def _messages():
    return list(_calls())


def _calls():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "InputError",
                "TrainingError",
            ):
                yield name, node


def _text(node):
    """Returns the constant parts of a text; what is put in stands as {its source}."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return f"{{{ast.unparse(node)}}}"


@pytest.mark.parametrize("name", sorted({name for name, _ in _messages()} - EXCEPTIONS))
def test_messages_say_what_must_hold_and_what_was_received(name):
    for found, call in _messages():
        if found != name:
            continue
        [message] = call.args
        text = _text(message)
        # An error that passes on another one, with where it happened.
        if "{error}" in text and "Received" not in text:
            continue
        wanted, _, received = text.partition("Received: ")
        assert received, f"{name}:{call.lineno}: {text}"
        # A sentence, or what is put in ends it.
        assert re.search(r"[.?}] $", wanted), f"{name}:{call.lineno}: {text}"


def test_the_exceptions_are_still_needed():
    assert {name for name, _ in _messages()} >= EXCEPTIONS
