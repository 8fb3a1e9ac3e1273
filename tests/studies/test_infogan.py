"""The infogan study: codes, what is known of them, the classifier, and the command."""

import json
import math

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.data import ImageDataset, Splits
from pirgan_tf.studies import infogan

SEED = (1, 2)
CATEGORY = slice(62, 72)


def test_noise_and_codes_are_uniform():
    latents = infogan.draw_latents(20_000, SEED).numpy()
    assert latents.shape == (20_000, 74)
    category = latents[:, CATEGORY]
    assert (category.sum(1) == 1).all() and set(np.unique(category)) == {0.0, 1.0}
    assert category.mean(0) == pytest.approx(np.full(10, 0.1), abs=0.01)
    others = np.delete(latents, CATEGORY, axis=1)
    assert others.min() >= -1 and others.max() < 1
    # Of a normal code it would be 1.
    assert others.var(0) == pytest.approx(np.full(64, 1 / 3), abs=0.02)


def test_information_is_nothing_without_knowledge_and_the_entropy_with_all():
    latents = infogan.draw_latents(16, SEED)
    right, means = latents[:, CATEGORY], latents[:, 72:]
    nothing = infogan.information(latents, tf.zeros((16, 10)), means)
    assert nothing.category.numpy() == pytest.approx(np.zeros(16), abs=1e-5)
    all_of_it = infogan.information(latents, 100 * right, means)
    assert all_of_it.category.numpy() == pytest.approx(np.full(16, math.log(10)), abs=1e-5)
    # The entropy of two uniform codes, and the log-density of two Gaussians at their means.
    most = 2 * math.log(2) - math.log(2 * math.pi)
    assert all_of_it.continuous.numpy() == pytest.approx(np.full(16, most), abs=1e-5)
    off = infogan.information(latents, 100 * right, means + 1)
    assert off.continuous.numpy() == pytest.approx(np.full(16, most - 1), abs=1e-5)


def test_along_a_row_only_one_code_differs():
    latents = infogan.vary_codes(rows=3, columns=4, reach=2.0, seed=SEED)
    for varied, places, count in zip(latents, (range(62, 72), [72], [73]), (10, 4, 4), strict=True):
        rows = varied.numpy().reshape(3, count, 74)
        others = np.delete(rows, places, axis=2)
        assert (others == others[:, :1]).all()
        assert (others[0] != others[1]).any()
    assert latents[0].numpy()[:10, CATEGORY] == pytest.approx(np.eye(10))
    assert latents[2].numpy()[:4, 73] == pytest.approx([-2, -2 / 3, 2 / 3, 2])


def _splits(train, test):
    names = tuple("abc")
    return Splits(
        *(
            ImageDataset(
                np.zeros((len(labels), 8, 8, 1), np.uint8), np.array(labels, np.int32), names
            )
            for labels in (train, test)
        )
    )


def test_codes_are_named_by_the_majority_and_their_errors_counted_on_test_images():
    splits = _splits([0, 0, 1, 1, 2, 2], [0, 1, 2, 2])
    train_codes = np.array([7, 7, 3, 3, 3, 5])
    error, names = infogan.error_of_codes(splits, train_codes, np.array([7, 3, 5, 3]))
    assert (names[[7, 3, 5]].tolist(), error) == ([0, 1, 2], 0.25)
    # A code that no image to train on has is no class.
    error, names = infogan.error_of_codes(splits, train_codes, np.array([7, 3, 5, 9]))
    assert (names[9], error) == (-1, 0.25)


@pytest.fixture(scope="module")
def discriminator():
    return infogan.build_discriminator()


def test_what_q_knows_reaches_the_shared_trunk(discriminator):
    model, own = discriminator
    trunk = model.trainable_variables[0]
    assert all(variable is not trunk for variable in own)
    # 128 units with batch norm, and two layers with biases.
    assert len(own) == 7
    latents, images = (
        infogan.draw_latents(4, SEED),
        tf.random.stateless_uniform((4, 28, 28, 1), SEED),
    )
    with tf.GradientTape() as tape:
        _, category, continuous = model(images, training=True)
        known = infogan.information(latents, category, continuous)
        total = tf.reduce_sum(known.category) + tf.reduce_sum(known.continuous)
    gradient = tape.gradient(total, trunk.value)
    assert float(tf.reduce_max(tf.abs(gradient))) > 0


def test_images_are_classified_by_their_likeliest_code(discriminator):
    model, _ = discriminator
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), np.uint8)
    codes = infogan.classify(model, images)
    _, logits, _ = model(images / np.float32(255), training=True)
    assert codes.tolist() == logits.numpy().argmax(1).tolist()


def test_the_command_draws_the_codes_and_keeps_its_trainings(commands, tmp_path):
    output = tmp_path / "infogan"
    flags = ("--seeds=1", "--steps=3", "--batch_size=4")
    result = commands.call("study", "infogan", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"]: finding["value"] for finding in found["findings"]}
    bound = figures["bound of the category's information at the end, nats"]
    assert bound <= math.log(10)
    assert 0 <= figures["error of the category as a classifier"] <= 1
    assert set(found["figures"]) == {"information", "category", "first_code", "second_code"}
    with np.load(output / "trainings" / "seed-0.npz") as kept:
        assert kept["records"].shape == (3, 4)
        assert kept["category"].shape == (50, 28, 28, 1)
