import dataclasses

import keras
import numpy as np
import pytest

from pirgan_tf import gan
from pirgan_tf.training.devices import configure


@dataclasses.dataclass(frozen=True)
class Settings:
    """The numbers of a small trainer; the weights are the paper's."""

    num_classes: int = 2
    latent_size: int = 8
    width: float = 1 / 16
    family: str = "paper"
    image_size: int = 64
    generator_norm: str = "batch"
    dropout: float | None = None
    batch_size: int = 4
    generator_learning_rate: float = 1e-5
    adam_beta_1: float = 0.5
    discriminator_learning_rate: float = 1e-5
    fake_class_weight: float = 1.5
    real_class_weight: float = 1.0
    adversarial_weight: float = 1.0
    pir_weight: float = 1000.0

    @property
    def shape(self):
        names = tuple("abc"[: self.num_classes])
        return gan.GanShape(
            names,
            self.latent_size,
            self.width,
            self.family,
            self.image_size,
            generator_norm=self.generator_norm,
        )


@pytest.fixture(scope="session")
def devices():
    return configure(strategy="one", replicas=1, precision="float32", jit="off", seed=0)


@pytest.fixture(scope="session")
def photographs():
    """Nine small pictures of two classes of different size."""
    images = np.random.default_rng(0).integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    return images, np.array([0, 1, 0, 1, 1, 1, 1, 1, 1], np.int32)


@pytest.fixture(scope="session")
def make_trainer(devices, photographs):
    """Makes narrow trainers whose weights are all random, biases and statistics too.

    What starts as zeros or ones would hide a mistake in where it is used.
    """

    def make(rate_function=None, *, devices=devices, stabilizers=None, cost=None, **changes):
        keras.utils.set_random_seed(0)  # whatever ran before
        settings = Settings(**changes)
        networks = gan.build_networks(settings.shape, dropout=settings.dropout)
        rng = np.random.default_rng(3)
        for network in networks:
            for variable in network.weights:
                value = variable.numpy() + rng.normal(0, 0.1, variable.shape)
                # A variance; the others may have any sign.
                variable.assign(abs(value) if "variance" in variable.path else value)
        images, labels = photographs
        batches = gan.GanBatches(
            images[:, : settings.image_size, : settings.image_size],
            labels,
            num_classes=settings.num_classes,
            batch_size=settings.batch_size,
            latent_size=settings.latent_size,
            seed=5,
            stream="test",
        )
        trainer = gan.GanTrainer(
            networks,
            cost
            or gan.acgan(
                fake_class_weight=settings.fake_class_weight,
                real_class_weight=settings.real_class_weight,
                adversarial_weight=settings.adversarial_weight,
            ),
            batches,
            gan.paper_optimizers(
                settings.generator_learning_rate,
                settings.adam_beta_1,
                settings.discriminator_learning_rate,
            ),
            devices,
            rate_function=rate_function,
            rate_weight=settings.pir_weight,
            stabilizers=stabilizers or gan.Stabilizers(),
        )
        trainer.settings = settings
        return trainer

    return make
