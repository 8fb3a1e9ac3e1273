"""Variables as they were at the best step so far."""

from collections.abc import Sequence

import tensorflow as tf


class Best(tf.Module):
    """Copies of variables as they were when a figure was highest, which a checkpoint holds.

    Args:
        variables: what to copy, as they are now.

    Attributes:
        step: the step of the copies; -1 until there is a figure.
        waited: how many figures came after it.
    """

    def __init__(self, variables: Sequence):
        super().__init__()
        # The loop looks for infinities in what it saves.
        self._figure = tf.Variable(tf.float64.min, trainable=False, dtype=tf.float64)
        self.step = tf.Variable(-1, dtype=tf.int64, trainable=False)
        self.waited = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._kept = [tf.Variable(tf.convert_to_tensor(v), trainable=False) for v in variables]

    def note(self, figure: float, step: int, variables: Sequence) -> None:
        """Copies the variables if the figure of their step is the highest so far."""
        if not figure > self._figure.numpy():
            self.waited.assign_add(1)
            return
        self._figure.assign(figure)
        self.step.assign(step)
        self.waited.assign(0)
        for kept, variable in zip(self._kept, variables, strict=True):
            kept.assign(tf.convert_to_tensor(variable))

    def restore(self, variables: Sequence) -> None:
        """Gives the variables the values that were copied."""
        for variable, kept in zip(variables, self._kept, strict=True):
            variable.assign(kept)
