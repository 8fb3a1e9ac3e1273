"""Several values in one option."""

from collections.abc import Sequence
from typing import TypeVar

from pirgan_tf.errors import InputError

_T = TypeVar("_T", int, float)


def read_numbers(name: str, texts: Sequence[str], kind: type[_T], minimum: _T) -> tuple[_T, ...]:
    """Returns the numbers that an option lists.

    Args:
        name: the option's name.
        texts: its value.
        kind: `int` or `float`.
        minimum: the smallest number allowed.

    Raises:
        InputError: if there are none, or one is no such number, or stands there twice.
    """
    wanted = "whole numbers" if kind is int else "numbers"
    try:
        numbers = tuple(kind(text) for text in texts)
        right = bool(numbers) and all(minimum <= number < float("inf") for number in numbers)
    except ValueError:
        right = False
    if not right or len(set(numbers)) < len(numbers):
        raise InputError(
            f"{name} must be one or several different {wanted} from {minimum:g} on, with commas. "
            f"Received: {','.join(texts)}"
        )
    return numbers


def check_different(name: str, texts: Sequence[str]) -> None:
    """Checks that an option lists something, and nothing twice.

    Args:
        name: the option's name.
        texts: its value.

    Raises:
        InputError: if not.
    """
    if not texts or len(set(texts)) < len(texts):
        raise InputError(
            f"{name} must be one or several different names, with commas. "
            f"Received: {','.join(texts) or 'none'}"
        )
