"""Narrow trainers on random images: every kind of training step in a second or two."""

import keras
import numpy as np

from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.estimator.trainer import EstimatorTrainer
from pirgan_tf.gan import (
    GanBatches,
    GanShape,
    GanTrainer,
    Networks,
    Stabilizers,
    acgan,
    build_networks,
    paper_optimizers,
)
from pirgan_tf.gan.networks.layers import MinibatchFeatures
from pirgan_tf.gan.networks.reference_norm import ReferenceBatchNormalization
from pirgan_tf.kernels import freeze

BATCH = 8
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), dtype=np.uint8)


def pretraining(
    devices,
    kind=GanTrainer,
    rate_function=None,
    dropout=0.5,
    networks=None,
    stabilizers=None,
):
    shape = GanShape(("a", "b"), latent_size=8, width=1 / 16)
    batches = GanBatches(
        IMAGES,
        np.arange(len(IMAGES)) % 2,
        num_classes=2,
        batch_size=BATCH,
        latent_size=8,
        seed=1,
        stream="test",
    )
    with devices.strategy.scope():
        optimizers = paper_optimizers(1e-3, 0.5, 1e-3)
    return kind(
        networks or build_networks(shape, dropout=dropout, dtype=devices.dtype),
        acgan(),
        batches,
        optimizers,
        devices,
        rate_function=rate_function,
        stabilizers=stabilizers or Stabilizers(),
    )


def small_networks(dropout=0.5):
    """Networks with every kind of layer, whose step is traced in seconds."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = [keras.Input((8,)), keras.Input((2,))]
    x = layers.Dense(16 * 16 * 3, "tanh")(layers.Concatenate()(inputs))
    x = ReferenceBatchNormalization(4, virtual=True)(layers.Reshape((16, 16, 3))(x))
    x = layers.UpSampling2D(4)(x)
    images = keras.Input((64, 64, 3))
    y = layers.Conv2D(4, 3, strides=4, use_bias=False)(images)
    y = layers.LeakyReLU()(layers.BatchNormalization()(y))
    y = layers.Dropout(dropout)(layers.Flatten()(y))
    y = layers.Concatenate()([y, MinibatchFeatures(2)(y)])
    heads = [layers.Dense(count)(y) for count in (1, 2)]
    return Networks(keras.Model(inputs, x), keras.Model(images, heads))


def stabilized(devices, dropout=0.5):
    """All stabilizers together."""
    return pretraining(
        devices,
        networks=small_networks(dropout),
        stabilizers=Stabilizers(
            discriminator_steps=2,
            unroll_steps=1,
            augmentation=dropout,
            adapt_augmentation=dropout > 0,
            average_decay=0.9,
        ),
    )


def tuning(devices, dropout=0.5):
    keras.utils.set_random_seed(0)  # the judge is the same each time
    shape = EstimatorShape(64, 0.1)
    with devices.strategy.scope():
        judge = PirEstimator(shape, freeze(build_estimator(shape, devices.dtype)))
    return pretraining(devices, rate_function=judge.expected_pir, dropout=dropout)


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
