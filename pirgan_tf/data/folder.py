"""Datasets on disk: a directory with one subfolder of small images per class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pirgan_tf.data.image_dataset import ImageDataset, select_classes
from pirgan_tf.data.pixels import read_photo
from pirgan_tf.errors import InputError

_HOW_TO = "Make the dataset with bin/import_photos --photos=PHOTOS --output=DIR."


def find_classes(directory: Path) -> dict[str, list[Path]]:
    """The files of each class subfolder, both in sorted order; hidden ones are skipped.

    Raises:
        InputError: If the directory cannot be read, has no subfolders, or one is empty.
    """
    try:
        classes = {entry.name: _visible(entry) for entry in _visible(directory) if entry.is_dir()}
    except OSError as error:
        raise InputError(
            f"The dataset folder cannot be read: {error.strerror}. "
            f"Received: {str(error.filename)!r}"
        ) from error
    if not classes:
        raise InputError(
            f"The dataset folder has no class subfolders. {_HOW_TO} Received: {str(directory)!r}"
        )
    for name, files in classes.items():
        if not files:
            raise InputError(
                f"A class of the dataset folder is empty. {_HOW_TO} "
                f"Received: {str(directory / name)!r}"
            )
    return classes


def load_folder(
    directory: Path, classes: Sequence[str], image_size: int | None = None
) -> ImageDataset:
    """Loads the images of all classes, or of those given in the order given.

    Args:
        directory: The dataset folder.
        classes: Names of the classes; empty is all.
        image_size: Width and height that the images must have; None is that of the first.

    Raises:
        InputError: If the directory does not hold a dataset, a class is unknown, or a
            file is not an image of `image_size` x `image_size` pixels.
    """
    files = find_classes(directory)
    names = select_classes(list(files), classes)
    paths = [path for name in names for path in files[name]]
    size = image_size or _read(paths[0]).height
    # One array from the beginning: a set that just fits in memory must not be held twice.
    images = np.empty((len(paths), size, size, 3), np.uint8)
    for row, path in enumerate(paths):
        image = _read(path)
        if image.size != (size, size):
            raise InputError(
                f"An image of the dataset folder is not {size}x{size}. {_HOW_TO} "
                f"Received: {str(path)!r}, {image.width}x{image.height}"
            )
        images[row] = np.asarray(image)
    labels = np.repeat(np.arange(len(names), dtype=np.int32), [len(files[n]) for n in names])
    return ImageDataset(images, labels, names)


def _visible(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if not path.name.startswith("."))


def _read(path: Path) -> Image.Image:
    try:
        return read_photo(path)
    except InputError as error:
        raise InputError(
            f"An image of the dataset folder is {error}. {_HOW_TO} Received: {str(path)!r}"
        ) from error
