"""What one training step is made of: latents, photographs and dropout masks."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.training.randomness import step_seeds, stream_seed


class GanBatch(NamedTuple):
    """The random part of a training step, for one replica with `n` images.

    Attributes:
        latents: z, shape `[n, latent_size]`, standard normal.
        fake_labels: c of the generated images, shape `[n]`, int32.
        images: photographs, shape `[n, 64, 64, 3]`, float32 in [-1, 1].
        real_labels: classes of the photographs, shape `[n]`, int32.
        masks_real: dropout masks of the discriminator's pass over photographs, a
            tensor `[n, h, w, channels]` a dropout layer: 0, or 1 / (1 - rate).
        masks_fake: those of its pass over generated images.
        masks_fools: those of the generator's pass through it.
    """

    latents: tf.Tensor
    fake_labels: tf.Tensor
    images: tf.Tensor
    real_labels: tf.Tensor
    masks_real: list[tf.Tensor]
    masks_fake: list[tf.Tensor]
    masks_fools: list[tf.Tensor]


class GanBatches:
    """Draws the batch of a step from (seed, step, replica) alone.

    As in appendix A, a class is drawn uniformly and then one of its photographs,
    with replacement, so that classes of different size are shown equally often.
    Without classes, photographs are drawn uniformly.

    Args:
        images: photographs, shape `[count, 64, 64, 3]`, uint8.
        labels: their classes, shape `[count]`; every class below `num_classes`
            must have an image. Ignored if `num_classes` is 0.
        num_classes: number of classes, 0 for a plain GAN.
        batch_size: images of one replica, `n`.
        latent_size: units of the latent.
        dropout: rate of the dropout masks, in [0, 1), rounded to a whole 256th.
        dropout_shapes: shape of each mask, from `discriminator.dropout_shapes`.
        seed: the run's seed.
        stream: the name of the stage, so that stages draw differently.

    Raises:
        InputError: if a class has no photograph.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        num_classes: int,
        batch_size: int,
        latent_size: int,
        dropout: float,
        dropout_shapes: list[tuple[int, int, int]],
        seed: int,
        stream: str,
    ):
        groups = max(num_classes, 1)
        labels = labels if num_classes else np.zeros(len(images), np.int32)
        counts = np.bincount(labels, minlength=groups)
        if len(counts) != groups or not counts.all():
            raise InputError(
                f"each of the {groups} classes needs a photograph. "
                f"Received: {counts.tolist()} photographs a class"
            )
        # Host memory holds the set: it may be larger than a GPU's, and a gather
        # of 64 small images is nothing beside a step.
        with tf.device("CPU:0"):
            self._images = tf.constant(images[np.argsort(labels, kind="stable")])
        self._counts = tf.constant(counts, tf.int32)
        self._starts = tf.constant(np.cumsum(counts) - counts, tf.int32)
        self._groups = groups
        self._batch_size = batch_size
        self._latent_size = latent_size
        # Of the 256 values of a byte.
        self._dropped = min(round(256 * dropout), 255)
        self._dropout_shapes = dropout_shapes
        self._stream = stream_seed(seed, stream)

    def draw(self, step, replica=0) -> GanBatch:
        """Returns the batch of a step, int, on a replica, its id."""
        n, layers = self._batch_size, len(self._dropout_shapes)
        seeds = step_seeds(self._stream, step, 4 + 3 * layers, replica)
        uniform, normal = tf.random.stateless_uniform, tf.random.stateless_normal
        real_labels = uniform([n], seeds[0], 0, self._groups, tf.int32)
        # The draw is from a range far above the counts, so the remainder is uniform
        # to one part in a thousand million divided by the count.
        draws = uniform([n], seeds[1], 0, 2**31 - 1, tf.int32)
        rows = draws % tf.gather(self._counts, real_labels) + tf.gather(self._starts, real_labels)
        with tf.device("CPU:0"):
            photographs = tf.gather(self._images, rows)
        masks = [
            self._mask([n, *shape], seed)
            for seed, shape in zip(seeds[4:], self._dropout_shapes * 3, strict=True)
        ]
        return GanBatch(
            latents=normal([n, self._latent_size], seeds[2]),
            fake_labels=uniform([n], seeds[3], 0, self._groups, tf.int32),
            images=tf.cast(photographs, tf.float32) / 127.5 - 1.0,
            real_labels=real_labels,
            masks_real=masks[:layers],
            masks_fake=masks[layers : 2 * layers],
            masks_fools=masks[2 * layers :],
        )

    def _mask(self, shape: list[int], seed: tf.Tensor) -> tf.Tensor:
        # Drawing 32 bits an element, for a float, would take three times as long as 8.
        count = math.prod(shape)
        bits = tf.random.stateless_uniform([-(-count // 4)], seed, None, None, tf.int32)
        numbers = tf.reshape(tf.bitcast(bits, tf.uint8), [-1])[:count]
        kept = tf.cast(numbers >= tf.constant(self._dropped, tf.uint8), tf.float32)
        return tf.reshape(kept * (256 / (256 - self._dropped)), shape)
