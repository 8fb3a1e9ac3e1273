"""One trace of a step serves every objective of a process."""

import gc
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.estimator import pir_estimator
from pirgan_tf.estimator.pir_estimator import EstimatorShape
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.estimator.trainer import EstimatorTrainer
from pirgan_tf.training import TracedTrainers

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)


def estimating(devices, seed):
    keras.utils.set_random_seed(seed)
    rates = np.random.default_rng(seed).permutation(len(IMAGES))
    learned, heldout = RatedImages(IMAGES, np.full(20, 20), rates).split(0.2, seed)
    return EstimatorTrainer(
        EstimatorShape(32, 0.1, 20),
        devices,
        learned,
        heldout,
        batch_size=4,
        learning_rate=1e-3,
        patience=3,
        temperature=0.01,
        seed=seed,
    )


def run(trainer):
    losses = trainer.train(tf.constant(0, tf.int64), tf.constant(3, tf.int64))
    return {name: float(value) for name, value in losses.items()} | trainer.evaluate(3)


@pytest.fixture(autouse=True)
def small_estimator(monkeypatch):
    """In place of Inception v2, which takes ten times as long to trace."""

    def build(image_size, *_, dtype, **__):
        images = keras.Input((image_size, image_size, 3))
        x = keras.layers.Conv2D(16, 3, 2, dtype=dtype, name="conv")(images)
        x = keras.layers.BatchNormalization(dtype=dtype, name="batch_norm")(x)
        return keras.Model(images, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x))

    monkeypatch.setattr(pir_estimator, "build_inception_v2", build)


# That of a GAN is reused in tests/sweep/test_traced_once.py.
def test_a_reused_trainer_gives_what_a_new_one_gives(devices):
    trainers = TracedTrainers()
    first = trainers.reuse(estimating(devices, 1), "settings")
    before = run(first)
    reused = trainers.reuse(estimating(devices, 2), "settings")
    assert reused is first
    found = run(reused)
    new = estimating(devices, 2)
    assert found == pytest.approx(run(new), rel=1e-4)
    assert found != pytest.approx(before, rel=1e-2)
    for ours, theirs in zip(reused.state(), new.state(), strict=True):
        np.testing.assert_allclose(
            ours.numpy().astype(float), theirs.numpy().astype(float), rtol=1e-3, atol=1e-4
        )


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_traces_and_memory_stay_flat_over_objectives(devices):
    trainers, pages = TracedTrainers(), []
    for seed in range(1, 6):
        trainer = trainers.reuse(estimating(devices, seed), "settings")
        run(trainer)
        gc.collect()
        pages.append(int(Path("/proc/self/statm").read_text().split()[1]))
    assert trainer.train.experimental_get_tracing_count() == 1
    # Of 4 kB; a trace takes 30 MB and more.
    assert pages[-1] - pages[1] < 5000, pages


def test_another_shape_or_setting_is_another_trainer(devices):
    trainers = TracedTrainers()
    first = trainers.reuse(estimating(devices, 1), "settings")
    assert trainers.reuse(estimating(devices, 1), "others") is not first
    other = estimating(devices, 1)
    other._labels = tf.Variable(tf.zeros([15, 20]))
    assert trainers.reuse(other, "settings") is other
