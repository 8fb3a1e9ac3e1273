"""Which images have a label."""

from collections.abc import Iterable

import numpy as np

from pirgan_tf.data import ImageDataset
from pirgan_tf.errors import InputError


def check_labels(counts: Iterable[int], dataset: ImageDataset) -> None:
    """Checks that as many images as each of some counts says can have a label.

    Raises:
        InputError: if there are no two classes, if a count is no multiple of them, or if a class
            has too few images.
    """
    classes = len(dataset.class_names)
    if classes < 2:
        raise InputError(
            "The images must be of two classes or more. "
            f"Received: {classes}, {dataset.class_names[0]!r}"
        )
    least = int(np.bincount(dataset.labels, minlength=classes).min())
    for count in counts:
        if count % classes:
            raise InputError(
                f"labels must be a multiple of the {classes} classes, of which each has as many. "
                f"Received: {count}"
            )
        if count > classes * least:
            raise InputError(
                f"labels must be at most {classes * least}: one class has {least} images to train "
                f"on. Received: {count}"
            )


def choose_labelled(dataset: ImageDataset, count: int, seed: int) -> np.ndarray:
    """Returns the rows of images that have a label, as many of each class, `[count]`.

    Those of a smaller count with the same seed are among them.
    """
    classes = len(dataset.class_names)
    order = np.random.default_rng(seed).permutation(len(dataset.labels))
    return np.concatenate(
        [order[dataset.labels[order] == label][: count // classes] for label in range(classes)]
    )
