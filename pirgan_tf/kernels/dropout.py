"""Dropout whose masks depend on a seed that the training step gives, and on nothing else."""

import contextlib
import threading
from collections.abc import Iterator

import keras
import tensorflow as tf

# MirroredStrategy traces each replica in a thread of its own.
_context = threading.local()


@contextlib.contextmanager
def dropout_seed(seed) -> Iterator[None]:
    """Lets every `StatelessDropout` called within draw its mask from a seed.

    Two passes of a network within one context have the same masks; a context around each
    gives them different ones.

    Args:
        seed: shape `[2]`, int32.
    """
    outer = getattr(_context, "seed", None)
    _context.seed = seed
    try:
        yield
    finally:
        _context.seed = outer


@keras.saving.register_keras_serializable("pirgan_tf")
class StatelessDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` whose mask is a function of `dropout_seed` and of a number.

    Keras's layer draws from a generator whose state no checkpoint of TensorFlow holds, so
    that a resumed run would draw other masks.

    Args:
        rate: of elements that become 0, in [0, 1).
        number: of the layer within its model; layers of different numbers draw different masks.
        kwargs: those of `keras.layers.Dropout`.
    """

    def __init__(self, rate: float, number: int = 0, **kwargs):
        super().__init__(rate, **kwargs)
        self.number = number

    def call(self, inputs, training=False):
        """Returns the inputs, with elements dropped and the rest scaled up if `training`.

        Raises:
            ValueError: if it would have to draw outside of `dropout_seed`.
        """
        if not training or self.rate == 0:
            return inputs
        seed = getattr(_context, "seed", None)
        if seed is None:
            raise ValueError(
                "training must be within kernels.dropout_seed(seed). "
                f"Received: a call of {self.name} outside of it"
            )
        shape = tf.shape(inputs)
        if self.noise_shape:
            shape = [shape[i] if size is None else size for i, size in enumerate(self.noise_shape)]
        draws = tf.random.stateless_uniform(shape, tf.random.fold_in(seed, self.number))
        return inputs * (tf.cast(draws >= self.rate, inputs.dtype) / (1 - self.rate))

    def get_config(self):
        """Returns the arguments."""
        return {**super().get_config(), "number": self.number}
