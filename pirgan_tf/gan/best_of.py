"""Sampling by rejection: of several images the one with the highest rate."""

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from pirgan_tf import kernels
from pirgan_tf.gan.sampling import call_generator, draw_latents, render
from pirgan_tf.gan.trainer import RateFunction
from pirgan_tf.training.randomness import step_seeds, stream_seed

_BATCH = 50


def generate_best_of(
    generator: keras.Model,
    rate_function: RateFunction,
    num_images: int,
    seed: int,
    *,
    candidates: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Generates several images for each that is wanted, and keeps the one of the highest rate.

    Those among which one is chosen are of the same class.

    Args:
        generator: as `build_generator` makes it.
        rate_function: from images `[n, size, size, 3]` in [-1, 1] to rates `[n]`.
        num_images: how many to keep.
        seed: decides latents and classes, each by its index; the first candidates are the
            images of `generate`.
        candidates: images among which each is the best, from 1.

    Returns:
        As `generate`.
    """
    frozen = kernels.freeze(generator)
    latents, labels = draw_latents(generator, num_images, seed)
    latent_size = latents.shape[1]
    stream = stream_seed(seed, "best_of")

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, latent_size], tf.float32),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
        ]
    )
    def improve(best, highest, c, batch, candidate):
        h = best
        if candidate > 0:
            # Drawn for a whole batch, so that no image depends on how many there are.
            [draw_seed] = step_seeds(stream, candidate, 1, batch)
            h = tf.random.stateless_normal([_BATCH, latent_size], draw_seed)[: tf.shape(c)[0]]
        rates = rate_function(call_generator(frozen, h, c))
        best = tf.where((rates > highest)[:, tf.newaxis], h, best)
        return best, tf.maximum(rates, highest)

    chosen = []
    for batch in tqdm(range(-(-num_images // _BATCH)), "best_of", disable=None):
        best, c = latents[batch * _BATCH :][:_BATCH], labels[batch * _BATCH :][:_BATCH]
        highest = tf.fill([len(c)], -np.inf)
        for candidate in range(candidates):
            best, highest = improve(best, highest, c, batch, candidate)
        chosen.append(best)
    latents = tf.concat(chosen, axis=0)
    return render(generator, latents, labels), latents.numpy(), labels.numpy()
