import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.gan import augmentation
from pirgan_tf.gan.augmentation import IMAGES_TO_FULL, TARGET_SURE, adapted, augment

SIZE = 16
IMAGES = np.random.default_rng(0).uniform(-1, 1, (40, SIZE, SIZE, 3)).astype(np.float32)
SEED = tf.constant([3, 4], tf.int32)


def draws(part):
    """The draws and the gates of one of the three changes."""
    return tf.unstack(tf.random.split(tf.random.split(SEED, 3)[part]))


def color(image, brightness, saturation, contrast):
    image = image + brightness - 0.5
    for row in image:
        for pixel in row:
            grey = pixel.mean()
            pixel[:] = grey + (pixel - grey) * 2 * saturation
    return (image - image.mean()) * (contrast + 0.5) + image.mean()


def shift(image, down, right):
    moved = np.zeros_like(image)
    for row in range(SIZE):
        for column in range(SIZE):
            if 0 <= row - down < SIZE and 0 <= column - right < SIZE:
                moved[row, column] = image[row - down, column - right]
    return moved


def cut_out(image, row, column):
    image = image.copy()
    image[max(row - SIZE // 4, 0) : row + SIZE // 4, max(column - SIZE // 4, 0) : column + 4] = 0
    return image


def test_full_strength_makes_the_three_changes_one_after_the_other():
    factors = tf.random.stateless_uniform([3, 40], draws(0)[0]).numpy()
    by = tf.random.stateless_uniform([2, 40], draws(1)[0], -2, 3, tf.int32).numpy()
    centres = tf.random.stateless_uniform([2, 40], draws(2)[0], 0, SIZE, tf.int32).numpy()
    assert set(by.ravel()) == {-2, -1, 0, 1, 2}
    expected = [
        cut_out(shift(color(image, *factors[:, i]), *by[:, i]), *centres[:, i])
        for i, image in enumerate(IMAGES)
    ]
    np.testing.assert_allclose(augment(IMAGES, SEED, 1.0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_the_strength_is_the_share_of_images_that_a_change_meets(strength, monkeypatch):
    nothing = lambda images, seed: images  # noqa: E731
    for name in ("_shift", "_cut_out"):
        monkeypatch.setattr(augmentation, name, nothing)
    images = np.tile(IMAGES, (50, 1, 1, 1))
    changed = np.any(augment(images, SEED, strength) != images, axis=(1, 2, 3))
    # 2,000 images: three standard errors.
    assert abs(changed.mean() - strength) <= 0.031


def test_it_has_first_and_second_derivatives():
    weights = tf.constant(np.random.default_rng(1).normal(size=IMAGES.shape), tf.float32)
    images = tf.constant(IMAGES)
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(tf.tanh(augment(images, SEED, 1.0)) * weights)
        slopes = tape.gradient(loss, images)
        size = tf.reduce_sum(slopes**2)
    direction = np.random.default_rng(2).normal(size=IMAGES.shape).astype(np.float32)

    def at(images):
        return float(tf.reduce_sum(tf.tanh(augment(images, SEED, 1.0)) * weights))

    slope = (at(IMAGES + 1e-2 * direction) - at(IMAGES - 1e-2 * direction)) / 2e-2
    np.testing.assert_allclose(float(tf.reduce_sum(slopes * direction)), slope, rtol=2e-2)
    assert float(tf.norm(outer.gradient(size, images))) > 0.1


def test_an_adaptive_strength_follows_how_sure_the_discriminator_is():

    def after(strength, sure):
        batch = IMAGES_TO_FULL // 10
        return float(adapted(tf.constant(strength), tf.constant(sure), batch))

    assert after(0.5, TARGET_SURE + 0.1) == pytest.approx(0.6)
    assert after(0.5, TARGET_SURE - 0.1) == pytest.approx(0.4)
    assert after(0.05, -1.0) == 0
    assert after(0.95, 1.0) == 1
