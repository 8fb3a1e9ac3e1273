"""What an objective is: a measure of images that simulated users respond to."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pirgan_tf.users.images import checked_images

MAX_SLUG = 99


@dataclass(frozen=True)
class Objective:
    """True rates of positive interaction, sqrt(energy asked for / whole energy).

    All simulated objectives of the paper (sections 3.1 to 3.3) have this form; they
    differ in what they sum. Calling an objective with images gives their rates.

    Attributes:
        text: canonical form, which `parse_objective` reads back, such as
            "color:red-blue".
        family: objectives that the paper reports together, such as "two colors".
        layer: the layer of VGG16 whose filters are summed, such as "pool5"; None
            for colours.
        energies: images as `measure` takes them, and its `keep_in` -> (energy asked
            for [n], whole energy [n]), both float64; the first is between 0 and the
            second.
    """

    text: str
    family: str
    layer: str | None
    energies: Callable[[np.ndarray, Path | None], tuple[np.ndarray, np.ndarray]]

    @property
    def slug(self) -> str:
        """The text as a file name of at most 99 characters, such as "color-red-blue"."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.text)
        if len(slug) <= MAX_SLUG:
            return slug
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:10]
        # Cut between two filters, so that half a number is not read as another one.
        return slug[: MAX_SLUG - len(digest)].rpartition("-")[0] + f"-{digest}"

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """Return the rates, float64 [n] in [0, 1]; see `measure`."""
        return self.measure(images)[0]

    def measure(
        self, images: ArrayLike, keep_in: Path | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Measure the true rate of each image.

        Args:
            images: [n, height, width, 3], uint8 in 0..255 or floating in [-1, 1].
            keep_in: an existing folder, the gallery's, in which the norms of VGG16's
                filters are kept for other objectives; see `filter_norms`. Colours
                need nothing kept.

        Returns:
            rates: float64 [n] in [0, 1].
            undefined: bool [n]; where the whole energy is 0, as in a black image,
                the rate is 0/0 and counts as 0.

        Raises:
            InputError: shape, type or range of the images is another; VGG16's weights
                do not suffice for the objective.
        """
        asked, whole = self.energies(checked_images(images), keep_in)
        undefined = whole == 0
        rates = np.sqrt(asked / np.where(undefined, 1, whole))
        # The two sums may add the same numbers in another order.
        return np.minimum(rates, 1), undefined
