"""Sampling with the estimator as a condition in place of tuning (section 5.2 of the paper)."""

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from pirgan_tf import kernels
from pirgan_tf.gan.sampling import call_generator, draw_latents, render
from pirgan_tf.gan.trainer import RateFunction
from pirgan_tf.training.randomness import step_seeds, stream_seed

# Larger steps are coarser; smaller ones need more of them to get as far.
_STEP_SIZE = 0.1
_BATCH = 50
# The logarithm has no slope below it.
_LEAST_RATE = 1e-6


def generate_plug_and_play(
    generator: keras.Model,
    rate_function: RateFunction,
    num_images: int,
    seed: int,
    *,
    strength: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Generates images of a high rate by Langevin steps on the latent.

    A step of Plug & Play Generative Networks (Nguyen et al. 2017, eq. 5) is

        h <- h + e1 (R(h) - h) + e2 d log C(h) / dh + N(0, e3^2)

    Decisions of ours:

    - The condition C is the rate itself, which is the probability that a user's interaction
      is positive, just as their C is the probability of a class. With e2 = `strength` e1 the
      steps draw from N(h; 0, I) C(h)^strength: images that as many users in a row have liked.
      The probability of the highest bins would need a threshold and, for bins that few images
      taught, would be a guess. It would also not be what tuning raises.
    - R(h) - h is the score of the latent's distribution, -h. A denoising autoencoder adds
      nothing: the best denoiser of h + s N(0, I) is linear, R(h) = h / (1 + s^2), so that
      R(h) - h = -h s^2 / (1 + s^2), the same step with another e1. (They need one, for their
      h is a layer of a classifier, whose distribution nobody knows.)
    - e3^2 = 2 e1 - e1^2 and e1 = 0.1, so that with `strength` 0 the latents stay N(0, I)
      exactly. After k steps 0.9^k of the first latent is left.
    - `strength` d log C / dh is shortened to the length sqrt(latent_size) where it is longer.
      Latents of N(0, I) are about that long; without a bound, a steep estimator would drive
      them to where the generator never learned anything.

    Args:
        generator: as `build_generator` makes it.
        rate_function: differentiable, from images `[n, size, size, 3]` in [-1, 1] to rates
            `[n]`, each of its own image only. Of a PIR estimator, at temperature 1: at 0.01
            it has hardly a slope.
        num_images: how many.
        seed: decides first latents, classes and noise, each by its index; the first latents
            and the classes are those of `generate`.
        strength: exponent of the rate, from 0.
        steps: how many.

    Returns:
        As `generate`; the latents are those after the last step.
    """
    frozen = kernels.freeze(generator)
    latents, labels = draw_latents(generator, num_images, seed)
    latent_size = latents.shape[1]
    stream = stream_seed(seed, "plug_and_play")
    noise = (2 * _STEP_SIZE - _STEP_SIZE**2) ** 0.5

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, latent_size], tf.float32),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
        ],
        autograph=False,
    )
    def move(h, c, batch, step):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(h)
            rates = rate_function(call_generator(frozen, h, c))
            log_rates = tf.math.log(tf.maximum(rates, _LEAST_RATE))
        condition = strength * tape.gradient(log_rates, h)
        condition = tf.clip_by_norm(condition, latent_size**0.5, axes=[1])
        # Drawn for a whole batch, so that no image depends on how many there are.
        [noise_seed] = step_seeds(stream, step, 1, batch)
        draw = tf.random.stateless_normal([_BATCH, latent_size], noise_seed)[: tf.shape(h)[0]]
        return h + _STEP_SIZE * (condition - h) + noise * draw

    moved = []
    for batch in tqdm(range(-(-num_images // _BATCH)), "plug_and_play", disable=None):
        h, c = latents[batch * _BATCH :][:_BATCH], labels[batch * _BATCH :][:_BATCH]
        for step in range(steps):
            h = move(h, c, batch, step)
        moved.append(h)
    latents = tf.concat(moved, axis=0)
    return render(generator, latents, labels), latents.numpy(), labels.numpy()
