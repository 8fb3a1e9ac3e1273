"""Convolutions of images with stride 2 as convolutions of 2x2 blocks."""

import keras
import tensorflow as tf


class SpaceToDepthConv2D(keras.layers.Conv2D):
    """A 'same' `keras.layers.Conv2D` with stride 2 of images of few channels.

    It takes blocks of 2x2 pixels for pixels of four times the channels, and so has stride 1
    and half the kernel's size: above all the gradient of the images is faster. Weights are
    Keras's, and results to rounding.

    Args:
        args, kwargs: those of `keras.layers.Conv2D`.
    """

    def convolution_op(self, inputs, kernel):
        """Returns the convolution, without bias."""
        taps = [size + size % 2 for size in self.kernel_size]
        paddings = [
            _padding(size, kernel_size, even)
            for size, kernel_size, even in zip(
                inputs.shape[1:3], self.kernel_size, taps, strict=True
            )
        ]
        blocks = tf.nn.space_to_depth(tf.pad(inputs, [[0, 0], *paddings, [0, 0]]), 2)
        rows, columns = (even // 2 for even in taps)
        channels, depth = kernel.shape[2:]
        kernel = tf.pad(
            tf.convert_to_tensor(kernel),
            [[0, even - size] for even, size in zip(taps, self.kernel_size, strict=True)]
            + [[0, 0]] * 2,
        )
        kernel = tf.reshape(kernel, [rows, 2, columns, 2, channels, depth])
        kernel = tf.transpose(kernel, [0, 2, 1, 3, 4, 5])
        kernel = tf.reshape(kernel, [rows, columns, 4 * channels, depth])
        return tf.nn.conv2d(blocks, kernel, 1, "VALID")


def _padding(size: int, kernel_size: int, even: int) -> list[int]:
    """Returns the pixels before and after an axis: those of 'same', and the last block's rest."""
    before = max(kernel_size - 2 + size % 2, 0) // 2
    blocks = -(-size // 2) + even // 2 - 1
    return [before, 2 * blocks - before - size]
