"""Weights for an estimator to begin with: of another estimator, or of an Inception v2."""

from pathlib import Path
from typing import TYPE_CHECKING

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.shape import network_file
from pirgan_tf.files.path import is_folder

if TYPE_CHECKING:
    from pirgan_tf.estimator.pir_estimator import PirEstimator

TRUNK_FILE = "inception_v2.keras"
"""What pretrain_estimator writes: Inception v2 without an output layer."""

_FILES = (network_file(1), TRUNK_FILE)


def find_initial(folder: str | Path, member: int = 1) -> Path:
    """Returns the file to begin with.

    Args:
        folder: of train_estimator or pretrain_estimator.
        member: which of an ensemble is to begin, from 1: with the same of the folder, or else
            with the first.

    Raises:
        InputError: if the folder holds none.
    """
    files = (network_file(member), *_FILES)
    wanted = [name for name in files if is_folder(folder) and (Path(folder) / name).exists()]
    if wanted:
        return Path(folder) / wanted[0]
    raise InputError(
        "initial must be a folder of train_estimator or pretrain_estimator, with "
        f"{' or '.join(_FILES)}. Received: {folder}"
    )


def load_first_weights(
    estimator: "PirEstimator",
    slim_checkpoint: str | Path | None,
    initial: str | Path | None,
    member: int = 1,
) -> None:
    """Gives an estimator the weights to begin with, where there are any.

    Args:
        estimator: of one network, not frozen.
        slim_checkpoint: as for `load_slim_initial`, or None.
        initial: as for `load_initial`, or None.
        member: as for `find_initial`.

    Raises:
        InputError: as `load_slim_initial` and `load_initial`.
    """
    if slim_checkpoint:
        load_slim_initial(estimator, slim_checkpoint)
    if initial:
        load_initial(estimator, initial, member)


def load_initial(estimator: "PirEstimator", folder: str | Path, member: int = 1) -> None:
    """Gives an estimator the weights of another, or those of a trained Inception v2.

    Args:
        estimator: of one network, not frozen.
        folder: of train_estimator or pretrain_estimator.
        member: as for `find_initial`.

    Raises:
        InputError: if the folder holds neither, the file is unreadable, the shapes
            differ, as with another depth multiplier or head, or weights are not finite.
    """
    # Here, because flags are checked by the function above without TensorFlow.
    from pirgan_tf.estimator.pir_estimator import PirEstimator, build_estimator
    from pirgan_tf.files.model import load_weights
    from pirgan_tf.kernels.weights import copy_weights

    path, shape = find_initial(folder, member), estimator.shape
    plain = PirEstimator(shape, build_estimator(shape, "float32"))
    source, target = plain.model, estimator.model
    if path.name == TRUNK_FILE:
        source, target = plain.trunk, estimator.trunk
    load_weights(source, path, "depth_multiplier, head and num_bins")
    copy_weights(source, target)


def load_slim_initial(estimator: "PirEstimator", path: str | Path) -> None:
    """Gives an estimator's trunk the weights of a TF-slim checkpoint.

    Args:
        estimator: not frozen.
        path: see `load_slim_checkpoint`.

    Raises:
        InputError: if the checkpoint cannot be used; the estimator is not changed.
    """
    from pirgan_tf.estimator.inception_v2 import build_inception_v2
    from pirgan_tf.estimator.slim_checkpoint import load_slim_checkpoint
    from pirgan_tf.kernels.weights import copy_weights

    shape = estimator.shape
    plain = build_inception_v2(shape.image_size, shape.depth_multiplier, dtype="float32")
    load_slim_checkpoint(plain, path)
    copy_weights(plain, estimator.trunk)
