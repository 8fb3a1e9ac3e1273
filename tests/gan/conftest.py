import keras
import numpy as np
import pytest

from pirgan_tf.gan.trainer import GanSettings, GanTrainer
from pirgan_tf.training.devices import configure


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

    def make(rate_function=None, **settings):
        keras.utils.set_random_seed(0)  # whatever ran before
        trainer = GanTrainer(
            GanSettings(**{"width": 1 / 16, "latent_size": 8, "batch_size": 4} | settings),
            devices,
            *photographs,
            seed=5,
            stream="test",
            rate_function=rate_function,
        )
        rng = np.random.default_rng(3)
        for network in (trainer.generator, trainer.discriminator):
            for variable in network.variables:
                value = variable.numpy() + rng.normal(0, 0.1, variable.shape)
                # A variance; the others may have any sign.
                variable.assign(abs(value) if "moving_variance" in variable.path else value)
        return trainer

    return make
