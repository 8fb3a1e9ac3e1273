"""Labelled images in memory, and the choice of some of their classes."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pirgan_tf.errors import InputError


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Square images with one class each.

    Attributes:
        images: uint8 `[n, size, size, channels]`, 0 to 255; 3 channels for RGB, 1 for greys.
        labels: int32 `[n]`; each is an index into `class_names`.
        class_names: The distinct names of the classes.

    Raises:
        ValueError: If the arrays do not fit this description or each other.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]

    @property
    def image_size(self) -> int:
        """Width and height of the images, in pixels."""
        return self.images.shape[1]

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if (
            images.dtype != np.uint8
            or images.ndim != 4
            or images.shape[1] != images.shape[2]
            or images.shape[3] not in (1, 3)
        ):
            raise ValueError(
                "Images must be uint8 of shape [n, size, size, 1 or 3]. "
                f"Received: {images.dtype} of shape {images.shape}"
            )
        if labels.dtype != np.int32 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"Labels must be int32 of shape {images.shape[:1]}, one per image. "
                f"Received: {labels.dtype} of shape {labels.shape}"
            )
        if len(set(self.class_names)) != len(self.class_names):
            raise ValueError(f"Class names must differ. Received: {self.class_names}")
        if labels.size and not 0 <= labels.min() <= labels.max() < len(self.class_names):
            raise ValueError(
                f"Labels must be in [0, {len(self.class_names)}). "
                f"Received: {labels.min()} to {labels.max()}"
            )


def select_classes(available: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted classes in the order given, or all available ones if none is wanted.

    Raises:
        InputError: If a wanted class is not available or named twice.
    """
    for position, name in enumerate(wanted):
        if name not in available:
            raise InputError(
                f"There is no such class{did_you_mean(name, available)}. "
                f"Available: {shorten(available)}. Received: {name!r}"
            )
        if name in wanted[:position]:
            raise InputError(f"Each class can be chosen once. Received: {name!r} twice")
    return tuple(wanted) or tuple(available)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The start of a suggestion, `"; did you mean 'x'?"`, or nothing if no known word is near."""
    matches = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def shorten(names: Sequence[str], limit: int = 20) -> str:
    """The names with commas between; of a long list only the first, and how many more."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
