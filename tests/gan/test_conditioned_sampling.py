"""Samplers that an estimator conducts, where the result is known in closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan
from pirgan_tf.errors import InputError
from pirgan_tf.gan import best_of, plug_and_play
from pirgan_tf.gan.sampling import call_generator

LATENT = 4
# d log C / dh.
SLOPE = np.array([0.3, 0, -0.4, 0], np.float32)


@pytest.fixture(autouse=True, scope="module")
def large_batches():
    with pytest.MonkeyPatch.context() as patch:
        for module in (plug_and_play, best_of):
            patch.setattr(module, "_BATCH", 500)
        yield


@pytest.fixture(scope="module")
def linear():
    """A generator whose only pixel's red is a linear function of the latent."""
    latents, classes = keras.Input([LATENT]), keras.Input([2])
    pixel = keras.layers.Dense(3, use_bias=False)(latents)
    generator = keras.Model([latents, classes], keras.layers.Reshape([1, 1, 3])(pixel))
    generator.set_weights([np.stack([SLOPE, 0 * SLOPE, 0 * SLOPE], axis=1)])
    return generator


def exponential(images):
    """A rate whose logarithm is the red of the only pixel."""
    return tf.exp(images[:, 0, 0, 0])


def plug(generator, count=2000, rate=exponential, *, strength=5.0, steps=40):
    return gan.generate_plug_and_play(generator, rate, count, 3, strength=strength, steps=steps)


def best(generator, count=2000, *, candidates):
    return gan.generate_best_of(generator, exponential, count, 3, candidates=candidates)


@pytest.mark.parametrize("strength, steps", [(0.0, 10), (2.0, 1), (3.0, 40)])
def test_the_latents_have_the_distribution_that_the_docstring_promises(linear, strength, steps):
    # N(h; 0, I) exp(strength slope h) is N(strength slope, I).
    latents = plug(linear, strength=strength, steps=steps)[1]
    expected = strength * SLOPE * (1 - 0.9**steps)
    np.testing.assert_allclose(latents.mean(axis=0), expected, atol=0.1)
    np.testing.assert_allclose(np.cov(latents.T), np.eye(LATENT), atol=0.13)


def test_a_steep_condition_moves_latents_no_further_than_they_are_long(linear):
    latents = plug(linear, strength=1e6)[1]
    expected = LATENT**0.5 * SLOPE / np.linalg.norm(SLOPE)
    np.testing.assert_allclose(latents.mean(axis=0), expected, atol=0.1)


def test_rates_of_zero_neither_move_latents_nor_spoil_them(linear):
    def none(images):
        return 0 * images[:, 0, 0, 0]

    np.testing.assert_array_equal(
        plug(linear, 60, none, steps=3)[1], plug(linear, 60, strength=0.0, steps=3)[1]
    )


@pytest.mark.parametrize("candidates", [1, 8])
def test_the_best_of_several_is_as_high_as_order_statistics_say(linear, candidates):
    latents = best(linear, 2000, candidates=candidates)[1]
    along = latents @ SLOPE / np.linalg.norm(SLOPE)
    # Mean of the highest of eight standard normals.
    assert along.mean() == pytest.approx({1: 0, 8: 1.4236}[candidates], abs=0.06)
    assert latents[:, 1].std() == pytest.approx(1, abs=0.05)


def test_the_best_of_one_is_what_generate_gives(linear):
    for chosen, plain in zip(
        best(linear, 60, candidates=1),
        gan.generate(linear, 60, 3),
        strict=True,
    ):
        np.testing.assert_array_equal(chosen, plain)


def test_more_candidates_are_never_worse(linear):
    few, many = (best(linear, 60, candidates=n)[1] @ SLOPE for n in (2, 5))
    assert (many >= few).all() and (many > few).any()


@pytest.fixture(scope="module")
def signs():
    """A generator whose only pixel's colours are the signs of three parts of the latent."""
    latents = keras.Input([LATENT])
    pixel = keras.layers.Dense(3, "tanh", use_bias=False)(latents)
    generator = keras.Model(latents, keras.layers.Reshape([1, 1, 3])(pixel))
    generator.set_weights([1e6 * np.eye(LATENT, 3)])
    return generator


def rated(generator, count, *, candidates=30, spread=lambda red: tf.ones_like(red)):
    def judge(images):
        return spread(images[:, 0, 0, 0]), images[:, 0, 0]

    return gan.generate_for_rating(generator, judge, count, 3, candidates=candidates)


def test_images_for_rating_are_unlike_each_other(signs):
    # There are eight images. One like another adds nothing, and is never kept.
    images, latents, _ = rated(signs, 8)
    assert len(np.unique(images, axis=0)) == 8
    np.testing.assert_array_equal(images[:, 0, 0], 255 * (latents[:, :3] > 0))
    with pytest.raises(InputError, match=r"9 different images to choose. Received: 8 of 270"):
        rated(signs, 9)


def test_images_for_rating_are_those_of_which_the_estimator_is_unsure(signs):
    images = rated(signs, 4, spread=lambda red: tf.where(red > 0, 1.0, 1e-6))[0]
    assert (images[:, 0, 0, 0] == 255).all()
    assert len(np.unique(images, axis=0)) == 4


@pytest.mark.parametrize(
    "sample",
    [
        lambda generator, count: plug(generator, count, steps=3),
        lambda generator, count: best(generator, count, candidates=3),
    ],
)
def test_a_longer_gallery_begins_with_the_images_of_a_shorter_one(linear, sample, monkeypatch):
    for module in (plug_and_play, best_of):
        monkeypatch.setattr(module, "_BATCH", 50)
    short, long = sample(linear, 5), sample(linear, 105)
    for few, many in zip(short, long, strict=True):
        assert len(many) == 105
        np.testing.assert_allclose(many[:5].astype(float), few.astype(float), atol=1e-5)
    assert len(np.unique(long[1], axis=0)) == 105
    np.testing.assert_array_equal(long[2], gan.generate(linear, 105, 3)[2])


def test_a_convolutional_generator_makes_what_the_rate_function_likes():
    keras.utils.set_random_seed(0)
    generator = gan.build_generator(2, 8, 1 / 16)
    # As keras begins, its images are all grey.
    for variable in generator.trainable_variables:
        variable.assign(2 * variable.numpy())

    def redness(images):
        return (1 + tf.reduce_mean(images[..., 0], [1, 2])) / 2

    plain = gan.generate(generator, 20, 3)
    images, latents, labels = gan.generate_plug_and_play(
        generator, redness, 20, 3, strength=300.0, steps=10
    )
    gain = images[..., 0].mean() - plain[0][..., 0].mean()
    assert gain > plain[0][..., 0].mean(axis=(1, 2)).std()
    np.testing.assert_array_equal(labels, plain[2])
    expected = call_generator(generator, tf.constant(latents), labels)
    np.testing.assert_allclose(images, (expected.numpy() + 1) * 127.5, atol=0.51)
