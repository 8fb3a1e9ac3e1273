"""A small masked dense network: what it says of a variable depends on those before it only.

Source: Germain et al. 2015, "MADE: Masked Autoencoder for Distribution Estimation". TensorFlow
Probability has one too, which needs Keras 2.
"""

import keras
import numpy as np
from keras import layers, ops


class MaskedDense(keras.Layer):
    """A dense layer some of whose weights are zero and stay so.

    Args:
        mask: `[inputs, units]`, 1 where an output may depend on an input and 0 elsewhere.
        gain: by which Xavier's initial weights are multiplied.
        settings: those of `keras.Layer`.
    """

    def __init__(self, mask: np.ndarray, gain: float = 1.0, **settings):
        super().__init__(**settings)
        self.mask = mask.astype("float32")
        self.gain = gain

    def build(self, input_shape):
        """Makes the weights."""
        initial = keras.initializers.VarianceScaling(self.gain**2, "fan_avg", "uniform")
        self.kernel = self.add_weight(
            name="kernel", shape=self.mask.shape, initializer=initial if self.gain else "zeros"
        )
        self.bias = self.add_weight(name="bias", shape=self.mask.shape[1:], initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        """Returns `[n, units]` of `[n, inputs]`."""
        return ops.matmul(inputs, self.kernel * self.mask) + self.bias

    def compute_output_shape(self, input_shape):
        """Returns the shape of the outputs."""
        return (*input_shape[:-1], self.mask.shape[1])


def build_masked_network(size: int, context_size: int, width: int) -> keras.Model:
    """Builds an autoregressive network with one hidden layer of ELU.

    Hidden unit k sees the first 1 + k mod (size - 1) variables, and output d the hidden units
    that see none from d on. The context is seen by all hidden units. The output's initial
    weights are small, so that a flow begins near the identity.

    Args:
        size: number of variables, at least 2.
        context_size: numbers that every output may depend on.
        width: hidden units.

    Returns:
        From variables `[n, size]` and context `[n, context_size]` to m and s of Kingma et al.
        2016, equation 12, `[n, size]` each; of variable d, they depend on those before d only.
    """
    variables = keras.Input((size,), name="variables")
    context = keras.Input((context_size,), name="context")
    number, seen = np.arange(size), 1 + np.arange(width) % (size - 1)
    hidden = MaskedDense(number[:, None] < seen, name="hidden")(variables)
    hidden = layers.Activation("elu")(hidden + layers.Dense(width, name="context_hidden")(context))
    outputs = [
        MaskedDense(seen[:, None] <= number, gain=0.1, name=name)(hidden) for name in ("m", "s")
    ]
    return keras.Model([variables, context], outputs)
