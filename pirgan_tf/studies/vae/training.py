"""The training of a variational autoencoder, and its figures."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.errors import TrainingError
from pirgan_tf.gan.average import MovingAverage
from pirgan_tf.studies.vae.model import VariationalAutoencoder
from pirgan_tf.training.randomness import step_seeds, stream_seed

# Adamax and an average of weights as in the paper.
_RATE, _AVERAGE = 2e-3, 0.998
# Images times samples at once, when it is tested.
_AT_ONCE = 4096


class Estimates(NamedTuple):
    """Figures of images, in nats per image.

    Attributes:
        bound: the variational bound.
        log_likelihood: log p(x) by importance sampling; not below the bound, and the nearer to
            log p(x) the more samples there are.
    """

    bound: float
    log_likelihood: float


def train(
    model: VariationalAutoencoder,
    images: np.ndarray,
    *,
    seed: int,
    epochs: Sequence[int],
    batch_size: int,
) -> Iterator[float]:
    """Trains a model by the variational bound, from one sample of z for each image.

    The images are binarised anew each time that they are seen: a pixel is 1 with the probability
    of its grey (the "dynamically sampled" MNIST of Kingma et al. 2016).

    Args:
        model: is trained in place. When the iterator is at its end, its weights are replaced by
            their average over the last steps.
        images: uint8 `[n, 28, 28, 1]`.
        seed: of the order of the images and of every draw.
        epochs: numbers of epochs, ascending, at each of which the iterator stops for a moment.
        batch_size: images per step, at most n; what is left over at the end of an epoch is
            left out.

    Yields:
        The mean bound over the steps since the last number.

    Raises:
        TrainingError: if the bound is not finite.
    """
    optimizer = keras.optimizers.Adamax(_RATE)
    variables = model.trainable_variables
    optimizer.build(variables)
    average = MovingAverage(model, _AVERAGE)
    stream = stream_seed(seed, "vae")
    pixels = tf.constant(images)

    @tf.function
    def train_epoch(first, order):
        total = 0.0
        for row in tf.range(len(order)):
            seeds = step_seeds(stream, first + row, 2)
            batch = binarise(tf.gather(pixels, order[row]), seeds[0])
            with tf.GradientTape() as tape:
                bound = tf.reduce_mean(model.log_weights(batch, seeds[1]))
                cost = -bound
            optimizer.apply(tape.gradient(cost, variables), variables)
            average.update(first + row)
            total += bound
        return total / tf.cast(len(order), tf.float32)

    steps = len(images) // batch_size
    bounds: list[float] = []
    for epoch in range(epochs[-1]):
        order = np.random.default_rng([seed, epoch]).permutation(len(images))
        order = order[: steps * batch_size].reshape(steps, batch_size)
        bounds.append(float(train_epoch(tf.constant(epoch * steps), tf.constant(order))))
        if not np.isfinite(bounds[-1]):
            raise TrainingError(
                f"the bound must stay finite. Received: {bounds[-1]} in epoch {epoch + 1}"
            )
        if epoch + 1 in epochs:
            if epoch + 1 == epochs[-1]:
                average.copy_to(model)
            yield float(np.mean(bounds))
            bounds.clear()


def binarise(images, seed):
    """Draws black and white, float32, from images in uint8, as the probabilities of white."""
    draws = tf.random.stateless_uniform(tf.shape(images), seed)
    return tf.cast(draws < tf.cast(images, tf.float32) / 255.0, tf.float32)


def make_estimator(
    model: VariationalAutoencoder, images: np.ndarray, seed: int
) -> Callable[[int], Estimates]:
    """Returns a function that estimates bound and log-likelihood of images, binarised once.

    Args:
        model: the model, as it is when the function is called.
        images: uint8 `[n, 28, 28, 1]`.
        seed: of the binarisation and of every z.

    Returns:
        From the number of samples of z for each image to the estimates.
    """
    stream = stream_seed(seed, "vae_estimate")

    number = tf.TensorSpec((), tf.int32)

    @tf.function(
        input_signature=[tf.TensorSpec((None, *images.shape[1:]), tf.uint8), number, number]
    )
    def sums(batch, number, samples):
        seeds = step_seeds(stream, number, 2)
        weights = model.log_weights(binarise(batch, seeds[0]), seeds[1], samples)
        likelihoods = tf.reduce_logsumexp(weights, axis=1) - tf.math.log(
            tf.cast(samples, tf.float32)
        )
        bounds = tf.reduce_mean(weights, axis=1)
        return tf.stack([tf.reduce_sum(bounds), tf.reduce_sum(likelihoods)])

    def estimate(samples: int) -> Estimates:
        at_once = max(1, _AT_ONCE // samples)
        total = np.zeros(2)
        for first in range(0, len(images), at_once):
            total += sums(images[first : first + at_once], first, samples).numpy()
        return Estimates(*(total / len(images)).tolist())

    return estimate
