"""Held-out photographs, and their features from VGG16."""

import functools
from typing import Any

import numpy as np

from pirgan_tf import analysis, data
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError


def photographs_option() -> Any:
    """Declares the option for held-out photographs."""
    return option(
        "Photographs that the GAN did not learn from, folder:DIR (from import_photos) or "
        "tfds:NAME: the kernel inception distance from them is measured, in VGG16's features.",
        None,
        reads=data.dataset_folder,
    )


def check_photographs(photographs: str, vgg16_weights: str, num_images: int) -> None:
    """Checks, without TensorFlow, what can be said of a distance from photographs.

    Raises:
        InputError: if the photographs are none, VGG16's weights cannot serve, or there are too
            few images to compare with them.
    """
    if photographs == "landscapes":
        raise InputError(
            "photographs must be folder:DIR or tfds:NAME, of which the GAN saw none. "
            f"Received: {photographs!r}"
        )
    data.validate_dataset_spec(photographs)
    analysis.check_vgg16_features(vgg16_weights)
    _check_count(num_images, "images to compare with photographs")


@functools.lru_cache(maxsize=1)
def photograph_features(
    photographs: str, vgg16_weights: str, image_size: int, most: int
) -> np.ndarray:
    """Returns the features of photographs, computed once for all objectives of a process.

    Args:
        photographs: the dataset.
        vgg16_weights: see `users.filter_norms`.
        image_size: width and height, in pixels.
        most: of more photographs, so many are taken, evenly from all classes.

    Raises:
        InputError: if the dataset cannot be used, or is of too few photographs.
    """
    images = data.load_dataset(photographs, image_size=image_size).images
    _check_count(len(images), f"photographs in {photographs}")
    rows = np.linspace(0, len(images) - 1, min(most, len(images))).astype(int)
    return analysis.vgg16_features(images[rows], vgg16_weights)


def _check_count(count: int, what: str) -> None:
    if count < analysis.LEAST_KID_IMAGES:
        raise InputError(f"{what} must be at least {analysis.LEAST_KID_IMAGES}. Received: {count}")
