"""Nearest-neighbour upsampling and a 3x3 convolution as one operation."""

import keras
import tensorflow as tf

from pirgan_tf.kernels import filter_gradient, winograd


@keras.saving.register_keras_serializable("pirgan_tf")
class UpsampleConv2D(keras.layers.Conv2D):
    """`UpSampling2D(2)` followed by `Conv2D(filters, 3, padding="same")`, fused.

    Every output pixel of the pair sees at most a 2x2 neighbourhood of the small
    image, so the pair equals one stride-2 transposed convolution whose 4x4
    kernel is the 3x3 kernel, flipped and convolved with a 2x2 block of ones:
    2.25 times fewer multiplications, and the large upsampled image never
    exists. Of small images with many channels there are still fewer
    (`kernels.winograd`). The weights are those of the `Conv2D`, in its order and shapes.

    Args:
        filters: number of output channels.
        kwargs: those of `keras.layers.Conv2D`; only the defaults below are possible.

    Input shape: `[n, h, w, channels]`. Output shape: `[n, 2h, 2w, filters]`.
    """

    def __init__(self, filters: int, kernel_size=3, padding: str = "same", **kwargs):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)

    def convolution_op(self, inputs, kernel):
        """Returns the convolution of the upsampled images, without bias."""
        kernel, size = tf.convert_to_tensor(kernel), inputs.shape[1]
        if size and winograd.is_faster(inputs.shape, self.filters, 2 * size, inputs.dtype):
            return winograd.convolve(inputs, kernel, winograd.upsampled(size))
        kernel = _fuse_upsampling(kernel)
        if filter_gradient.is_faster(inputs.shape, inputs.shape[-1], inputs.dtype):
            return filter_gradient.convolve_transposed(inputs, kernel)
        batch, height, width = tf.unstack(tf.shape(inputs))[:3]
        return tf.nn.conv2d_transpose(
            inputs,
            kernel,
            output_shape=tf.stack([batch, 2 * height, 2 * width, self.filters]),
            strides=2,
            padding="SAME",
        )

    def compute_output_shape(self, input_shape):
        """Returns the shape of the outputs."""
        batch, height, width, _ = input_shape
        return (batch, height and 2 * height, width and 2 * width, self.filters)


def _fuse_upsampling(kernel: tf.Tensor) -> tf.Tensor:
    """Turns a `[3, 3, in, out]` kernel into the `[4, 4, out, in]` one of the class."""
    flipped = tf.transpose(tf.reverse(kernel, axis=[0, 1]), [0, 1, 3, 2])
    for axis in (0, 1):
        before = [[int(i == axis), 0] for i in range(4)]
        after = [[0, int(i == axis)] for i in range(4)]
        flipped = tf.pad(flipped, before) + tf.pad(flipped, after)
    return flipped
