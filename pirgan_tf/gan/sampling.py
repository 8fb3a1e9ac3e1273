"""Images of a trained generator."""

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.training.grids import to_uint8
from pirgan_tf.training.randomness import stream_seed

_BATCH = 100


def call_generator(
    generator: keras.Model, latents: tf.Tensor, labels: tf.Tensor, *, training: bool = False
) -> tf.Tensor:
    """Calls a generator.

    Args:
        generator: with classes or without.
        latents: shape `[n, latent_size]`.
        labels: classes, shape `[n]`, which a generator without classes ignores.
        training: whether in training.

    Returns:
        Images `[n, size, size, 3]` in [-1, 1].
    """
    num_classes = count_classes(generator)
    inputs = [latents, tf.one_hot(labels, num_classes)] if num_classes else latents
    return generator(inputs, training=training)


def generate(
    generator: keras.Model, num_images: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Generates images from random latents, with classes drawn uniformly.

    Args:
        generator: as `build_generator` makes it.
        num_images: how many.
        seed: decides latents and classes, each by its index: a longer gallery
            begins with the images of a shorter one.

    Returns:
        Images `[n, size, size, 3]`, uint8; latents `[n, latent_size]`, float32; and
        classes `[n]`, int32, all 0 where the generator has none.
    """
    latents, labels = draw_latents(generator, num_images, seed)
    return render(generator, latents, labels), latents.numpy(), labels.numpy()


def draw_latents(generator: keras.Model, num_images: int, seed: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Draws latents `[n, latent_size]`, standard normal, and uniform classes `[n]`, int32.

    The arguments are as for `generate`.
    """
    latent_size, num_classes = generator.inputs[0].shape[1], count_classes(generator)
    seeds = tf.random.split(stream_seed(seed, "sample"), 2)
    latents = tf.random.stateless_normal([num_images, latent_size], seeds[0])
    labels = tf.random.stateless_uniform([num_images], seeds[1], 0, max(num_classes, 1), tf.int32)
    return latents, labels


def render(generator: keras.Model, latents: tf.Tensor, labels: tf.Tensor) -> np.ndarray:
    """Returns the images `[n, size, size, 3]`, uint8, of latents and classes."""
    images = [
        to_uint8(call_generator(generator, latents[start:][:_BATCH], labels[start:][:_BATCH]))
        for start in range(0, len(latents), _BATCH)
    ]
    return np.concatenate(images)


def count_classes(generator: keras.Model) -> int:
    """Returns how many classes a generator has; 0 is none."""
    return generator.inputs[1].shape[1] if len(generator.inputs) > 1 else 0
