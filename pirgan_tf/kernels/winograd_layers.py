"""3x3 convolutions of small images, as layers, by Winograd's algorithm."""

import keras
import tensorflow as tf

from pirgan_tf.kernels import winograd


@keras.saving.register_keras_serializable("pirgan_tf")
class WinogradConv2D(keras.layers.Conv2D):
    """A 3x3 'same' `keras.layers.Conv2D` of square images of a known size of 2 or more.

    Weights are Keras's, and results to rounding.

    Args:
        args, kwargs: those of `keras.layers.Conv2D`.
    """

    _factors = None

    def keep_factors(self) -> None:
        """Computes what the products take of the kernel now and no more, as it stays the same."""
        kernel = tf.constant(self.kernel.numpy(), self.compute_dtype)
        self._factors = winograd.kernel_factors(kernel, self._algorithm(self.input.shape))

    def convolution_op(self, inputs, kernel):
        """Returns the convolution, without bias."""
        algorithm = self._algorithm(inputs.shape)
        factors = self._factors
        if factors is None:
            factors = winograd.kernel_factors(tf.convert_to_tensor(kernel), algorithm)
        return winograd.convolve_by_factors(inputs, factors, algorithm)

    @staticmethod
    def _algorithm(shape) -> winograd.Algorithm:
        return winograd.same_size(shape[1])
