"""MNIST and sets of its form: four idx files in a folder."""

from pathlib import Path

import numpy as np

from pirgan_tf.data.image_dataset import ImageDataset
from pirgan_tf.errors import InputError
from pirgan_tf.files.idx import read_idx, read_idx_shape

_PREFIXES = {"train": "train", "test": "t10k"}


def check_mnist(directory: Path) -> None:
    """Checks the four files by their first bytes.

    Raises:
        InputError: one is missing, is no idx file of its kind, or has no square images, or
            images and labels differ in number.
    """
    for split in _PREFIXES:
        images, labels = _files(directory, split)
        count, height, width = read_idx_shape(images, 3)
        (num_labels,) = read_idx_shape(labels, 1)
        if height != width:
            raise InputError(
                f"The images of an idx file must be square. Received: {height}x{width} in {images}"
            )
        if count != num_labels:
            raise InputError(
                f"There must be one label for each image. Received: {count} images in {images} "
                f"and {num_labels} labels in {labels}"
            )


def load_mnist(directory: Path, split: str) -> ImageDataset:
    """Loads a split, `train` or `test`; the classes are the numbers from 0 to the largest label.

    Raises:
        InputError: as `check_mnist`, or a file is truncated or damaged.
    """
    images, labels = _files(directory, split)
    numbers = read_idx(labels, 1).astype(np.int32)
    names = tuple(str(number) for number in range(numbers.max() + 1))
    return ImageDataset(read_idx(images, 3)[..., np.newaxis], numbers, names)


def _files(directory: Path, split: str) -> tuple[Path, Path]:
    """The files of images and labels, of which the plain one goes before the compressed."""
    plain = [
        directory / f"{_PREFIXES[split]}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")
    ]
    images, labels = (
        path if path.exists() else path.with_name(f"{path.name}.gz") for path in plain
    )
    return images, labels
