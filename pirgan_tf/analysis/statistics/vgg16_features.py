"""Features of images from VGG16, in which sets of images are compared."""

from pathlib import Path

import numpy as np

from pirgan_tf import users

_LAYER = "pool5"


def check_vgg16_features(vgg16_weights: str) -> None:
    """Check, without TensorFlow, that VGG16's weights can serve the features.

    Raises:
        InputError: they cannot.
    """
    users.check_vgg16_weights(vgg16_weights, [_LAYER])


def vgg16_features(
    images: np.ndarray, vgg16_weights: str, keep_in: Path | None = None
) -> np.ndarray:
    """Return the norm of each filter in VGG16's last pooling layer.

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
