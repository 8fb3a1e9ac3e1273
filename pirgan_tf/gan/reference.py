"""The batch by whose statistics a generator with reference batch norm normalises."""

import keras
import tensorflow as tf

from pirgan_tf.gan.sampling import call_generator, count_classes
from pirgan_tf.training.randomness import stream_seed


class Reference:
    """The reference batch of a generator; one without such layers has an empty one.

    It is the same for all runs and stages, so that a GAN folder need not keep it.

    Args:
        generator: any generator.
    """

    def __init__(self, generator: keras.Model):
        sizes = (getattr(layer, "reference_size", 0) for layer in generator.layers)
        self._size = max(sizes)
        self._latents = tf.random.stateless_normal(
            [self._size, generator.inputs[0].shape[1]], stream_seed(0, "reference")
        )
        self._labels = tf.range(self._size) % max(count_classes(generator), 1)

    def generate(self, generator: keras.Model, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns a generator's images `[n, size, size, 3]` in training.

        Args:
            generator: as given, or one of the same networks.
            latents: shape `[n, latent_size]`.
            labels: classes, shape `[n]`.
        """
        if self._size:
            latents = tf.concat([self._latents, latents], axis=0)
            labels = tf.concat([self._labels, labels], axis=0)
        images = call_generator(generator, latents, labels, training=True)
        return images[self._size :] if self._size else images

    def settle(self, generator: keras.Model) -> None:
        """Takes the statistics for a generator's present weights."""
        if self._size:
            call_generator(generator, self._latents, self._labels, training=True)
