"""Training of the GAN: pretraining, and tuning with an estimated PIR."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import kernels
from pirgan_tf.gan.batches import GanBatch, GanBatches
from pirgan_tf.gan.costs import Cost, Verdict
from pirgan_tf.gan.networks.families import Networks
from pirgan_tf.gan.sampling import call_generator
from pirgan_tf.training.devices import Devices
from pirgan_tf.training.grids import image_grid, to_uint8
from pirgan_tf.training.trainer import Trainer

RateFunction = Callable[[tf.Tensor], tf.Tensor]
_GRID_COLUMNS, _GRID_ROWS_PER_CLASS = 8, 4


class Optimizers(NamedTuple):
    """The optimizers of the two networks."""

    generator: keras.optimizers.Optimizer
    discriminator: keras.optimizers.Optimizer


def paper_optimizers(
    generator_learning_rate: float = 1e-5,
    adam_beta_1: float = 0.5,
    discriminator_learning_rate: float = 1e-5,
) -> Optimizers:
    """Returns Adam for the generator and RMSProp for the discriminator (appendix A).

    It is called within the strategy under which the optimizers are used.
    """
    return Optimizers(
        keras.optimizers.Adam(generator_learning_rate, beta_1=adam_beta_1),
        keras.optimizers.RMSprop(discriminator_learning_rate),
    )


class GanTrainer(Trainer):
    """Trains generator and discriminator in turn, both once per step.

    With a rate function the generator's loss gains w_PIR E R(G(z, c)), and this
    is tuning (section 2.1.4); without one it is pretraining. One forward pass of
    the generator serves both updates: the discriminator learns from its images
    first, then judges the same images for the generator's update.

    Args:
        networks: generator and discriminator, which stay as they are: equal, faster models
            with their weights are trained.
        cost: what the two minimise.
        batches: what a step draws.
        optimizers: of the two, made within `devices.strategy.scope()`.
        devices: where and in which precision.
        rate_function: R, differentiable, from images `[n, size, size, 3]` in [-1, 1]
            to estimated PIRs `[n]`; it is called within the strategy, and its
            variables stay as they are.
        rate_weight: w_PIR.
        rate_variables: what the rate function reads, so that `begin_as` can change it.

    Attributes:
        generator: the generator that is trained.
        discriminator: the discriminator that is trained.
    """

    def __init__(
        self,
        networks: Networks,
        cost: Cost,
        batches: GanBatches,
        optimizers: Optimizers,
        devices: Devices,
        *,
        rate_function: RateFunction | None = None,
        rate_weight: float = 1000.0,
        rate_variables: Sequence = (),
    ):
        super().__init__(
            devices,
            batch_size=batches.batch_size,
            num_images=batches.num_images,
            loss_names=_loss_names(cost, networks.discriminator, rate_function),
        )
        self.batches = batches
        self._cost = cost
        self._optimizers = optimizers
        self._rate_function = rate_function
        self._rate_weight = tf.Variable(rate_weight, trainable=False, dtype=tf.float32)
        self._rate_variables = rate_variables
        self._num_replicas = devices.num_replicas
        with self.strategy.scope():
            self.generator, self.discriminator = (
                kernels.accelerate(network, synchronized=devices.num_replicas > 1)
                for network in networks
            )
            # Under a strategy, slot variables cannot be created inside the traced step.
            optimizers.generator.build(self.generator.trainable_variables)
            optimizers.discriminator.build(self.discriminator.trainable_variables)

    def draw_batch(self, step, replica) -> GanBatch:
        """Returns the batch of a step on a replica."""
        return self.batches.draw(step, replica, self._num_replicas)

    def update(self, batch: GanBatch) -> dict[str, tf.Tensor]:
        """Updates both networks from one replica's batch, discriminator first.

        Returns:
            This replica's share of each loss: their sum over the replicas is the
            mean over the whole batch.
        """
        with tf.GradientTape() as generator_tape:
            fakes = call_generator(self.generator, batch.latents, batch.fake_labels, training=True)

        with tf.GradientTape() as tape:
            terms, costs = self._cost.discriminator(
                self._judge(batch.images, batch.dropout_real),
                batch.real_labels,
                self._judge(tf.stop_gradient(fakes), batch.dropout_fake),
            )
            loss = self._mean(costs)
        gradients = tape.gradient(loss, _tensors(self.discriminator))
        self._optimizers.discriminator.apply(gradients, self.discriminator.trainable_variables)
        terms["discriminator"] = costs

        with tf.GradientTape() as tape:
            tape.watch(fakes)
            more, costs = self._cost.generator(
                self._judge(fakes, batch.dropout_fools), batch.fake_labels
            )
            terms |= more
            if self._rate_function:
                terms["pir"] = self._rate_function(fakes)
                costs -= self._rate_weight * terms["pir"]
            loss = self._mean(costs)
        gradients = generator_tape.gradient(
            fakes, _tensors(self.generator), tape.gradient(loss, fakes)
        )
        self._optimizers.generator.apply(gradients, self.generator.trainable_variables)
        terms["generator"] = costs
        return {f"loss/{name}": self._mean(values) for name, values in terms.items()}

    def checkpoint_items(self) -> dict:
        """Returns both networks and both optimizers."""
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimizer": self._optimizers.generator,
            "discriminator_optimizer": self._optimizers.discriminator,
        }

    def state(self) -> list:
        """Returns networks, optimizers, the seed, w_PIR and what the rate function reads."""
        return [
            *super().state(),
            self.batches.stream,
            self._rate_weight,
            *self._rate_variables,
        ]

    def draw_images(self) -> np.ndarray:
        """Returns images of fixed latents as one grid, a block of rows per class."""
        latents, labels = self.batches.draw_fixed(_GRID_COLUMNS * _GRID_ROWS_PER_CLASS)
        return image_grid(to_uint8(call_generator(self.generator, latents, labels)), _GRID_COLUMNS)

    def _judge(self, images: tf.Tensor, dropout_seed: tf.Tensor) -> Verdict:
        with kernels.dropout_seed(dropout_seed):
            outputs = self.discriminator(images, training=True)
        return Verdict(*outputs) if isinstance(outputs, (tuple, list)) else Verdict(outputs)

    def _mean(self, values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(values) / self.batch_size


def _loss_names(
    cost: Cost, discriminator: keras.Model, rate_function: RateFunction | None
) -> tuple[str, ...]:
    """Returns the names of all losses, which the cost gives when it is called."""
    verdict = Verdict(*(tf.zeros([1, output.shape[1]]) for output in discriminator.outputs))
    label = tf.zeros([1], tf.int32)
    of_discriminator, _ = cost.discriminator(verdict, label, verdict)
    of_generator, _ = cost.generator(verdict, label)
    names = ["discriminator", "generator", *of_discriminator, *of_generator]
    return tuple(f"loss/{name}" for name in names + ["pir"] * bool(rate_function))


def _tensors(network: keras.Model) -> list[tf.Tensor]:
    """Returns the trainable tensors: Keras's variables hide what the tape knows."""
    return [variable.value for variable in network.trainable_variables]
