"""Nearest-neighbour upsampling and a 3x3 convolution as one operation."""

import keras
import tensorflow as tf

from pirgan_tf.kernels import winograd


@keras.saving.register_keras_serializable("pirgan_tf")
class UpsampleConv2D(keras.layers.Layer):
    """`UpSampling2D(2)` followed by `Conv2D(filters, 3, padding="same")`, fused.

    Every output pixel of the pair sees at most a 2x2 neighbourhood of the small
    image, so the pair equals one stride-2 transposed convolution whose 4x4
    kernel is the 3x3 kernel, flipped and convolved with a 2x2 block of ones:
    2.25 times fewer multiplications, and the large upsampled image never
    exists. Of small images with many channels there are still fewer
    (`kernels.winograd`). The weights are those of the `Conv2D`, in its order and shapes.

    Args:
        filters: number of output channels.

    Input shape: `[n, h, w, channels]`. Output shape: `[n, 2h, 2w, filters]`.
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(3, 3, input_shape[-1], self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, images):
        kernel, size = tf.convert_to_tensor(self.kernel), images.shape[1]
        if size and winograd.is_faster(images, self.filters, 2 * size):
            outputs = winograd.convolve(images, kernel, winograd.upsampled(size))
        else:
            batch, height, width = tf.unstack(tf.shape(images))[:3]
            outputs = tf.nn.conv2d_transpose(
                images,
                _fuse_upsampling(kernel),
                output_shape=tf.stack([batch, 2 * height, 2 * width, self.filters]),
                strides=2,
                padding="SAME",
            )
        return tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, height and 2 * height, width and 2 * width, self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


def _fuse_upsampling(kernel: tf.Tensor) -> tf.Tensor:
    """Turns a `[3, 3, in, out]` kernel into the `[4, 4, out, in]` one of the class."""
    flipped = tf.transpose(tf.reverse(kernel, axis=[0, 1]), [0, 1, 3, 2])
    for axis in (0, 1):
        before = [[int(i == axis), 0] for i in range(4)]
        after = [[0, int(i == axis)] for i in range(4)]
        flipped = tf.pad(flipped, before) + tf.pad(flipped, after)
    return flipped
