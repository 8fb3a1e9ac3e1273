"""Batch normalisation by TensorFlow's fused kernel."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("pirgan_tf")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` of images in one operation each way.

    Keras's layer is some twenty operations, and where the precision is bfloat16 it
    writes the whole batch in float32 between them. Weights are Keras's, and results
    to rounding. Statistics over several replicas (`synchronized`) have no fused
    kernel, and are left to Keras.

    Args:
        kwargs: those of `keras.layers.BatchNormalization`; the channels must come last,
            and there is no `renorm`.

    Input and output shape: `[n, h, w, channels]`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if self.axis not in (-1, 3) or self.renorm:
            raise ValueError(
                "the fused kernel has channels last and no renorm. "
                f"Received: axis={self.axis}, renorm={self.renorm}"
            )

    def call(self, inputs, training=None, mask=None):
        """Returns the normalised inputs, in their own precision."""
        if self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        learns = bool(training and self.trainable)
        channels = inputs.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma if self.scale else tf.ones(channels),
            offset=self.beta if self.center else tf.zeros(channels),
            mean=tf.zeros(0) if learns else self.moving_mean,
            variance=tf.zeros(0) if learns else self.moving_variance,
            epsilon=self.epsilon,
            is_training=learns,
        )
        if learns:
            # The kernel gives the unbiased variance; Keras keeps that of the batch.
            count = tf.cast(tf.size(inputs) // channels, tf.float32)
            for moving, value in (
                (self.moving_mean, mean),
                (self.moving_variance, variance * ((count - 1) / count)),
            ):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs
