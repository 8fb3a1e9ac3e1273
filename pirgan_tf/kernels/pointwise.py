"""1x1 convolutions of one input as one matrix product."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class PointwiseConv2D(keras.layers.Layer):
    """Several 1x1 `Conv2D` of the same images, computed as one product of two matrices.

    A product of large matrices is faster than a convolution, and one is faster than several.

    Args:
        parts: the layers, with stride 1, without activation, and all or none with a bias. Their
            weights are this layer's.

    Input shape: `[n, h, w, channels]`. Output shapes: one `[n, h, w, filters]` for each part.
    """

    def __init__(self, parts: Sequence[keras.layers.Conv2D], **kwargs):
        super().__init__(**kwargs)
        self.parts = list(parts)

    def build(self, input_shape):
        """Makes the weights of the parts."""
        for part in self.parts:
            part.build(input_shape)

    def call(self, images):
        """Returns the outputs of the parts, a list."""
        kernel = tf.concat([part.kernel for part in self.parts], axis=-1)[0, 0]
        outputs = tf.matmul(tf.reshape(images, [-1, images.shape[-1]]), kernel)
        if self.parts[0].use_bias:
            outputs = tf.nn.bias_add(outputs, tf.concat([part.bias for part in self.parts], 0))
        depths = [part.filters for part in self.parts]
        outputs = tf.reshape(outputs, tf.concat([tf.shape(images)[:-1], [sum(depths)]], 0))
        return tf.split(outputs, depths, axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shapes of the outputs."""
        return [(*input_shape[:-1], part.filters) for part in self.parts]
