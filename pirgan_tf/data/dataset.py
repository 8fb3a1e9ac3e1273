"""One name for every source of photographs: `landscapes`, `folder:DIR` or `tfds:NAME`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pirgan_tf.data.folder import find_classes, load_folder
from pirgan_tf.data.image_dataset import ImageDataset, did_you_mean, select_classes
from pirgan_tf.data.landscapes.render import CLASS_NAMES, render_landscapes
from pirgan_tf.data.tfds import load_tfds, validate_tfds_name
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import is_folder

NUM_LANDSCAPES = 4000
"""Images that `landscapes` has unless another number is asked for."""

IMAGE_SIZE = 64
"""Width and height of images unless another one is asked for, in pixels."""

_FORMS = ("landscapes", "folder:DIR", "tfds:NAME")


def dataset_folder(spec: str) -> str | None:
    """Returns the folder that `folder:DIR`, `idx:DIR` or `text:DIR` names, None for others."""
    kind, _, rest = spec.partition(":")
    return rest if kind in ("folder", "idx", "text") else None


def validate_dataset_spec(spec: str, classes: Sequence[str] = ()) -> None:
    """Checks in milliseconds, and without TensorFlow, that `spec` can name a dataset.

    Args:
        spec: `landscapes`, `folder:DIR` (a directory with one subfolder of images a
            class, as `bin/import_photos` writes it) or `tfds:NAME` (a TensorFlow
            dataset, optionally with `/config` and `:version`; whether it exists is only
            known when it is loaded).
        classes: Names of the classes to keep; those of a TensorFlow dataset are only
            known when it is loaded.

    Raises:
        InputError: If it cannot, or a class does not exist.
    """
    kind, _, rest = spec.partition(":")
    if spec == "landscapes":
        select_classes(CLASS_NAMES, classes)
        return
    if kind == "folder" and rest:
        select_classes(list(find_classes(Path(rest))), classes)
        return
    if kind == "tfds" and rest:
        validate_tfds_name(rest)
        return
    raise unknown_spec(spec, _FORMS)


def unknown_spec(spec: str, forms: Sequence[str]) -> InputError:
    """Returns the error of a `spec` that has none of the forms, such as `folder:DIR`."""
    kinds = [form.partition(":")[0] for form in forms]
    kind, colon, _ = spec.partition(":")
    if not colon and is_folder(spec):
        hint = f"; did you mean 'folder:{spec}'?"
    elif kind in kinds:
        hint = ""
    else:
        hint = did_you_mean(kind, kinds)
    *others, last = map(repr, forms)
    return InputError(f"A dataset is {', '.join(others)} or {last}{hint or '.'} Received: {spec!r}")


def load_dataset(
    spec: str,
    *,
    classes: Sequence[str] = (),
    num_landscapes: int = NUM_LANDSCAPES,
    seed: int = 0,
    image_size: int | None = None,
) -> ImageDataset:
    """Loads or renders the images that `spec` names.

    Args:
        spec: See `validate_dataset_spec`.
        classes: Names of the classes to keep; labels follow their order. Empty: all, in
            sorted order (`landscapes`: mountain, coast).
        num_landscapes: Number of images that `landscapes` gives, equally many per class.
            Other datasets come whole.
        seed: Seed of `landscapes`.
        image_size: Width and height in pixels; None is that of the folder's images, and 64
            for other datasets.

    Returns:
        An `ImageDataset` of square images of one size.

    Raises:
        InputError: If the dataset, one of its images or a class does not exist or cannot
            be used.
    """
    validate_dataset_spec(spec, classes)
    kind, _, rest = spec.partition(":")
    if kind == "folder":
        return load_folder(Path(rest), classes, image_size)
    image_size = image_size or IMAGE_SIZE
    if kind == "tfds":
        return load_tfds(rest, classes, image_size)
    return _load_landscapes(classes, num_landscapes, seed, image_size)


def _load_landscapes(
    classes: Sequence[str], num_images: int, seed: int, image_size: int
) -> ImageDataset:
    names = select_classes(CLASS_NAMES, classes)
    if num_images < len(names):
        raise InputError(
            f"The number of landscapes must be at least {len(names)}, one per class. "
            f"Received: {num_images}"
        )
    if names == CLASS_NAMES:
        return render_landscapes(num_images, seed, image_size)
    rendered = render_landscapes(num_images * len(CLASS_NAMES) // len(names), seed, image_size)
    renamed = np.array([names.index(n) if n in names else -1 for n in CLASS_NAMES], np.int32)
    labels = renamed[rendered.labels]
    return ImageDataset(rendered.images[labels >= 0], labels[labels >= 0], names)
