"""The training of a GAN on images, sampled by step, that several studies share."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import gan, kernels, training
from pirgan_tf.data import ImageDataset
from pirgan_tf.files.json import read_json_lines
from pirgan_tf.gan.sampling import call_generator
from pirgan_tf.studies.trainings import Arrays

RECORDS = 20
"""Into how many parts a training is divided, after each of which its generator is sampled."""

_BETA_1 = 0.5
# TensorFlow's, when the paper was written.
_EPSILON = 1e-8


class SampledGanTrainer(gan.GanTrainer):
    """A `GanTrainer` that keeps what its generator makes of the same latents by step.

    Args:
        *arguments: as for `GanTrainer`.
        record_steps: when it samples; the first is before training.
        num_samples: images to make each time.
        **settings: as for `GanTrainer`.
    """

    def __init__(
        self, *arguments: Any, record_steps: Sequence[int], num_samples: int, **settings: Any
    ):
        super().__init__(*arguments, **settings)
        self._record_steps = record_steps
        latents, labels = self.batches.draw_fixed(num_samples)
        self._sample = tf.function(
            lambda: call_generator(self.generator, latents, labels), autograph=False
        )
        shape = (len(record_steps), num_samples, *self.generator.output_shape[1:])
        with tf.device("CPU:0"):
            self._samples = tf.Variable(tf.zeros(shape, tf.uint8), trainable=False)
        self.evaluate(0)

    @property
    def samples(self) -> np.ndarray:
        """The images, uint8 `[records, num_samples, size, size, channels]`."""
        return self._samples.numpy()

    def evaluate(self, step: int) -> dict[str, float]:
        """Samples the generator if it is time; there are no figures."""
        if step in self._record_steps:
            images = training.to_uint8(self._sample())
            self._samples[self._record_steps.index(step)].assign(images)
        return {}

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the samples so far."""
        return super().checkpoint_items() | {"samples": self._samples}


def record_steps(steps: int) -> list[int]:
    """Returns when the generator of a training is sampled, where the paper does not say."""
    every = max(1, steps // RECORDS)
    return [*range(0, steps, every), steps]


def train_image_gan(
    build_networks: Callable[[], gan.Networks],
    dataset: ImageDataset,
    rates: tuple[float, float],
    folder: Path,
    *,
    record_steps: Sequence[int],
    batch_size: int,
    seed: int,
    num_samples: int,
    unroll_steps: int = 0,
) -> tuple[keras.Model, Arrays]:
    """Trains a GAN without classes, or goes on with it.

    The generator minimises -log D(G(z)) by Adam, as the discriminator does. (The appendices of
    Unrolled GANs print the losses with signs reversed.) A step updates each network once, where
    that paper counts each update as a step.

    Args:
        build_networks: called when the seed is set.
        dataset: images, scaled to [-1, 1], and classes, which are not used.
        rates: Adam's learning rates for the generator and the discriminator.
        folder: what the training goes on from, and its figures by step.
        record_steps: when the generator is sampled: before the first step, which is 0, ..., and
            at the end.
        batch_size: real images, and generated ones, per step.
        seed: of the initial weights and of every draw.
        num_samples: images to make each time, always from the same latents.
        unroll_steps: K; with 0 it is an ordinary GAN.

    Returns:
        The trained generator in plain layers, and as arrays `samples`, uint8
        `[records, n, size, size, channels]`, and `seconds`.

    Raises:
        InputError: if a batch is larger than the dataset.
    """
    devices = training.configure(
        strategy="one", replicas=0, precision="float32", jit="auto", seed=seed
    )
    networks = build_networks()
    trainer = SampledGanTrainer(
        networks,
        gan.acgan(),
        gan.GanBatches(
            dataset.images,
            dataset.labels,
            num_classes=0,
            batch_size=batch_size,
            latent_size=networks.generator.inputs[0].shape[1],
            seed=seed,
            stream="image_gan",
        ),
        gan.Optimizers(
            *(keras.optimizers.Adam(rate, beta_1=_BETA_1, epsilon=_EPSILON) for rate in rates)
        ),
        devices,
        stabilizers=gan.Stabilizers(unroll_steps=unroll_steps),
        record_steps=record_steps,
        num_samples=num_samples,
    )
    *earlier, last = record_steps
    every = math.gcd(*earlier) or last
    schedule = training.loop.Schedule(
        last, log_every=every, evaluate_every=every, checkpoint_every=0, keep_checkpoints=1
    )
    folder.mkdir(exist_ok=True)
    training.loop.run(trainer, schedule, folder)
    rows = read_json_lines(folder / "stats.jsonl")
    arrays = {"samples": trainer.samples, "seconds": np.array(rows[-1]["seconds"])}
    kernels.copy_weights(trainer.generator, networks.generator)
    return networks.generator, arrays
