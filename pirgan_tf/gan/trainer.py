"""Training of the GAN: pretraining, and tuning with an estimated PIR."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import kernels
from pirgan_tf.gan.augmentation import adapted, augment
from pirgan_tf.gan.average import MovingAverage
from pirgan_tf.gan.batches import GanBatch, GanBatches
from pirgan_tf.gan.costs import Cost, Terms, Verdict
from pirgan_tf.gan.networks.families import Networks
from pirgan_tf.gan.reference import Reference
from pirgan_tf.gan.sampling import call_generator
from pirgan_tf.gan.settings import Stabilizers
from pirgan_tf.gan.unrolled import unroll
from pirgan_tf.training.devices import Devices
from pirgan_tf.training.grids import image_grid, to_uint8
from pirgan_tf.training.trainer import Trainer

RateFunction = Callable[[tf.Tensor], tf.Tensor]
_GRID_COLUMNS, _GRID_ROWS_PER_CLASS = 8, 4
_PAPER = Stabilizers()
# Of the layers' seeds, which are numbered from 0.
_AUGMENTATION = -1


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
    """Trains generator and discriminator, both once per step.

    With a rate function the generator's loss gains w_PIR E R(G(z, c)), and this
    is tuning (section 2.1.4); without one it is pretraining. One forward pass of
    the generator is used for both updates: the discriminator learns from its images
    first, then judges the same images for the generator's update.

    Args:
        networks: generator and discriminator, which are not changed: equal, faster models
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
        stabilizers: what the paper's step does not have.

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
        stabilizers: Stabilizers = _PAPER,
    ):
        names = _term_names(cost, networks.discriminator)
        names += ["pir"] * bool(rate_function) + ["r1"] * bool(stabilizers.r1_weight)
        names += ["augmentation"] * stabilizers.adapt_augmentation
        super().__init__(
            devices,
            batch_size=batches.batch_size,
            num_images=batches.num_images,
            loss_names=tuple(f"loss/{name}" for name in names),
        )
        self.batches = batches
        self._cost = cost
        self._optimizers = optimizers
        self._rate_function = rate_function
        self._rate_weight = tf.Variable(rate_weight, trainable=False, dtype=tf.float32)
        self._rate_variables = rate_variables
        self._stabilizers = stabilizers
        self._num_replicas = devices.num_replicas
        self._reference = Reference(networks.generator)
        with self.strategy.scope():
            self.generator, self.discriminator = (
                kernels.accelerate(network, synchronized=devices.num_replicas > 1)
                for network in networks
            )
            # Under a strategy, slot variables cannot be created inside the traced step.
            optimizers.generator.build(self.generator.trainable_variables)
            optimizers.discriminator.build(self.discriminator.trainable_variables)
            self._augmentation = tf.Variable(
                stabilizers.augmentation,
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            self._average = None
            if stabilizers.average_decay:
                self._average = MovingAverage(self.generator, stabilizers.average_decay)

    def draw_batch(self, step, replica) -> GanBatch:
        """Returns the batch of a step on a replica."""
        batch, *earlier = (
            self.batches.draw(step, replica, self._num_replicas, part=part)
            for part in range(self._stabilizers.discriminator_steps)
        )
        return batch._replace(earlier=tuple(earlier))

    def update(self, batch: GanBatch) -> dict[str, tf.Tensor]:
        """Updates both networks from one replica's batch, discriminator first.

        Returns:
            This replica's share of each loss: their sum over the replicas is the
            mean over the whole batch.
        """
        for earlier in batch.earlier:
            fakes = self._reference.generate(self.generator, earlier.latents, earlier.fake_labels)
            self._train_discriminator(earlier, fakes)
        with tf.GradientTape() as tape:
            fakes = self._reference.generate(self.generator, batch.latents, batch.fake_labels)

        if self._stabilizers.unroll_steps:
            # The generator looks ahead from the discriminator as it is before its update.
            slopes, terms = self._derive_generator(batch, fakes)
            terms = self._train_discriminator(batch, fakes) | terms
        else:
            terms = self._train_discriminator(batch, fakes)
            slopes, more = self._derive_generator(batch, fakes)
            terms |= more
        gradients = tape.gradient(fakes, _tensors(self.generator), slopes)
        step = tf.convert_to_tensor(self._optimizers.generator.iterations)
        self._optimizers.generator.apply(gradients, self.generator.trainable_variables)
        if self._average:
            self._average.update(step)
        return {f"loss/{name}": self._mean(values) for name, values in terms.items()}

    def _train_discriminator(self, batch: GanBatch, fakes: tf.Tensor) -> Terms:
        """Updates the discriminator; returns its terms and its total as one."""
        weight = self._stabilizers.r1_weight
        with tf.GradientTape() as tape:
            with tf.GradientTape(watch_accessed_variables=False) as images_tape:
                if weight:
                    images_tape.watch(batch.images)
                reals = self._judge(batch.images, batch.dropout_real)
            terms, costs = self._cost.discriminator(
                reals,
                batch.real_labels,
                self._judge(tf.stop_gradient(fakes), batch.dropout_fake),
            )
            if weight:
                slopes = images_tape.gradient(reals.source, batch.images)
                terms["r1"] = tf.reduce_sum(slopes**2, axis=[1, 2, 3])
                costs += weight / 2 * terms["r1"]
            loss = self._mean(costs)
        gradients = tape.gradient(loss, _tensors(self.discriminator))
        self._optimizers.discriminator.apply(gradients, self.discriminator.trainable_variables)
        if self._stabilizers.adapt_augmentation:
            terms["augmentation"] = self._adapt_augmentation(reals)
        return terms | {"discriminator": costs}

    def _derive_generator(self, batch: GanBatch, fakes: tf.Tensor) -> tuple[tf.Tensor, Terms]:
        """Returns the generator's gradient by its images; its terms and its total as one."""
        with tf.GradientTape() as tape:
            tape.watch(fakes)
            weights = self._look_ahead(batch, fakes) if self._stabilizers.unroll_steps else None
            terms, costs = self._cost.generator(
                self._judge(fakes, batch.dropout_fools, weights), batch.fake_labels
            )
            if self._rate_function:
                terms["pir"] = self._rate_function(fakes)
                costs -= self._rate_weight * terms["pir"]
            loss = self._mean(costs)
        return tape.gradient(loss, fakes), terms | {"generator": costs}

    def _look_ahead(self, batch: GanBatch, fakes: tf.Tensor) -> list[tf.Tensor]:
        """Returns the discriminator's weights after some updates on this batch (equation 9)."""

        def loss(weights: list[tf.Tensor]) -> tf.Tensor:
            _, costs = self._cost.discriminator(
                self._judge(batch.images, batch.dropout_real, weights),
                batch.real_labels,
                self._judge(fakes, batch.dropout_fake, weights),
            )
            return self._mean(costs)

        return unroll(
            loss,
            _tensors(self.discriminator),
            self._optimizers.discriminator,
            self._stabilizers.unroll_steps,
        )

    def _adapt_augmentation(self, reals: Verdict) -> tf.Tensor:
        """Adapts the strength; returns it once for each of this replica's images."""
        sure = self._mean(tf.sign(reals.source))
        context = tf.distribute.get_replica_context()
        if self._num_replicas > 1:
            sure = context.all_reduce(tf.distribute.ReduceOp.SUM, sure)
        strength = adapted(tf.convert_to_tensor(self._augmentation), sure, self.batch_size)
        self._augmentation.assign(strength)
        return tf.fill(reals.source.shape[:1], strength)

    def checkpoint_items(self) -> dict:
        """Returns both networks, both optimizers, and what the stabilizers keep."""
        items = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimizer": self._optimizers.generator,
            "discriminator_optimizer": self._optimizers.discriminator,
        }
        if self._stabilizers.adapt_augmentation:
            items["augmentation"] = self._augmentation
        if self._average:
            items["average"] = self._average
        return items

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
        generator = self.averaged_generator() or self.generator
        return image_grid(to_uint8(call_generator(generator, latents, labels)), _GRID_COLUMNS)

    def averaged_generator(self) -> keras.Model | None:
        """Returns a generator whose weights are the moving average, None where that is off."""
        if self._average is None:
            return None
        averaged = keras.models.clone_model(self.generator)
        self._average.copy_to(averaged)
        Reference(averaged).settle(averaged)
        return averaged

    def _judge(
        self, images: tf.Tensor, seed: tf.Tensor, weights: list[tf.Tensor] | None = None
    ) -> Verdict:
        """Returns what the discriminator says of images, with other weights than its own if given.

        Args:
            images: as the generator makes them.
            seed: of dropout and augmentation, shape `[2]`.
            weights: the trainable ones.
        """
        if self._stabilizers.augments:
            images = augment(images, tf.random.fold_in(seed, _AUGMENTATION), self._augmentation)
        with kernels.dropout_seed(seed):
            if weights is None:
                outputs = self.discriminator(images, training=True)
            else:
                statistics = [v.value for v in self.discriminator.non_trainable_variables]
                outputs, _ = self.discriminator.stateless_call(
                    weights, statistics, images, training=True
                )
        return Verdict(*outputs) if isinstance(outputs, (tuple, list)) else Verdict(outputs)

    def _mean(self, values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(values) / self.batch_size


def _term_names(cost: Cost, discriminator: keras.Model) -> list[str]:
    """Returns the names of a cost's totals and terms, which it gives when it is called."""
    verdict = Verdict(*(tf.zeros([1, output.shape[1]]) for output in discriminator.outputs))
    label = tf.zeros([1], tf.int32)
    of_discriminator, _ = cost.discriminator(verdict, label, verdict)
    of_generator, _ = cost.generator(verdict, label)
    return ["discriminator", "generator", *of_discriminator, *of_generator]


def _tensors(network: keras.Model) -> list[tf.Tensor]:
    """Returns the trainable tensors: Keras's variables hide what the tape knows."""
    return [variable.value for variable in network.trainable_variables]
