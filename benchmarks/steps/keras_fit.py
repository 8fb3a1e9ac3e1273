"""What the benchmarks of Keras's `fit` share: their flags, and a clock."""

import argparse
import time

import keras
import numpy as np


def set_up(description: str) -> argparse.Namespace:
    """Reads the flags, and sets seed and precision."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=3, help="steps a repetition")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    if options.precision == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    return options


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
        """Returns seconds per step of each repetition of so many steps."""
        return np.reshape(self._seconds[self.warm_up :], (-1, steps)).mean(axis=1).tolist()
