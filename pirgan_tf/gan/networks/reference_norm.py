"""Batch normalisation by the statistics of a fixed batch, for generators."""

import keras
import tensorflow as tf

_SIZE = 64


@keras.saving.register_keras_serializable("pirgan_tf")
class ReferenceBatchNormalization(keras.Layer):
    """Normalises an image by the statistics of a reference batch, not of its own batch.

    Images of one batch then do not depend on each other. In training the first images of the
    batch are the reference batch, always made of the same latents: their present statistics,
    through which gradients go, normalise all, and are kept for when the layer does not train.

    With `virtual`, those of an image are of the reference batch and the image itself: as if it
    were one more of the batch.

    Source: Goodfellow 2016, "NIPS 2016 Tutorial: Generative Adversarial Networks", section 4.3;
    Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.4.

    Args:
        reference_size: images of the reference batch.
        virtual: whether an image is part of its statistics.
        epsilon: added to the variance.
        kwargs: those of `keras.Layer`.

    Input and output shape: `[n, h, w, channels]`; in training the reference batch comes first.
    """

    def __init__(
        self,
        reference_size: int = _SIZE,
        *,
        virtual: bool = False,
        epsilon: float = 1e-3,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.reference_size = reference_size
        self.virtual = virtual
        self.epsilon = epsilon

    def build(self, input_shape):
        """Makes scale and offset, and what keeps the statistics."""
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")
        self.mean, self.variance = (
            self.add_weight(
                name=name, shape=shape, initializer=initial, trainable=False, autocast=False
            )
            for name, initial in (("mean", "zeros"), ("variance", "ones"))
        )
        super().build(input_shape)

    def call(self, inputs, training=None):
        """Returns the normalised images, those of the reference batch included."""
        images = tf.cast(inputs, tf.float32)
        if not training:
            mean, variance = (tf.convert_to_tensor(v) for v in (self.mean, self.variance))
            outputs = self._normalize(images, *self._include(images, mean, variance))
            return tf.cast(outputs, inputs.dtype)
        reference, images = images[: self.reference_size], images[self.reference_size :]
        mean, variance = tf.nn.moments(reference, axes=[0, 1, 2])
        self.mean.assign(mean)
        self.variance.assign(variance)
        outputs = [
            self._normalize(reference, mean, variance),
            self._normalize(images, *self._include(images, mean, variance)),
        ]
        return tf.cast(tf.concat(outputs, axis=0), inputs.dtype)

    def _include(self, images, mean, variance):
        """Returns the statistics of each image; those given where none is a part of its own."""
        if not self.virtual:
            return mean, variance
        own_mean, own_variance = tf.nn.moments(images, axes=[1, 2], keepdims=True)
        share = 1 / (self.reference_size + 1)
        distance = own_mean - mean
        return (
            mean + share * distance,
            variance + share * (own_variance - variance) + share * (1 - share) * distance**2,
        )

    def _normalize(self, images, mean, variance):
        gamma, beta = (
            tf.cast(tf.convert_to_tensor(weight), tf.float32) for weight in (self.gamma, self.beta)
        )
        return tf.nn.batch_normalization(images, mean, variance, beta, gamma, self.epsilon)

    def get_config(self):
        """Returns the arguments."""
        return {
            **super().get_config(),
            "reference_size": self.reference_size,
            "virtual": self.virtual,
            "epsilon": self.epsilon,
        }
