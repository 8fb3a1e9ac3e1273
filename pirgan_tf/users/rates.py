"""What an objective is: a measure of images that simulated users respond to."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pirgan_tf.errors import InputError

# Bounds the memory of a call on any number of images (12 MB at 64x64).
BLOCK = 128

# Resizing and casting leave floats a rounding error beyond [-1, 1].
ROUNDING = 1e-6


@dataclass(frozen=True)
class Objective:
    """True rates of positive interaction, sqrt(energy asked for / whole energy).

    All simulated objectives of the paper (section 2.1.2) have this form; they
    differ in what they sum. Calling an objective with images gives their rates.

    Attributes:
        text: canonical form, which `parse_objective` reads back, such as
            "color:red-blue".
        family: objectives that the paper reports together, such as "two colors".
        energies: pixels [n, height, width, 3] in [0, 1] -> (energy asked for [n],
            whole energy [n]), both float64; the first is between 0 and the second.
    """

    text: str
    family: str
    energies: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

    @property
    def slug(self) -> str:
        """The text as a file name, such as "color-red-blue"."""
        return re.sub(r"[^a-z0-9]+", "-", self.text)

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """Return the rates, float64 [n] in [0, 1]; see `measure`."""
        return self.measure(images)[0]

    def measure(self, images: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Measure the true rate of each image.

        Args:
            images: [n, height, width, 3], uint8 in 0..255 or floating in [-1, 1].

        Returns:
            rates: float64 [n] in [0, 1].
            undefined: bool [n]; where the whole energy is 0, as in a black image,
                the rate is 0/0 and counts as 0.

        Raises:
            InputError: shape, type or range of the images is another.
        """
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[-1] != 3:
            raise InputError(
                f"images must have the shape [n, height, width, 3]; received {list(images.shape)}"
            )
        rates = np.zeros(len(images))
        undefined = np.zeros(len(images), bool)
        for start in range(0, len(images), BLOCK):
            block = slice(start, start + BLOCK)
            asked, whole = self.energies(_unit_pixels(images[block]))
            undefined[block] = whole == 0
            rates[block] = np.sqrt(asked / np.where(whole == 0, 1, whole))
        # The two sums may add the same numbers in another order.
        return np.minimum(rates, 1), undefined


def _unit_pixels(images: np.ndarray) -> np.ndarray:
    """Scale images to float64 in [0, 1]: on [-1, 1] "more red" would reward dark ones."""
    if images.dtype == np.uint8:
        return images / 255.0
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(
            f"images must be uint8 in 0..255 or floating in [-1, 1]; received {images.dtype}"
        )
    if not np.all(np.abs(images) <= 1 + ROUNDING):
        raise InputError(
            "floating images must lie in [-1, 1]; "
            f"received values from {images.min():g} to {images.max():g}"
        )
    return np.clip((images.astype(np.float64) + 1) / 2, 0, 1)
