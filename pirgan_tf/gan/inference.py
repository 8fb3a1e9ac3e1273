"""Inference via optimisation: which latent gives an image (Metz et al. 2017, section 3.4)."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import kernels
from pirgan_tf.gan.sampling import call_generator
from pirgan_tf.training.grids import to_float
from pirgan_tf.training.randomness import step_seeds, stream_seed

_BATCH = 64
# Of the error, from step to step. Below it, the line search only follows rounding.
_TOLERANCE = 1e-4


class Inference(NamedTuple):
    """The nearest images that a generator was found to make.

    Attributes:
        latents: shape `[n, latent_size]`, float32.
        errors: mean squared error of each image, over pixels and channels in [-1, 1], `[n]`.
    """

    latents: np.ndarray
    errors: np.ndarray


def infer_latents(
    generator: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    seed: int = 0,
    starts: int = 3,
    iterations: int = 100,
) -> Inference:
    """Searches the latents whose images are nearest to given ones.

    Minimises the mean squared error over z by L-BFGS, all images of a batch at once, from
    several draws of N(0, I), and keeps the best. A generator that cannot make an image,
    because it lost a mode, has a large error there. The error is found by a local search:
    it is an upper bound.

    Args:
        generator: as `build_generator` makes it.
        images: shape `[n, size, size, 3]`, uint8.
        labels: their classes, shape `[n]`, which a generator without classes ignores.
        seed: of the draws.
        starts: searches for each image (three in the source).
        iterations: most steps of a search (decision of ours).
    """
    # It takes seconds to import, and no command but those that infer needs it.
    import tensorflow_probability as tfp

    frozen = kernels.freeze(generator)
    latent_size = generator.inputs[0].shape[1]

    signature = [
        tf.TensorSpec([None, latent_size], tf.float32),
        tf.TensorSpec([None, *images.shape[1:]], tf.float32),
        tf.TensorSpec([None], tf.int32),
    ]

    # A function of its own: the search calls it in a dozen places, and would be traced for long.
    @tf.function(input_signature=signature, autograph=False)
    def errors_and_slopes(latents, targets, classes):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(latents)
            made = call_generator(frozen, latents, classes)
            errors = tf.reduce_mean(tf.square(made - targets), axis=[1, 2, 3])
        # Each error is of its own latent: the slope of their sum is that of each.
        return errors, tape.gradient(errors, latents)

    @tf.function(input_signature=signature, autograph=False)
    def search(first, targets, classes):
        found = tfp.optimizer.lbfgs_minimize(
            lambda latents: errors_and_slopes(latents, targets, classes),
            first,
            max_iterations=iterations,
            f_relative_tolerance=_TOLERANCE,
            stopping_condition=tfp.optimizer.converged_all,
        )
        return found.position, found.objective_value

    stream = stream_seed(seed, "inference")
    batches = []
    for batch in range(-(-len(images) // _BATCH)):
        rows = slice(batch * _BATCH, (batch + 1) * _BATCH)
        targets, classes = to_float(images[rows]), tf.constant(labels[rows], tf.int32)
        count = len(classes)
        best = Inference(np.zeros([count, latent_size], np.float32), np.full(count, np.inf))
        for draw_seed in step_seeds(stream, batch, starts):
            first = tf.random.stateless_normal([_BATCH, latent_size], draw_seed)[:count]
            latents, errors = search(first, targets, classes)
            better = errors.numpy() < best.errors
            best = Inference(
                np.where(better[:, np.newaxis], latents, best.latents),
                np.where(better, errors, best.errors),
            )
        batches.append(best)
    return Inference(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))
