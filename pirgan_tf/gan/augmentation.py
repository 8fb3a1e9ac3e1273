"""Differentiable augmentation of the images that a discriminator sees.

Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", with
the probability per image and its adaptation of Karras et al. 2020, "Training Generative
Adversarial Networks with Limited Data", section 3.
"""

import tensorflow as tf

TARGET_SURE = 0.6
"""The mean sign of the logits of real images at which an adaptive strength stays."""

IMAGES_TO_FULL = 100_000
"""Images after which an adaptive strength has gone from 0 to 1, if it always rose (a fifth of
the paper's number, since runs on small machines are short)."""


def augment(images: tf.Tensor, seed: tf.Tensor, strength) -> tf.Tensor:
    """Changes colour, place and a square part of images, each of these with a probability.

    Colour: brightness by up to 0.5, saturation by 0 to 2, contrast by 0.5 to 1.5. Place: a shift
    by up to an eighth of the size, with zeros (grey) at the border. Cutout: a square of half the
    size becomes zeros.

    Args:
        images: shape `[n, size, size, 3]`, in [-1, 1].
        seed: of the draws, shape `[2]`.
        strength: the probability, in [0, 1]; each of the three changes is made for each image
            on its own.

    Returns:
        Images of the same shape; brightness may lead out of [-1, 1].
    """
    changes = (_color, _shift, _cut_out)
    for change, seeds in zip(changes, tf.unstack(tf.random.split(seed, len(changes))), strict=True):
        draws, gate = tf.unstack(tf.random.split(seeds))
        chosen = tf.random.stateless_uniform([images.shape[0], 1, 1, 1], gate) < strength
        images = tf.where(chosen, change(images, draws), images)
    return images


def adapted(strength: tf.Tensor, sure: tf.Tensor, num_images: int) -> tf.Tensor:
    """Returns the strength after one more batch.

    Args:
        strength: that before.
        sure: the mean sign of the discriminator's logits of the batch's real images.
        num_images: the batch's images.
    """
    change = tf.sign(sure - TARGET_SURE) * num_images / IMAGES_TO_FULL
    return tf.clip_by_value(strength + change, 0.0, 1.0)


def _color(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    draws = tf.random.stateless_uniform([3, images.shape[0], 1, 1, 1], seed)
    brightness, saturation, contrast = tf.unstack(draws)
    images += brightness - 0.5
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = (images - grey) * (2 * saturation) + grey
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (images - mean) * (contrast + 0.5) + mean


def _shift(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    size = images.shape[1]
    furthest = size // 8
    by = tf.random.stateless_uniform(
        [2, images.shape[0], 1, 1], seed, -furthest, furthest + 1, tf.int32
    )
    pixels = tf.range(size)
    # Products with matrices of zeros and ones: a gather's gradient is slow, and has none itself.
    rows, columns = tf.unstack(tf.cast(pixels[:, None] == pixels + by, images.dtype))
    images = tf.einsum("nij,njkc->nikc", rows, images)
    return tf.einsum("nij,nkjc->nkic", columns, images)


def _cut_out(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    size = images.shape[1]
    centre = tf.random.stateless_uniform([2, images.shape[0], 1], seed, 0, size, tf.int32)
    offset = tf.range(size) - centre
    rows, columns = tf.unstack((offset >= -(size // 4)) & (offset < size // 4))
    hole = rows[:, :, None] & columns[:, None, :]
    return images * tf.cast(~hole, images.dtype)[..., None]
