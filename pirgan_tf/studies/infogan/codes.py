"""The latents of InfoGAN, and what is known of them from an image."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

CATEGORIES = 10
"""Values of the categorical code."""

CONTINUOUS = 2
"""Number of continuous codes, uniform on [-1, 1]."""

NOISE_SIZE = 62
"""Latents that are no code, uniform on [-1, 1]."""

LATENT_SIZE = NOISE_SIZE + CATEGORIES + CONTINUOUS
"""Length of a latent: noise, the categorical code in one-hot form, the continuous codes."""


class Information(NamedTuple):
    """Lower bounds of the mutual information of codes and images, for each image, `[n]`, in nats.

    Attributes:
        category: of the categorical code; at most ln 10.
        continuous: of both continuous codes. Q is a Gaussian of standard deviation 1 (found in
            the authors' code), for which the bound stays below 0: only its differences count.
    """

    category: tf.Tensor
    continuous: tf.Tensor


def draw_latents(count: int, seed):
    """Draws latents `[count, 74]`; the codes are uniform too."""
    seeds = tf.unstack(tf.random.split(seed, 2))
    uniform = tf.random.stateless_uniform((count, NOISE_SIZE + CONTINUOUS), seeds[0], -1, 1)
    category = tf.random.stateless_uniform((count,), seeds[1], 0, CATEGORIES, tf.int32)
    noise, continuous = uniform[:, :NOISE_SIZE], uniform[:, NOISE_SIZE:]
    return tf.concat([noise, tf.one_hot(category, CATEGORIES), continuous], axis=1)


def information(latents, category_logits, continuous_means) -> Information:
    """Returns H(c) + log Q(c | x) of each code (equations 4 and 5).

    Args:
        latents: `[n, 74]`, of which the images were made.
        category_logits: Q of the categorical code, `[n, 10]`.
        continuous_means: Q's means of the continuous codes, `[n, 2]`.
    """
    _, category, continuous = tf.split(latents, (NOISE_SIZE, CATEGORIES, CONTINUOUS), axis=1)
    likelihood = -tf.nn.softmax_cross_entropy_with_logits(category, category_logits)
    squares = tf.square(continuous - continuous_means)
    gaussian = tf.reduce_sum(-0.5 * (squares + np.log(2 * np.pi)), axis=1)
    return Information(
        np.log(CATEGORIES) + likelihood, CONTINUOUS * np.log(2.0).astype("float32") + gaussian
    )


def vary_codes(rows: int, columns: int, reach: float, seed) -> list[tf.Tensor]:
    """Returns latents of which only one code differs along each row of a figure.

    Args:
        rows: the same latents but for that code in all figures, drawn for each row.
        columns: values of a continuous code.
        reach: they go from -reach to reach, evenly.
        seed: a stateless seed.

    Returns:
        Row by row, `[rows * 10, 74]` for the categorical code, and `[rows * columns, 74]` for
        each continuous one.
    """
    latents = draw_latents(rows, seed)

    def along(first, values):
        count, width = values.shape
        kept = tf.repeat(latents, count, axis=0)
        varied = tf.tile(values, (rows, 1))
        return tf.concat([kept[:, :first], varied, kept[:, first + width :]], axis=1)

    spread = tf.linspace(-reach, reach, columns)[:, None]
    continuous = range(NOISE_SIZE + CATEGORIES, LATENT_SIZE)
    return [along(NOISE_SIZE, tf.eye(CATEGORIES)), *(along(first, spread) for first in continuous)]
