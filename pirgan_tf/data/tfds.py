"""Datasets of the TensorFlow Datasets catalogue."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from pirgan_tf.data.image_dataset import ImageDataset, did_you_mean, select_classes, shorten
from pirgan_tf.data.pixels import square_thumbnail, to_rgb
from pirgan_tf.errors import InputError


def validate_tfds_name(name: str) -> None:
    """Checks that `name` has the form `NAME[/CONFIG][:VERSION]`.

    Raises:
        InputError: If it has not.
    """
    if not re.fullmatch(r"[a-z]\w*(/[\w.+-]+)?(:\d+\.\d+\.\d+)?", name):
        raise InputError(
            "The name of a TensorFlow dataset is lower case, as in 'tfds:eurosat/rgb'. "
            f"Received: 'tfds:{name}'"
        )


def load_tfds(
    name: str, classes: Sequence[str], image_size: int, split: str = "train"
) -> ImageDataset:
    """Loads a split of an image-classification dataset.

    It is downloaded on first use, to `$TFDS_DATA_DIR` or `~/tensorflow_datasets`. Images
    are cropped to the central square and averaged down, as `import_photos` does, but
    small ones are enlarged and duplicates kept: a published dataset stays whole.

    Raises:
        InputError: If the dataset does not exist, cannot be had, or does not hold images
            with class labels.
    """
    builder = _prepared_builder(name, split)
    image_key, label_key = _image_and_label_keys(name, builder)
    all_names: list[str] = builder.info.features[label_key].names
    names = select_classes(sorted(all_names), classes)
    label_of = {all_names.index(class_name): label for label, class_name in enumerate(names)}

    # One array from the beginning: a set that just fits in memory must not be held twice.
    count = builder.info.splits[split].num_examples
    images = np.empty((count, image_size, image_size, 3), np.uint8)
    labels: list[int] = []
    for example in _examples(builder, split):
        label = label_of.get(int(example[label_key]))
        if label is not None:
            images[len(labels)] = _thumbnail(example[image_key], image_size)
            labels.append(label)
    if missing := [class_name for label, class_name in enumerate(names) if label not in labels]:
        raise InputError(
            f"The split {split!r} of 'tfds:{name}' has no image of a class. "
            f"Received: {shorten(missing)}"
        )
    return ImageDataset(images[: len(labels)], np.array(labels, np.int32), names)


def _prepared_builder(name: str, split: str) -> Any:
    import tensorflow_datasets as tfds

    # Besides its own errors, TFDS lets through those of the network, of the disk and of
    # whatever a dataset's script imports; all mean that this dataset cannot be had here.
    try:
        builder = tfds.builder(name)
        builder.download_and_prepare()
    except tfds.core.DatasetNotFoundError as error:
        hint = did_you_mean(re.split("[/:]", name)[0], tfds.list_builders())
        raise InputError(
            f"TensorFlow Datasets knows no such dataset{hint or '.'} Received: 'tfds:{name}'"
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"The dataset cannot be prepared ({type(error).__name__}: {reason}). "
            f"Received: 'tfds:{name}'"
        ) from error
    if split not in builder.info.splits:
        raise InputError(
            f"The dataset has no split {split!r}, only {shorten(list(builder.info.splits))}. "
            f"Received: 'tfds:{name}'"
        )
    return builder


def _image_and_label_keys(name: str, builder: Any) -> tuple[str, str]:
    import tensorflow_datasets as tfds

    features = builder.info.features
    keys = builder.info.supervised_keys
    if (
        keys is None
        or not isinstance(features[keys[0]], tfds.features.Image)
        or not isinstance(features[keys[1]], tfds.features.ClassLabel)
    ):
        raise InputError(
            f"The dataset does not consist of images with one class each. Received: 'tfds:{name}'"
        )
    return keys[0], keys[1]


def _examples(builder: Any, split: str) -> Any:
    import tensorflow_datasets as tfds

    return tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False))


def _thumbnail(pixels: np.ndarray, image_size: int) -> np.ndarray:
    if pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    return np.asarray(square_thumbnail(to_rgb(Image.fromarray(pixels)), image_size))
