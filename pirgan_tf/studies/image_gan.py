"""The training of a GAN on images with K unrolled steps, for the studies of unrolling."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import gan, kernels, training
from pirgan_tf.data import ImageDataset
from pirgan_tf.files.json import read_json_lines
from pirgan_tf.gan.sampling import call_generator
from pirgan_tf.studies.image_gan_options import ImageGanOptions
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
        steps: how long it will train.
        num_samples: images to make each time.
        **settings: as for `GanTrainer`.

    Attributes:
        record_steps: when it samples: before training, after each of about 20 equal parts of it,
            and at the end.
    """

    def __init__(self, *arguments: Any, steps: int, num_samples: int, **settings: Any):
        super().__init__(*arguments, **settings)
        self.record_steps = record_steps(steps)
        latents, labels = self.batches.draw_fixed(num_samples)
        self._sample = tf.function(
            lambda: call_generator(self.generator, latents, labels), autograph=False
        )
        shape = (len(self.record_steps), num_samples, *self.generator.output_shape[1:])
        with tf.device("CPU:0"):
            self._samples = tf.Variable(tf.zeros(shape, tf.uint8), trainable=False)
        self.evaluate(0)

    @property
    def samples(self) -> np.ndarray:
        """The images, uint8 `[records, num_samples, size, size, channels]`."""
        return self._samples.numpy()

    def evaluate(self, step: int) -> dict[str, float]:
        """Samples the generator; there are no figures."""
        images = training.to_uint8(self._sample())
        self._samples[self.record_steps.index(step)].assign(images)
        return {}

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the samples so far."""
        return super().checkpoint_items() | {"samples": self._samples}


def record_steps(steps: int) -> list[int]:
    """Returns the steps at which the generator of a training is sampled."""
    every = max(1, steps // RECORDS)
    return [*range(0, steps, every), steps]


def train_image_gan(
    build_networks: Callable[[], gan.Networks],
    dataset: ImageDataset,
    rates: tuple[float, float],
    folder: Path,
    options: ImageGanOptions,
    unroll_steps: int,
    seed: int,
    num_samples: int,
) -> tuple[keras.Model, Arrays]:
    """Trains a GAN without classes (Unrolled GANs, appendices B and C), or goes on with it.

    The generator minimises -log D(G(z)), for the appendices print the losses with signs
    reversed, by Adam as the discriminator does. A step updates each network once, where the
    paper counts each update as a step.

    Args:
        build_networks: called when the seed is set.
        dataset: images, scaled to [-1, 1], and classes, which are not used.
        rates: Adam's learning rates for the generator and the discriminator.
        folder: what the training goes on from, and its figures by step.
        options: how long, and how many images per step.
        unroll_steps: K; with 0 it is an ordinary GAN.
        seed: of the initial weights and of every draw.
        num_samples: images to make at each of `record_steps`, always from the same latents.

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
            batch_size=options.batch_size,
            latent_size=networks.generator.inputs[0].shape[1],
            seed=seed,
            stream="image_gan",
        ),
        gan.Optimizers(
            *(keras.optimizers.Adam(rate, beta_1=_BETA_1, epsilon=_EPSILON) for rate in rates)
        ),
        devices,
        stabilizers=gan.Stabilizers(unroll_steps=unroll_steps),
        steps=options.steps,
        num_samples=num_samples,
    )
    every = trainer.record_steps[1]
    schedule = training.loop.Schedule(
        options.steps, log_every=every, evaluate_every=every, checkpoint_every=0, keep_checkpoints=1
    )
    folder.mkdir(exist_ok=True)
    training.loop.run(trainer, schedule, folder)
    rows = read_json_lines(folder / "stats.jsonl")
    arrays = {"samples": trainer.samples, "seconds": np.array(rows[-1]["seconds"])}
    kernels.copy_weights(trainer.generator, networks.generator)
    return networks.generator, arrays
