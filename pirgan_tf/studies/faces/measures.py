"""How near generated images are to others, and how much they differ in tone."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pirgan_tf import analysis


class Measures(NamedTuple):
    """Measures of a set of images.

    Attributes:
        kid: the kernel inception distance from the images compared with.
        tones: the standard deviation, over the images, of their mean grey in [0, 255].
    """

    kid: float
    tones: float


def compare_with(reference: np.ndarray, vgg16_weights: str) -> Callable[..., Measures]:
    """Returns what measures images, uint8 `[n, size, size, 3]`, or copies of them, against others.

    Args:
        reference: the others.
        vgg16_weights: in whose features the distance is, as for `analysis.vgg16_features`.

    Raises:
        InputError: if the weights cannot be had.
    """
    features = analysis.vgg16_features(reference, vgg16_weights)

    def measure(images: np.ndarray, copies: int = 1) -> Measures:
        found = np.repeat(analysis.vgg16_features(images, vgg16_weights), copies, axis=0)
        tones = images.mean(axis=(1, 2, 3)).std()
        return Measures(analysis.estimate_kid(found, features).kid, float(tones))

    return measure
