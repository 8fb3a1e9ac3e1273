"""The training of InfoGAN."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.errors import TrainingError
from pirgan_tf.gan import losses
from pirgan_tf.studies.infogan.codes import draw_latents, information
from pirgan_tf.studies.infogan.networks import build_discriminator, build_generator
from pirgan_tf.training.randomness import step_seeds, stream_seed

# Appendix C.1; lambda of equation 6.
_GENERATOR_RATE, _DISCRIMINATOR_RATE, _BETA_1 = 1e-3, 2e-4, 0.5
_LAMBDA = 1.0


class Models(NamedTuple):
    """Trained networks; see `build_generator` and `build_discriminator`."""

    generator: keras.Model
    discriminator: keras.Model


def train(
    images: np.ndarray, *, seed: int, ends: Sequence[int], batch_size: int
) -> tuple[Models, np.ndarray]:
    """Trains an InfoGAN (equation 6).

    The bound of the mutual information is part of both steps, as in the authors' code: D's step
    trains the trunk and Q by it, and G's step G and what Q alone has. G minimises
    -log D(G(z)) beside it.

    Args:
        images: uint8 `[n, 28, 28, 1]`.
        seed: of the initial weights and of every draw.
        ends: numbers of steps, ascending, after each of which is recorded.
        batch_size: real images, and generated ones, per step.

    Returns:
        The networks, and the means since the last record of: the bound of the categorical code's
        information, that of the continuous codes', and D's and G's part of the cost, in nats,
        `[records, 4]`.

    Raises:
        TrainingError: if one of these is not finite.
    """
    keras.utils.set_random_seed(seed)
    generator = build_generator()
    discriminator, own = build_discriminator()
    trained = (discriminator.trainable_variables, [*generator.trainable_variables, *own])
    optimizers = [
        keras.optimizers.Adam(rate, beta_1=_BETA_1)
        for rate in (_DISCRIMINATOR_RATE, _GENERATOR_RATE)
    ]
    for optimizer, variables in zip(optimizers, trained, strict=True):
        optimizer.build(variables)
    stream = stream_seed(seed, "infogan")
    pixels = tf.constant(images)

    def look(latents, fakes):
        """Returns the logit of P(real) of fakes, and what Q knows of their codes."""
        source, category, continuous = discriminator(fakes, training=True)
        known = information(latents, category, continuous)
        return source, [tf.reduce_mean(part) for part in known]

    def descend(tape, cost, number):
        gradients = tape.gradient(cost, trained[number])
        optimizers[number].apply(gradients, trained[number])

    def train_step(step):
        seeds = step_seeds(stream, step, 2)
        rows = tf.random.stateless_uniform((batch_size,), seeds[0], 0, len(images), tf.int32)
        reals = tf.cast(tf.gather(pixels, rows), tf.float32) / 255.0
        latents = draw_latents(batch_size, seeds[1])
        fakes = generator(latents, training=True)
        with tf.GradientTape() as tape:
            source, known = look(latents, fakes)
            real = discriminator(reals, training=True)[0]
            value = tf.reduce_mean(losses.real_image(real) + losses.fake_image(source))
            cost = -value - _LAMBDA * tf.add_n(known)
        descend(tape, cost, 0)
        with tf.GradientTape() as tape:
            source, known = look(latents, generator(latents, training=True))
            fooling = tf.reduce_mean(losses.fake_image_fools(source))
            cost = -fooling - _LAMBDA * tf.add_n(known)
        descend(tape, cost, 1)
        return tf.stack([*known, -value, -fooling])

    @tf.function
    def train_steps(first, last):
        total = tf.zeros(4)
        for step in tf.range(first, last):
            total += train_step(step)
        return total / tf.cast(last - first, tf.float32)

    records = []
    for first, last in itertools.pairwise([0, *ends]):
        records.append(train_steps(tf.constant(first), tf.constant(last)).numpy())
        if not np.isfinite(records[-1]).all():
            raise TrainingError(
                "bounds and costs must stay finite. "
                f"Received: {records[-1].tolist()} after {last} steps"
            )
    return Models(generator, discriminator), np.stack(records)
