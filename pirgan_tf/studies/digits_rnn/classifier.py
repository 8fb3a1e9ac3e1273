"""The classifier by which the study counts digits."""

import math

import keras
import numpy as np
from keras import layers

from pirgan_tf.data import Splits

_BATCH = 128


def train_classifier(splits: Splits, steps: int) -> tuple[keras.Model, float]:
    """Trains a small convolutional network on real images.

    Args:
        splits: images to train and to test on.
        steps: of Adam, rounded up to whole passes over the images.

    Returns:
        From images `[n, size, size, channels]` in [0, 255] to the classes' probabilities, and
        its accuracy on the images to test on.
    """
    keras.utils.set_random_seed(0)
    images, labels, names = splits.train.images, splits.train.labels, splits.train.class_names
    classifier = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Rescaling(1 / 127.5, -1),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(128, "relu"),
            layers.Dense(len(names), "softmax"),
        ]
    )
    classifier.compile("adam", "sparse_categorical_crossentropy")
    epochs = math.ceil(steps / math.ceil(len(images) / _BATCH))
    classifier.fit(images, labels, batch_size=_BATCH, epochs=epochs, verbose=0)
    guesses = classify(classifier, splits.test.images).argmax(-1)
    return classifier, float((guesses == splits.test.labels).mean())


def classify(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the classes' probabilities `[..., classes]` of images `[..., size, size, c]`."""
    flat = images.reshape(-1, *images.shape[-3:])
    found = classifier.predict(flat, batch_size=1000, verbose=0)
    return found.reshape(*images.shape[:-3], -1)
