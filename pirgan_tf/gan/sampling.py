"""Images of a trained generator."""

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.training.grids import to_uint8
from pirgan_tf.training.randomness import stream_seed

_BATCH = 100


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
        Images `[n, 64, 64, 3]`, uint8; latents `[n, latent_size]`, float32; and
        classes `[n]`, int32, all 0 where the generator has none.
    """
    latent_size = generator.inputs[0].shape[1]
    num_classes = generator.inputs[1].shape[1] if len(generator.inputs) > 1 else 0
    seeds = tf.random.split(stream_seed(seed, "sample"), 2)
    latents = tf.random.stateless_normal([num_images, latent_size], seeds[0])
    labels = tf.random.stateless_uniform([num_images], seeds[1], 0, max(num_classes, 1), tf.int32)
    images = []
    for start in range(0, num_images, _BATCH):
        inputs = latents[start : start + _BATCH]
        if num_classes:
            inputs = [inputs, tf.one_hot(labels[start : start + _BATCH], num_classes)]
        images.append(to_uint8(generator(inputs, training=False)))
    return np.concatenate(images), latents.numpy(), labels.numpy()
