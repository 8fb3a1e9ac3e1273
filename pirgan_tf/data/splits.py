"""Labelled images in two parts, to learn from and to test on, at the size that a study needs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from pirgan_tf.data.dataset import unknown_spec
from pirgan_tf.data.folder import find_classes, load_folder
from pirgan_tf.data.image_dataset import ImageDataset, shorten
from pirgan_tf.data.mnist import check_mnist, load_mnist
from pirgan_tf.data.pixels import square_thumbnail
from pirgan_tf.data.tfds import load_tfds, validate_tfds_name
from pirgan_tf.errors import InputError

_FORMS = ("digits", "idx:DIR", "folder:DIR", "tfds:NAME")
_SPLITS = ("train", "test")
# Of what comes in one part.
_TEST_SHARE = 0.2


class Splits(NamedTuple):
    """Images to learn from, and others to test on, with the same classes.

    Attributes:
        train, test: see `ImageDataset`; both have images of every class.
    """

    train: ImageDataset
    test: ImageDataset


def validate_splits_spec(spec: str, num_classes: int | None = None) -> None:
    """Checks in milliseconds, and without TensorFlow, that `spec` can name labelled images.

    Args:
        spec: one of

            - `digits`: the 1,797 digits of 8x8 pixels that scikit-learn brings; the last fifth
              of each class is the test;
            - `idx:DIR`: a folder with MNIST's four files, or those of a set of its form, plain
              or .gz;
            - `folder:DIR`: one dataset folder, as `bin/import_photos` writes it, whose test is
              the last fifth of each class too, or two, DIR/train and DIR/test;
            - `tfds:NAME`: an image-classification dataset with a train and a test split. Whether
              it exists is only known when it is loaded.
        num_classes: how many classes it must have; None is any number.

    Raises:
        InputError: if it cannot.
    """
    kind, _, rest = spec.partition(":")
    if spec == "digits":
        _check_classes(spec, [str(digit) for digit in range(10)], num_classes)
    elif kind == "idx" and rest:
        check_mnist(Path(rest))
    elif kind == "folder" and rest:
        folders = _split_folders(Path(rest))
        for folder in folders:
            _check_classes(spec, list(find_classes(folder)), num_classes)
    elif kind == "tfds" and rest:
        validate_tfds_name(rest)
    else:
        raise unknown_spec(spec, _FORMS)


def load_splits(
    spec: str, *, image_size: int, channels: int | None = None, num_classes: int | None = None
) -> Splits:
    """Loads the images that `spec` names, cropped to the central square and resized.

    Args:
        spec: see `validate_splits_spec`.
        image_size: width and height in pixels.
        channels: 1 for greys, 3 for RGB, whatever the images are; None is 1 for `digits` and
            `idx:`, and 3 for others.
        num_classes: how many classes they must have; None is any number.

    Raises:
        InputError: if they cannot be had, have other classes, or none of a class.
    """
    validate_splits_spec(spec, num_classes)
    kind, _, rest = spec.partition(":")
    if kind == "tfds":
        splits = Splits(*(load_tfds(rest, (), image_size, split) for split in _SPLITS))
    elif kind == "idx":
        splits = Splits(*(load_mnist(Path(rest), split) for split in _SPLITS))
    elif kind == "folder":
        splits = _load_folders(Path(rest))
    else:
        splits = _load_digits()
    _check_classes(spec, splits.train.class_names, num_classes)
    if splits.test.class_names != splits.train.class_names:
        raise InputError(
            "The images to train and to test on must be of the same classes. "
            f"Received: {shorten(splits.train.class_names)} and "
            f"{shorten(splits.test.class_names)} in {spec!r}"
        )
    for split, dataset in zip(_SPLITS, splits, strict=True):
        counts = np.bincount(dataset.labels, minlength=len(dataset.class_names))
        missing = [dataset.class_names[label] for label in np.flatnonzero(counts == 0)]
        if missing:
            raise InputError(
                f"Every class must have images in the {split} split. "
                f"Received: none of {shorten(missing)} in {spec!r}"
            )
    return Splits(*(_fit(dataset, image_size, channels) for dataset in splits))


def _check_classes(spec: str, names: Sequence[str], wanted: int | None) -> None:
    if wanted not in (None, len(names)):
        raise InputError(
            f"The images must be of {wanted} classes. "
            f"Received: {len(names)} in {spec!r}, {shorten(names)}"
        )


def _split_folders(directory: Path) -> list[Path]:
    """The folders of the two parts, or the only one."""
    parts = [directory / split for split in _SPLITS]
    return parts if all(part.is_dir() for part in parts) else [directory]


def _load_folders(directory: Path) -> Splits:
    datasets = [load_folder(folder, ()) for folder in _split_folders(directory)]
    return Splits(*datasets) if len(datasets) == 2 else _split(datasets[0])


def _load_digits() -> Splits:
    # It takes a second to import.
    from sklearn.datasets import load_digits

    found = load_digits()
    images = (found.images * (255 / 16)).round().astype(np.uint8)[..., np.newaxis]
    names = tuple(str(name) for name in found.target_names)
    return _split(ImageDataset(images, found.target.astype(np.int32), names))


def _split(dataset: ImageDataset) -> Splits:
    """Takes the last fifth of each class, at least one image, to test on."""
    is_test = np.zeros(len(dataset.labels), bool)
    for label in range(len(dataset.class_names)):
        rows = np.flatnonzero(dataset.labels == label)
        is_test[rows[-max(1, round(_TEST_SHARE * len(rows))) :]] = True
    return Splits(
        *(
            ImageDataset(dataset.images[rows], dataset.labels[rows], dataset.class_names)
            for rows in (~is_test, is_test)
        )
    )


def _fit(dataset: ImageDataset, image_size: int, channels: int | None) -> ImageDataset:
    """Brings images to a size and, unless it is None, to a number of channels."""
    count, size, _, present = dataset.images.shape
    channels = channels or present
    if (size, present) == (image_size, channels):
        return dataset
    images = np.empty((count, image_size, image_size, channels), np.uint8)
    for row, pixels in enumerate(dataset.images):
        image = Image.fromarray(pixels if present == 3 else pixels[..., 0])
        image = square_thumbnail(image.convert("RGB" if channels == 3 else "L"), image_size)
        images[row] = np.asarray(image).reshape(images.shape[1:])
    return ImageDataset(images, dataset.labels, dataset.class_names)
