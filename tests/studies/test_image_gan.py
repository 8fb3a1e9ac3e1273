"""The training of a GAN on images that the studies of unrolling share."""

import os
import signal

import keras
import numpy as np
import pytest
from keras import layers

from pirgan_tf import gan
from pirgan_tf.data import ImageDataset
from pirgan_tf.errors import Interrupted
from pirgan_tf.studies import image_gan

DATASET = ImageDataset(
    np.random.default_rng(0).integers(0, 256, (32, 4, 4, 1), np.uint8),
    np.zeros(32, np.int32),
    ("a",),
)
RECORDS = image_gan.record_steps(45)


def build_networks():
    generator = [keras.Input((3,)), layers.Dense(16, "tanh"), layers.Reshape((4, 4, 1))]
    discriminator = [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)]
    return gan.Networks(keras.Sequential(generator), keras.Sequential(discriminator))


def train(folder, record_steps=RECORDS, **settings):
    generator, arrays = image_gan.train_image_gan(
        build_networks,
        DATASET,
        (1e-2, 1e-2),
        folder,
        record_steps=record_steps,
        batch_size=8,
        seed=0,
        num_samples=5,
        **settings,
    )
    assert generator.output_shape == (None, 4, 4, 1)
    return arrays


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    return train(tmp_path_factory.mktemp("trainings") / "straight")


def test_records_are_evenly_spaced_with_the_last_step():
    assert image_gan.record_steps(45) == [*range(0, 45, 2), 45]
    assert image_gan.record_steps(5000) == list(range(0, 5001, 250))
    assert image_gan.record_steps(3) == [0, 1, 2, 3]


def test_a_generator_is_sampled_from_the_same_latents_by_step(straight, tmp_path):
    samples = straight["samples"]
    assert (samples.dtype, samples.shape) == (np.uint8, (24, 5, 4, 4, 1))
    moved = np.abs(np.diff(samples.astype(int), axis=0)).mean((1, 2, 3, 4))
    assert (moved > 0).all()
    # They move by little from record to record, and by much in all.
    whole = np.abs(samples[-1].astype(int) - samples[0]).mean()
    assert moved.max() < whole / 3
    assert straight["seconds"] > 0

    unrolled = train(tmp_path / "unrolled", unroll_steps=1)["samples"]
    np.testing.assert_array_equal(unrolled[0], samples[0])
    assert (unrolled[-1] != samples[-1]).any()


def test_a_stopped_training_goes_on_from_its_checkpoint_at_any_steps_of_record(
    straight, tmp_path, monkeypatch
):
    uneven = [0, 10, 24, 45]
    evaluate = image_gan.SampledGanTrainer.evaluate

    def stop(trainer, step):
        if step == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return evaluate(trainer, step)

    monkeypatch.setattr(image_gan.SampledGanTrainer, "evaluate", stop)
    with pytest.raises(Interrupted, match="step 10 by SIGTERM; checkpoint written"):
        train(tmp_path / "run", uneven)
    monkeypatch.undo()
    found = train(tmp_path / "run", uneven)["samples"].astype(int)
    expected = straight["samples"][[RECORDS.index(step) for step in uneven]]
    np.testing.assert_allclose(found, expected, atol=1)
