"""Gradients of kernels as products of matrices.

The gradient of a convolution's kernel is, for each of its taps, the product of the images,
shifted, and the gradient of the outputs. oneDNN's own kernel for it takes a time that grows with
the number of weights, however small the images are; copying shifted images and multiplying grows
with the images.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from pirgan_tf.kernels.winograd import only_cpus

LARGEST_SIZE = 8
"""Height and width of the (small) images up to which the products are faster."""

CHANNELS_PER_PIXEL = 4
"""Channels of the factor that is not copied, for each pixel of an image, from which on they are.

On a CPU with amx_bf16, for 64 images of 8x8 pixels and 256 to 512 channels, products took 12.1 ms
instead of 62.6; of 4x4 and 512 channels 8.2 instead of 84.8; of 16x16 and 64 to 128 channels 12.8
instead of 4.5. That is 1.3 ns for each copied number and 50 ns for each weight, and so a bound
of about 2 channels for each pixel.
"""


def is_faster(shape: Sequence[Any], channels: int, dtype: Any) -> bool:
    """Returns whether products are faster: only on CPUs, and only in bfloat16.

    In float32 Winograd's algorithm is used for the same layers.

    Args:
        shape: of the (small) images, `[n, height, width, channels]`.
        channels: of the factor that is not copied: the outputs of a convolution, the inputs of
            an upsampling one.
        dtype: of the images.
    """
    _, height, width, _ = shape
    return (
        height is not None
        and width is not None
        and max(height, width) <= LARGEST_SIZE
        and channels >= CHANNELS_PER_PIXEL * height * width
        and tf.as_dtype(dtype) == tf.bfloat16
        and only_cpus()
    )


@tf.custom_gradient
def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Convolves images `[n, h, w, channels]` with a kernel `[3, 3, channels, depth]`, 'same'."""

    def gradients(upstream):
        by_images = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(images),
            filter=kernel,
            out_backprop=upstream,
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
        _, height, width, channels = images.shape
        padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
        taps = [
            _product(padded[:, row : row + height, column : column + width], upstream)
            for row in range(3)
            for column in range(3)
        ]
        return by_images, tf.reshape(tf.stack(taps), [3, 3, channels, kernel.shape[-1]])

    return tf.nn.conv2d(images, kernel, 1, "SAME"), gradients


@tf.custom_gradient
def convolve_transposed(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """Applies the transpose of a convolution with stride 2, 'same'.

    Args:
        images: shape `[n, h, w, channels]`.
        kernel: shape `[4, 4, depth, channels]`.

    Returns:
        Shape `[n, 2h, 2w, depth]`.
    """
    _, height, width, channels = images.shape
    depth = kernel.shape[2]
    size = tf.concat([tf.shape(images)[:1], [2 * height, 2 * width, depth]], 0)

    def gradients(upstream):
        by_images = tf.nn.conv2d(upstream, kernel, 2, "SAME")
        # As blocks of 2x2 pixels, four taps of the kernel are one product.
        blocks = tf.nn.space_to_depth(tf.pad(upstream, [[0, 0], [1, 1], [1, 1], [0, 0]]), 2)
        taps = [
            _product(blocks[:, row : row + height, column : column + width], images)
            for row in range(2)
            for column in range(2)
        ]
        by_kernel = tf.reshape(tf.stack(taps), [2, 2, 2, 2, depth, channels])
        by_kernel = tf.transpose(by_kernel, [0, 2, 1, 3, 4, 5])
        return by_images, tf.reshape(by_kernel, [4, 4, depth, channels])

    return tf.nn.conv2d_transpose(images, kernel, size, 2, "SAME"), gradients


def _product(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Returns the sum, over images and pixels, of the products of channels."""
    factors = (tf.reshape(factor, [-1, factor.shape[-1]]) for factor in (left, right))
    return tf.matmul(*factors, transpose_a=True)


class ProductGradientConv2D(keras.layers.Conv2D):
    """A 3x3 'same' `keras.layers.Conv2D` whose kernel's gradient is computed as above.

    Args:
        args, kwargs: those of `keras.layers.Conv2D`.
    """

    def convolution_op(self, inputs, kernel):
        """Returns the convolution, without bias."""
        return convolve(inputs, tf.convert_to_tensor(kernel))
