"""The two networks of section 2.1, for several seeds at once."""

import keras
import tensorflow as tf
from keras import layers, ops

from pirgan_tf.gan.networks.layers import MinibatchFeatures
from pirgan_tf.training.randomness import stream_seed

_UNITS = (6, 5)
_REACH = 5.0


def build_generator(seeds: int) -> keras.Model:
    """Builds the generators: layers (1, 6), (6, 5), (5, 1) of tanh, and the output times 5.

    The networks of all seeds are one model, in which no seed sees another one: their operations
    are so small that ten take hardly longer than one.

    Returns:
        From noise `[seeds, n, 1]` to samples of the same shape, in (-5, 5).
    """
    noise = keras.Input((None, 1), batch_size=seeds, name="noise")
    x = _SeedsDense(1, "tanh", name="generator_output")(_hidden(noise, "generator"))
    return keras.Model(noise, layers.Rescaling(_REACH)(x), name="generator")


def build_discriminator(seeds: int, batch_size: int, *, minibatch_features: int = 0) -> keras.Model:
    """Builds the discriminators: the same layers, without an activation of the last.

    Args:
        seeds: how many networks.
        batch_size: of the batches that they will see.
        minibatch_features: how many `MinibatchFeatures` of vectors of length 1 the last layer
            sees beside the 5 units. They are divided by the number of other samples: their sums
            are large, and momentum at this learning rate diverges with them.

    Returns:
        From samples `[seeds, n, 1]` to the logits of P(real) of the same shape.
    """
    samples = keras.Input((None, 1), batch_size=seeds, name="samples")
    x = _hidden(samples, "discriminator")
    if minibatch_features:
        closeness = [MinibatchFeatures(minibatch_features, 1)(x[seed]) for seed in range(seeds)]
        mean = layers.Rescaling(1 / (batch_size - 1))(ops.stack(closeness))
        x = layers.Concatenate()([x, mean])
    logits = _SeedsDense(1, name="discriminator_output")(x)
    return keras.Model(samples, logits, name="discriminator")


def _hidden(x, name: str):
    for number, units in enumerate(_UNITS):
        x = _SeedsDense(units, "tanh", name=f"{name}_{number}")(x)
    return x


class _SeedsDense(keras.Layer):
    """A dense layer for each seed, from `[seeds, n, inputs]` to `[seeds, n, units]`.

    The weights of a seed are Xavier's, drawn from the seed and the layer's name.
    """

    def __init__(self, units: int, activation: str | None = None, **settings):
        super().__init__(**settings)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        seeds, _, inputs = input_shape
        limit = (6 / (inputs + self.units)) ** 0.5

        def xavier(shape, dtype=None):
            return tf.stack(
                [
                    tf.random.stateless_uniform(
                        shape[1:], stream_seed(seed, self.name), -limit, limit, dtype
                    )
                    for seed in range(seeds)
                ]
            )

        self.kernel = self.add_weight(
            name="kernel", shape=(seeds, inputs, self.units), initializer=xavier
        )
        self.bias = self.add_weight(name="bias", shape=(seeds, 1, self.units), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], self.units)
