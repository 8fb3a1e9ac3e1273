"""The seconds of the steps of Keras's `fit`."""

import time

import keras
import numpy as np


class Clock(keras.callbacks.Callback):
    """Keeps the seconds of every step.

    Attributes:
        warm_up: steps at the beginning that do not count.
    """

    warm_up = 2

    def __init__(self):
        super().__init__()
        self._seconds = []

    def on_train_batch_begin(self, batch, logs=None):
        """Starts."""
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Stops."""
        self._seconds.append(time.perf_counter() - self._started)

    def repetitions(self, steps):
        """Returns seconds a step of each repetition of so many steps."""
        return np.reshape(self._seconds[self.warm_up :], (-1, steps)).mean(axis=1).tolist()
