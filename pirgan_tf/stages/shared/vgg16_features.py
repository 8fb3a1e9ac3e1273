"""Features of images from VGG16, and those of held-out photographs."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from pirgan_tf import analysis, data, users
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError

_LAYER = "pool5"


def photographs_option() -> Any:
    """Declares the option for held-out photographs."""
    return option(
        "Photographs that the GAN did not learn from, folder:DIR (from import_photos) or "
        "tfds:NAME: the kernel inception distance from them is measured, in VGG16's features.",
        None,
        reads=data.dataset_folder,
    )


def check_vgg16_features(vgg16_weights: str) -> None:
    """Checks, without TensorFlow, that VGG16's weights can serve the features.

    Raises:
        InputError: if they cannot.
    """
    users.check_vgg16_weights(vgg16_weights, [_LAYER])


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
    check_vgg16_features(vgg16_weights)
    _check_count(num_images, "images to compare with photographs")


def vgg16_features(
    images: np.ndarray, vgg16_weights: str, keep_in: Path | None = None
) -> np.ndarray:
    """Returns the norm of each filter in VGG16's last pooling layer.

    The layer is what comes nearest to the last pooling of Inception, which the authors of
    the kernel inception distance take; the norm over its 7x7 positions does what their mean
    does. Objectives of VGG16 keep the same table.

    Args:
        images: shape `[n, size, size, 3]`, uint8.
        vgg16_weights: see `users.filter_norms`.
        keep_in: folder in which the table is kept.

    Returns:
        Shape `[n, 512]`, float32.
    """
    return np.sqrt(users.filter_norms(images, vgg16_weights, keep_in=keep_in).layer(_LAYER))


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
    return vgg16_features(images[rows], vgg16_weights)


def _check_count(count: int, what: str) -> None:
    if count < analysis.LEAST_KID_IMAGES:
        raise InputError(f"{what} must be at least {analysis.LEAST_KID_IMAGES}. Received: {count}")
