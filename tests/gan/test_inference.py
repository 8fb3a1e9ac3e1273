"""Inference via optimisation, where the answer is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan

LATENT = 3


@pytest.fixture(scope="module", autouse=True)
def _graphs_as_they_are():
    """The searches are short: to optimise the graph of L-BFGS takes as long as to run it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="module")
def orthogonal():
    """A generator of grey levels that are its latent, turned, and as bright for one class."""
    latents, classes = keras.Input([LATENT]), keras.Input([2])
    turned = keras.layers.Dense(12, use_bias=False)(latents)
    brighter = keras.layers.Dense(12, use_bias=False)(classes)
    pixels = keras.layers.Reshape([2, 2, 3])(keras.layers.Add()([turned, brighter]))
    generator = keras.Model([latents, classes], pixels)
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=[12, LATENT]))[0].T
    generator.set_weights([0.2 * directions, np.stack([np.zeros(12), np.full(12, 0.1)])])
    return generator, directions


def test_a_linear_generator_is_inverted_by_least_squares(orthogonal):
    generator, directions = orthogonal
    images = np.random.default_rng(1).integers(90, 166, [70, 2, 2, 3]).astype(np.uint8)
    labels = np.arange(70) % 2
    found = gan.infer_latents(generator, images, labels, starts=2, iterations=20)
    pixels = images.reshape(70, 12) / 127.5 - 1 - 0.1 * labels[:, np.newaxis]
    coordinates = pixels @ directions.T
    np.testing.assert_allclose(found.latents, coordinates / 0.2, atol=2e-3)
    left = np.mean(np.square(pixels - coordinates @ directions), axis=1)
    np.testing.assert_allclose(found.errors, left, atol=1e-6)


def test_images_of_a_generator_are_found_again_and_others_are_not():
    keras.utils.set_random_seed(0)
    generator = gan.build_generator(0, 4, 1 / 16, 32)
    for variable in generator.trainable_variables:
        variable.assign(2 * variable.numpy())
    own, _, labels = gan.generate(generator, 4, 3)
    others = np.random.default_rng(0).integers(0, 256, own.shape).astype(np.uint8)
    images, labels = np.concatenate([own, others]), np.tile(labels, 2)
    found = gan.infer_latents(generator, images, labels, starts=2)
    # The square of half a grey level is 1.5e-5.
    assert found.errors[:4].max() < 1e-4
    assert found.errors[4:].min() > 0.1
