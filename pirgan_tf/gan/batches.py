"""The random part of a training step: latents, photographs and seeds of dropout."""

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
        images: photographs, shape `[n, size, size, 3]`, float32 in [-1, 1].
        real_labels: classes of the photographs, shape `[n]`, int32.
        dropout_real: seed of the dropout in the discriminator's pass over photographs,
            shape `[2]`, int32.
        dropout_fake: that of its pass over generated images.
        dropout_fools: that of the generator's pass through it.
        earlier: the batches of the discriminator's updates before the one with this batch.
    """

    latents: tf.Tensor
    fake_labels: tf.Tensor
    images: tf.Tensor
    real_labels: tf.Tensor
    dropout_real: tf.Tensor
    dropout_fake: tf.Tensor
    dropout_fools: tf.Tensor
    earlier: tuple["GanBatch", ...] = ()


class GanBatches:
    """Draws the batch of a step from (seed, step, replica) alone.

    As in appendix A, a class is drawn uniformly and then one of its photographs,
    with replacement, so that classes of different size are shown equally often.
    Without classes, photographs are drawn uniformly.

    It is made outside of the strategy's scope.

    Args:
        images: photographs, shape `[count, size, size, 3]`, uint8.
        labels: their classes, shape `[count]`; every class below `num_classes`
            must have an image. Ignored if `num_classes` is 0.
        num_classes: number of classes, 0 for a plain GAN.
        batch_size: images per step, over all replicas.
        latent_size: units of the latent.
        seed: the run's seed.
        stream: the name of the stage, so that stages draw differently.

    Attributes:
        stream: the variable that decides all draws, shape `[2]`, int32.

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
        seed: int,
        stream: str,
    ):
        groups = max(num_classes, 1)
        labels = labels if num_classes else np.zeros(len(images), np.int32)
        counts = np.bincount(labels, minlength=groups)
        if len(counts) != groups or not counts.all():
            raise InputError(
                f"each of the {groups} classes needs a photograph. "
                f"Received: {counts.tolist()} photographs per class"
            )
        self.num_images = len(images)
        self.batch_size = batch_size
        # Host memory holds the set: it may be larger than a GPU's, and a gather
        # of 64 small images is nothing beside a step.
        with tf.device("CPU:0"):
            self._images = tf.constant(images)
        self._by_class = tf.constant(np.argsort(labels, kind="stable"), tf.int32)
        self._counts = tf.constant(counts, tf.int32)
        self._starts = tf.constant(np.cumsum(counts) - counts, tf.int32)
        self._groups = groups
        self._latent_size = latent_size
        # int32 variables are for the host.
        with tf.device("CPU:0"):
            self.stream = tf.Variable(stream_seed(seed, stream), trainable=False)

    def draw(self, step, replica=0, num_replicas: int = 1, *, part: int = 0) -> GanBatch:
        """Returns the part of a step's batch that a replica trains on.

        Args:
            step: the step, an integer or a scalar tensor.
            replica: the replica's id.
            num_replicas: how many share the batch.
            part: which of several batches of the step.
        """
        n = self.batch_size // num_replicas
        stream = tf.random.fold_in(self.stream, -part) if part else self.stream
        seeds = step_seeds(stream, step, 7, replica)
        uniform, normal = tf.random.stateless_uniform, tf.random.stateless_normal
        real_labels = uniform([n], seeds[0], 0, self._groups, tf.int32)
        # The draw is from a range far above the counts, so the remainder is uniform
        # to one part in a thousand million divided by the count.
        draws = uniform([n], seeds[1], 0, 2**31 - 1, tf.int32)
        positions = draws % tf.gather(self._counts, real_labels)
        positions += tf.gather(self._starts, real_labels)
        with tf.device("CPU:0"):
            photographs = tf.gather(self._images, tf.gather(self._by_class, positions))
        return GanBatch(
            latents=normal([n, self._latent_size], seeds[2]),
            fake_labels=uniform([n], seeds[3], 0, self._groups, tf.int32),
            images=tf.cast(photographs, tf.float32) / 127.5 - 1.0,
            real_labels=real_labels,
            dropout_real=seeds[4],
            dropout_fake=seeds[5],
            dropout_fools=seeds[6],
        )

    def draw_fixed(self, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns `count` latents per class and their labels, equal at every step and stage."""
        labels = np.repeat(np.arange(self._groups, dtype=np.int32), count)
        seed = stream_seed(int(self.stream[0]), "grid")
        latents = tf.random.stateless_normal([len(labels), self._latent_size], seed)
        return latents, tf.constant(labels)
