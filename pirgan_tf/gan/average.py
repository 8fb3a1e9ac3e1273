"""The exponential moving average of a network's weights."""

import keras
import tensorflow as tf


class MovingAverage(tf.Module):
    """The exponential moving average of all weights of a network, statistics included.

    Source: Yazici et al. 2019, "The Unusual Effectiveness of Averaging in GAN Training". In the
    first steps the average is over fewer, as in `tf.train.ExponentialMovingAverage`: the decay
    is at most (1 + t) / (10 + t) at step t.

    It is made within the strategy under which it is used.

    Args:
        network: the network.
        decay: the decay per step, in [0, 1).
    """

    def __init__(self, network: keras.Model, decay: float):
        super().__init__()
        self._network = network
        self._decay = decay
        # Each replica averages the weights, which are equal on all of them, on its own.
        self._averages = [
            tf.Variable(
                weight.value,
                trainable=False,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            for weight in network.weights
        ]

    def update(self, step: tf.Tensor) -> None:
        """Takes the network's present weights into the average, at step `step` from 0."""
        step = tf.cast(step, tf.float32)
        decay = tf.minimum(self._decay, (1 + step) / (10 + step))
        for average, weight in zip(self._averages, self._network.weights, strict=True):
            change = tf.convert_to_tensor(weight) - average
            average.assign_add(tf.cast(1 - decay, average.dtype) * change)

    def copy_to(self, network: keras.Model) -> None:
        """Gives the averages to a network of the same weights."""
        network.set_weights([average.numpy() for average in self._averages])
