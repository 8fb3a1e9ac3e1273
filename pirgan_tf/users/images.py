"""The images that users are shown, as numbers."""

import numpy as np
from numpy.typing import ArrayLike

from pirgan_tf.errors import InputError

# Resizing and casting leave floats a rounding error beyond [-1, 1].
ROUNDING = 1e-6


def checked_images(images: ArrayLike) -> np.ndarray:
    """Return images as an array.

    Args:
        images: [n, height, width, 3], uint8 in 0..255 or floating in [-1, 1].

    Raises:
        InputError: shape, type or range of the images is another.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 3:
        raise InputError(
            f"images must have the shape [n, height, width, 3]. Received: {list(images.shape)}"
        )
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(
            f"images must be uint8 in 0..255 or floating in [-1, 1]. Received: {images.dtype}"
        )
    if not np.all(np.abs(images) <= 1 + ROUNDING):
        raise InputError(
            "floating images must lie in [-1, 1]. "
            f"Received: values from {images.min():g} to {images.max():g}"
        )
    return images


def unit_pixels(images: np.ndarray) -> np.ndarray:
    """Scale images that `checked_images` returned to float64 in [0, 1]."""
    if images.dtype == np.uint8:
        return images / 255.0
    return np.clip((images.astype(np.float64) + 1) / 2, 0, 1)
