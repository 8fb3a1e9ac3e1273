"""Training of the GAN: pretraining, and tuning with an estimated PIR."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.gan import losses
from pirgan_tf.gan.batches import GanBatch, GanBatches
from pirgan_tf.gan.discriminator import build_discriminator, dropout_shapes
from pirgan_tf.gan.generator import build_generator
from pirgan_tf.training.devices import Devices
from pirgan_tf.training.grids import image_grid, to_uint8
from pirgan_tf.training.optimizers import FusedAdam
from pirgan_tf.training.randomness import stream_seed
from pirgan_tf.training.trainer import Trainer

RateFunction = Callable[[tf.Tensor], tf.Tensor]
_GRID_COLUMNS, _GRID_ROWS_PER_CLASS = 8, 4


@dataclasses.dataclass(frozen=True)
class GanSettings:
    """The numbers of GAN training; the defaults are the paper's.

    Attributes:
        num_classes: image classes; 0 is the plain GAN.
        latent_size: units of the latent.
        width: scales the depths of both networks.
        dropout: rate of the discriminator's dropout, rounded to a whole 256th in training
            (decision of ours).
        batch_size: images a step over all replicas (decision of ours).
        generator_learning_rate: of Adam.
        adam_beta_1: of Adam.
        discriminator_learning_rate: of RMSProp.
        fake_class_weight: w_fake_class of appendix A.
        real_class_weight: w_real_class of appendix A.
        adversarial_weight: of log P(source(G(z, c)) = real) in the generator's loss; the
            paper has 1, and names 0 as the extreme (section 5.1).
        pir_weight: w_PIR of section 2.1.4; used with a rate function only.
    """

    num_classes: int = 2
    latent_size: int = 64
    width: float = 1.0
    dropout: float = 0.5
    batch_size: int = 64
    generator_learning_rate: float = 1e-5
    adam_beta_1: float = 0.5
    discriminator_learning_rate: float = 1e-5
    fake_class_weight: float = 1.5
    real_class_weight: float = 1.0
    adversarial_weight: float = 1.0
    pir_weight: float = 1000.0


class GanTrainer(Trainer):
    """Trains generator and discriminator in turn, both once a step.

    With a rate function the generator's loss gains w_PIR E R(G(z, c)), and this
    is tuning (section 2.1.4); without one it is pretraining. One forward pass of
    the generator serves both updates: the discriminator learns from its images
    first, then judges the same images for the generator's update.

    Args:
        settings: the numbers.
        devices: where and in which precision.
        images: photographs, shape `[count, 64, 64, 3]`, uint8.
        labels: their classes, shape `[count]`.
        seed: the run's seed.
        stream: the name of the stage, so that stages draw differently.
        rate_function: R, differentiable, from images `[n, 64, 64, 3]` in [-1, 1]
            to estimated PIRs `[n]`; it is called within the strategy, and its
            variables stay as they are.
    """

    def __init__(
        self,
        settings: GanSettings,
        devices: Devices,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        seed: int,
        stream: str,
        rate_function: RateFunction | None = None,
    ):
        loss_names = [
            "loss/discriminator",
            "loss/generator",
            "loss/fake",
            "loss/real",
            "loss/fools",
        ]
        if settings.num_classes:
            loss_names += ["loss/real_class", "loss/fake_class"]
        if rate_function:
            loss_names += ["loss/pir"]
        super().__init__(
            devices,
            batch_size=settings.batch_size,
            num_images=len(images),
            loss_names=tuple(loss_names),
        )
        self.settings = settings
        self._rate_function = rate_function
        with self.strategy.scope():
            self.generator = build_generator(
                settings.num_classes,
                settings.latent_size,
                settings.width,
                fused=True,
                dtype=devices.dtype,
            )
            self.discriminator = build_discriminator(
                settings.num_classes,
                settings.width,
                masked=True,
                fused=True,
                synchronized=devices.num_replicas > 1,
                dtype=devices.dtype,
            )
            self.generator_optimizer = FusedAdam(
                settings.generator_learning_rate, beta_1=settings.adam_beta_1
            )
            self.discriminator_optimizer = keras.optimizers.RMSprop(
                settings.discriminator_learning_rate
            )
            # Under a strategy, slot variables cannot be created inside the traced step.
            self.generator_optimizer.build(self.generator.trainable_variables)
            self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.batches = GanBatches(
            images,
            labels,
            num_classes=settings.num_classes,
            batch_size=self.replica_batch_size,
            latent_size=settings.latent_size,
            dropout=settings.dropout,
            dropout_shapes=dropout_shapes(self.discriminator),
            seed=seed,
            stream=stream,
        )
        self._grid_latents, self._grid_labels = _grid_inputs(settings, seed)

    def generate(self, latents, labels, training: bool = False) -> tf.Tensor:
        """Returns images `[n, 64, 64, 3]` of latents `[n, latent_size]` and classes `[n]`."""
        if not self.settings.num_classes:
            return self.generator(latents, training=training)
        one_hot = tf.one_hot(labels, self.settings.num_classes)
        return self.generator([latents, one_hot], training=training)

    def draw_batch(self, step, replica) -> GanBatch:
        """Returns the batch of a step on a replica."""
        return self.batches.draw(step, replica)

    def update(self, batch: GanBatch) -> dict[str, tf.Tensor]:
        """Updates both networks from one replica's batch, discriminator first.

        Returns:
            This replica's share of each loss: their sum over the replicas is the
            mean over the whole batch.
        """
        with tf.GradientTape() as generator_tape:
            fakes = self.generate(batch.latents, batch.fake_labels, training=True)

        with tf.GradientTape() as tape:
            source, classes = self._discriminate(batch.images, batch.masks_real)
            terms = {"loss/real": self._mean(losses.real_image(source))}
            if classes is not None:
                terms["loss/real_class"] = self._mean(
                    losses.real_image_class(classes, batch.real_labels)
                )
            source, _ = self._discriminate(tf.stop_gradient(fakes), batch.masks_fake)
            terms["loss/fake"] = self._mean(losses.fake_image(source))
            loss = -terms["loss/real"] - terms["loss/fake"]
            if classes is not None:
                loss -= self.settings.real_class_weight * terms["loss/real_class"]
        self._apply(self.discriminator_optimizer, self.discriminator, tape.gradient, loss)
        terms["loss/discriminator"] = loss

        with tf.GradientTape() as tape:
            tape.watch(fakes)
            source, classes = self._discriminate(fakes, batch.masks_fools)
            terms["loss/fools"] = self._mean(losses.fake_image_fools(source))
            loss = -self.settings.adversarial_weight * terms["loss/fools"]
            if classes is not None:
                terms["loss/fake_class"] = self._mean(
                    losses.fake_image_class(classes, batch.fake_labels)
                )
                loss -= self.settings.fake_class_weight * terms["loss/fake_class"]
            if self._rate_function:
                terms["loss/pir"] = self._mean(self._rate_function(fakes))
                loss -= self.settings.pir_weight * terms["loss/pir"]
        image_gradients = tape.gradient(loss, fakes)
        self._apply(
            self.generator_optimizer,
            self.generator,
            lambda _, variables: generator_tape.gradient(fakes, variables, image_gradients),
            loss,
        )
        terms["loss/generator"] = loss
        return terms

    def checkpoint_items(self) -> dict:
        """Returns both networks and both optimizers."""
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def draw_images(self) -> np.ndarray:
        """Returns images of fixed latents as one grid, a block of rows a class."""
        images = self.generate(self._grid_latents, self._grid_labels)
        return image_grid(to_uint8(images), _GRID_COLUMNS)

    def _discriminate(self, images, masks):
        outputs = self.discriminator([images, *masks], training=True)
        return outputs if self.settings.num_classes else (outputs, None)

    def _mean(self, values) -> tf.Tensor:
        return tf.reduce_sum(values) / self.batch_size

    def _apply(self, optimizer, network, gradient, loss) -> None:
        # Keras variables hide the tensors' own, which the tape knows.
        variables = [variable.value for variable in network.trainable_variables]
        optimizer.apply_gradients(
            zip(gradient(loss, variables), network.trainable_variables, strict=True)
        )


def _grid_inputs(settings: GanSettings, seed: int) -> tuple[tf.Tensor, tf.Tensor]:
    block = _GRID_COLUMNS * _GRID_ROWS_PER_CLASS
    labels = np.repeat(np.arange(max(settings.num_classes, 1)), block)
    latents = tf.random.stateless_normal(
        [len(labels), settings.latent_size], stream_seed(seed, "grid")
    )
    return latents, tf.constant(labels)
