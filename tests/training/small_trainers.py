"""Narrow trainers on random images: every kind of training step in a second or two."""

import keras
import numpy as np

from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.estimator.trainer import EstimatorTrainer
from pirgan_tf.gan.trainer import GanSettings, GanTrainer

BATCH = 8
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), dtype=np.uint8)


def pretraining(devices, kind=GanTrainer, rate_function=None):
    settings = GanSettings(
        width=1 / 16,
        latent_size=8,
        batch_size=BATCH,
        generator_learning_rate=1e-3,
        discriminator_learning_rate=1e-3,
    )
    labels = np.arange(len(IMAGES)) % 2
    return kind(
        settings, devices, IMAGES, labels, seed=1, stream="test", rate_function=rate_function
    )


def tuning(devices):
    keras.utils.set_random_seed(0)  # the judge is the same each time
    with devices.strategy.scope():
        judge = PirEstimator(EstimatorShape(64, 0.1), dtype=devices.dtype, fused=True, frozen=True)
    return pretraining(devices, rate_function=judge.expected_pir)


def estimating(devices):
    images = IMAGES[:, :16, :16]
    rated = RatedImages(images, np.full(20, 100), np.arange(20) * 5)
    return EstimatorTrainer(
        EstimatorShape(16, 0.1, 20),
        devices,
        rated,
        rated,
        batch_size=BATCH,
        learning_rate=1e-3,
        patience=0,
        temperature=0.01,
        seed=1,
    )


def networks(trainer):
    items = trainer.checkpoint_items()
    return [items[name] for name in ("generator", "discriminator", "estimator") if name in items]


def weights(trainer):
    return [weight for network in networks(trainer) for weight in network.get_weights()]
