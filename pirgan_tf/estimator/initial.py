"""Weights for an estimator to begin with: of another estimator, or of an Inception v2."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pirgan_tf.errors import InputError

if TYPE_CHECKING:
    from pirgan_tf.estimator.pir_estimator import PirEstimator

TRUNK_FILE = "inception_v2.keras"
"""What pretrain_estimator writes: Inception v2 without an output layer."""

_FILES = ("estimator.keras", TRUNK_FILE)


def find_initial(folder: str | Path) -> Path:
    """Returns the file to begin with.

    Raises:
        InputError: if the folder holds none.
    """
    for name in _FILES:
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise InputError(
        "initial must be a folder of train_estimator or pretrain_estimator, with "
        f"{' or '.join(_FILES)}. Received: {folder}"
    )


def load_initial(estimator: "PirEstimator", folder: str | Path) -> None:
    """Gives an estimator the weights of another, or those of a trained Inception v2.

    Raises:
        InputError: if the folder holds neither, the file is unreadable, or the
            shapes differ, as with another depth multiplier or head.
    """
    # Here, because flags are checked by the function above without TensorFlow.
    import keras

    from pirgan_tf.kernels.weights import copy_weights

    path = find_initial(folder)
    target = estimator.trunk if path.name == TRUNK_FILE else estimator.model
    try:
        plain = keras.models.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"initial weights are unreadable. Received: {path}") from error
    try:
        copy_weights(plain, target)
    except ValueError as error:
        raise InputError(
            "initial weights must have this estimator's depth_multiplier, head and num_bins. "
            f"Received: {path}"
        ) from error


def load_slim_initial(estimator: "PirEstimator", path: str | Path) -> None:
    """Gives an estimator's trunk the weights of a TF-slim checkpoint.

    Args:
        estimator: not frozen.
        path: see `load_slim_checkpoint`.

    Raises:
        InputError: if the checkpoint cannot be used; the estimator stays as it is.
    """
    from pirgan_tf.estimator.inception_v2 import build_inception_v2
    from pirgan_tf.estimator.slim_checkpoint import load_slim_checkpoint
    from pirgan_tf.kernels.weights import copy_weights

    shape = estimator.shape
    plain = build_inception_v2(shape.image_size, shape.depth_multiplier, dtype="float32")
    load_slim_checkpoint(plain, path)
    copy_weights(plain, estimator.trunk)
