"""The training of the toy, for several seeds at once."""

import itertools
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.errors import TrainingError
from pirgan_tf.gan import losses
from pirgan_tf.studies.gaussian.conditions import Condition
from pirgan_tf.studies.gaussian.networks import build_discriminator, build_generator
from pirgan_tf.training.randomness import step_seeds, stream_seed

RANGE = 5.0
"""The noise is uniform within this distance of 0, and the generator reaches no further."""

GRID = np.linspace(-RANGE, RANGE, 101, dtype="float32")
"""Where the discriminator's decisions are recorded."""

# The tutorial's.
_MOMENTUM = 0.6
_DECAY, _DECAYS = 0.95, 4
_STREAM = stream_seed(0, "gaussian")


class Training(NamedTuple):
    """What came of training, for every seed.

    Attributes:
        samples: of the generator by step, always from the same noise, `[records + 1, seeds, n]`.
        values: E log D(x) + E log(1 - D(G(z))), which D ascends, mean over the steps since the
            last record, `[records, seeds]`.
        fooling: E log D(G(z)), which G ascends, likewise.
        curves: D(x) on `GRID`, before and after all training, `[2, seeds, grid]`.
    """

    samples: np.ndarray
    values: np.ndarray
    fooling: np.ndarray
    curves: np.ndarray


def train(
    condition: Condition,
    *,
    seeds: int,
    steps: int,
    batch_size: int,
    pretraining: int,
    learning_rate: float,
    records: int,
    num_samples: int,
) -> Training:
    """Trains a GAN on a standard Gaussian from each seed (section 2.1 to 2.3).

    Noise is uniform on [-5, 5]. Both networks learn by SGD with momentum, in turn: D ascends the
    value, and then G ascends E log D(G(z)), the non-saturating cost (decision: of the found
    tutorial, as the momentum of 0.6 and the rate's decay by 0.95 after each quarter).

    Args:
        condition: what D has and learns before.
        seeds: how many, from 0 on.
        steps: of both networks.
        batch_size: samples of the data, and of the generator, per step.
        pretraining: D's steps before, if the condition has it learn anything.
        learning_rate: of both networks, at the start.
        records: how often to sample.
        num_samples: how many samples to record.

    Raises:
        TrainingError: if a seed's losses are not finite.
    """
    # The initial weights of minibatch features are drawn from it, seed by seed.
    keras.utils.set_random_seed(0)
    generator = build_generator(seeds)
    discriminator = build_discriminator(
        seeds, batch_size, minibatch_features=condition.minibatch_features
    )

    def draw(step):
        # A draw for more seeds begins with that for fewer.
        shape, keys = (seeds, batch_size, 1), step_seeds(_STREAM, step, 2)
        data = tf.random.stateless_normal(shape, keys[0])
        return data, tf.random.stateless_uniform(shape, keys[1], -RANGE, RANGE)

    def value(data, noise):
        fakes = generator(noise)
        return losses.real_image(discriminator(data)) + losses.fake_image(discriminator(fakes))

    def fooling(noise):
        return losses.fake_image_fools(discriminator(generator(noise)))

    def density_fit(_, noise):
        density = tf.exp(-tf.square(noise) / 2) / np.sqrt(2 * np.pi)
        return -tf.square(tf.sigmoid(discriminator(noise)) - density)[..., 0]

    def ascent(model, objective, duration):
        """Returns a step of one model up an objective `[seeds, n]`, which returns its means."""
        decay = keras.optimizers.schedules.ExponentialDecay(
            learning_rate, max(1, duration // _DECAYS), _DECAY, staircase=True
        )
        optimizer = keras.optimizers.SGD(decay, momentum=_MOMENTUM)
        optimizer.build(model.trainable_variables)

        def step(*batch):
            with tf.GradientTape() as tape:
                means = tf.reduce_mean(objective(*batch), axis=1)
                # Of the sum, so that every seed's gradient is that of its own mean.
                cost = -tf.reduce_sum(means)
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(cost, variables), variables)
            return means

        return step

    if condition.pretraining:
        objective = {"density": density_fit, "untrained": value}[condition.pretraining]
        prepare_discriminator = ascent(discriminator, objective, pretraining)
    train_discriminator = ascent(discriminator, value, steps)
    train_generator = ascent(generator, fooling, steps)

    @tf.function
    def pretrain():
        # Before step 0, for other draws than those of the training.
        for step in tf.range(-pretraining, 0):
            prepare_discriminator(*draw(step))

    @tf.function
    def train_steps(first, last):
        sums = tf.zeros((2, seeds))
        for step in tf.range(first, last):
            data, noise = draw(step)
            sums += tf.stack([train_discriminator(data, noise), train_generator(noise)])
        return sums / tf.cast(last - first, tf.float32)

    @tf.function
    def curve():
        """D(x) for an x among samples of the data: with minibatch features, D sees those too."""
        data, _ = draw(steps)

        def decide(x):
            batch = tf.concat([tf.fill((seeds, 1, 1), x), data[:, 1:]], axis=1)
            return tf.sigmoid(discriminator(batch))[:, 0, 0]

        return tf.transpose(tf.map_fn(decide, tf.constant(GRID)))

    noise = tf.linspace(-RANGE, RANGE, num_samples)[None, :, None] * tf.ones((seeds, 1, 1))

    def sample():
        return generator(noise)[..., 0].numpy()

    samples, curves, means = [sample()], [curve().numpy()], []
    if condition.pretraining:
        pretrain()
    ends = np.linspace(0, steps, records + 1).round().astype(np.int32)
    for first, last in itertools.pairwise(ends):
        means.append(train_steps(tf.constant(first), tf.constant(last)).numpy())
        samples.append(sample())
    curves.append(curve().numpy())
    values, fooling_values = np.stack(means, axis=1)
    lost = np.flatnonzero(~np.isfinite(values).all(0))
    if lost.size:
        raise TrainingError(
            "the losses must stay finite: try a smaller learning_rate. "
            f"Received: others of seed {', '.join(map(str, lost))}"
        )
    return Training(np.stack(samples), values, fooling_values, np.stack(curves))
