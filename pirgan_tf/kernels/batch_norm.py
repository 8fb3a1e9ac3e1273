"""Batch normalisation by TensorFlow's fused kernels."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("pirgan_tf")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` of images in one operation each way.

    Keras's layer is some twenty operations, and where the precision is bfloat16 it
    writes the whole batch in float32 between them. Weights are Keras's, and results
    to rounding. Over replicas (`synchronized`) it is a few operations.

    Args:
        kwargs: those of `keras.layers.BatchNormalization`; the channels must come last,
            and there is no `renorm`. If `synchronized`, all replicas must have equally
            many images.

    Input and output shape: `[n, h, w, channels]`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Keras has no renorm before 3.14.
        renorm = getattr(self, "renorm", False)
        if self.axis not in (-1, 3) or renorm:
            raise ValueError(
                "the fused kernel has channels last and no renorm. "
                f"Received: axis={self.axis}, renorm={renorm}"
            )

    def call(self, inputs, training=None, mask=None):
        """Returns the normalised inputs, in their own precision."""
        learns = bool(training and self.trainable)
        channels = inputs.shape[-1]
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels)
        offset = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(channels)
        if learns and self.synchronized and _num_replicas() > 1:
            outputs, mean, variance = _normalize_over_replicas(inputs, scale, offset, self.epsilon)
        else:
            outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs,
                scale=scale,
                offset=offset,
                mean=tf.zeros(0) if learns else self.moving_mean,
                variance=tf.zeros(0) if learns else self.moving_variance,
                epsilon=self.epsilon,
                is_training=learns,
            )
            if learns:
                # The kernel gives the unbiased variance; Keras keeps that of the batch.
                count = _count(inputs)
                variance *= (count - 1) / count
        if learns:
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


def _normalize_over_replicas(
    inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Normalises with statistics over all replicas, for which there is no fused kernel.

    One sum over the replicas each way, and fewer passes over the batch, are what makes this
    faster than Keras's layer. As there, all is float32, and the variance E x^2 - (E x)^2 is
    coarse where the mean is hundreds of times the deviation.

    Returns:
        Outputs, mean and variance.
    """
    values = tf.cast(inputs, tf.float32)
    mean, square = _mean_over_replicas(
        tf.reduce_mean(values, axis=[0, 1, 2]), tf.reduce_mean(values**2, axis=[0, 1, 2])
    )
    variance = tf.maximum(square - mean**2, 0)
    inverse = tf.math.rsqrt(variance + epsilon)

    @tf.custom_gradient
    def normalize(inputs, scale, offset):
        slope = scale * inverse

        def gradients(upstream):
            # As if the statistics were constants; what goes through them is taken off below.
            by_inputs, by_scale, by_offset, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=inputs,
                scale=scale,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=tf.zeros(0),
                epsilon=epsilon,
                is_training=False,
            )
            count = _count(inputs)
            mean_by_scale, mean_by_offset = _mean_over_replicas(by_scale / count, by_offset / count)
            by_square = slope * inverse * mean_by_scale
            through = values * by_square + (slope * mean_by_offset - mean * by_square)
            by_inputs = tf.cast(by_inputs, tf.float32) - through
            return tf.cast(by_inputs, inputs.dtype), by_scale, by_offset

        # In float32 faster than the fused kernel of statistics that are given.
        outputs = values * slope + (offset - mean * slope)
        return tf.cast(outputs, inputs.dtype), gradients

    return normalize(inputs, scale, offset), mean, variance


def _count(inputs: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)


def _num_replicas() -> int:
    # Networks are built outside of any replica.
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def _mean_over_replicas(*vectors: tf.Tensor) -> list[tf.Tensor]:
    context = tf.distribute.get_replica_context()
    return tf.unstack(context.all_reduce(tf.distribute.ReduceOp.MEAN, tf.stack(vectors)))
