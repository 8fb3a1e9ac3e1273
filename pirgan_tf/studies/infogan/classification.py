"""The categorical code as a classifier that was never told a class."""

import keras
import numpy as np

from pirgan_tf.data import Splits
from pirgan_tf.studies.infogan.codes import CATEGORIES

_BATCH = 1000


def classify(discriminator: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the categorical code of images in uint8, the likeliest by Q, `[n]`.

    Batch norm has the statistics of up to 1,000 images at once, as in training (decision): its
    averages mix those of real and of generated images, whose own differ.
    """
    codes = [
        np.asarray(discriminator(batch.astype("float32") / 255, training=True)[1]).argmax(1)
        for batch in np.array_split(images, -(-len(images) // _BATCH))
    ]
    return np.concatenate(codes)


def error_of_codes(
    splits: Splits, train_codes: np.ndarray, test_codes: np.ndarray
) -> tuple[float, np.ndarray]:
    """Names every code by a class, and returns how often the names are wrong.

    Args:
        splits: the images' classes.
        train_codes, test_codes: the images' codes.

    Returns:
        The share of test images whose code has another class's name, and the class of each
        code: that of most images to train on which have it, or -1 for a code that none has.
    """
    names = np.full(CATEGORIES, -1)
    for code in np.unique(train_codes):
        names[code] = np.bincount(splits.train.labels[train_codes == code]).argmax()
    return float((names[test_codes] != splits.test.labels).mean()), names
