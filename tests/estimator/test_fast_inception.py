"""Inception v2, accelerated and frozen, computes what the plain network does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.estimator.inception_v2 import build_inception_v2
from pirgan_tf.kernels import accelerate, copy_weights, freeze, winograd
from pirgan_tf.kernels.pointwise import PointwiseConv2D

SIZE, DEPTH = 64, 0.1


@pytest.fixture(scope="module")
def plain():
    """A plain network whose biases and statistics matter."""
    keras.utils.set_random_seed(0)
    model = build_inception_v2(SIZE, DEPTH)
    rng = np.random.default_rng(0)
    model.set_weights(
        [w + rng.uniform(0, 0.1, w.shape) if w.ndim == 1 else w for w in model.get_weights()]
    )
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).uniform(-1, 1, (8, SIZE, SIZE, 3)).astype(np.float32)


def test_accelerated_features_are_the_plain_networks(plain, images):
    fast = accelerate(plain)
    assert fast.count_params() == plain.count_params()
    np.testing.assert_allclose(fast(images), plain(images), rtol=1e-4, atol=1e-6)
    products = [layer for layer in fast.layers if isinstance(layer, PointwiseConv2D)]
    # One of each block's input, one of the first one's pool, and Conv2d_2b_1x1.
    assert len(products) == 2 + 1 + 1


@pytest.mark.parametrize("size", [SIZE, 63])
@pytest.mark.parametrize("fewest_channels", [1, winograd.FEWEST_CHANNELS])
def test_a_frozen_network_has_no_batch_norm_and_the_plain_networks_features(
    plain, images, size, fewest_channels, monkeypatch
):
    # At full depth most 3x3 convolutions are deep enough for Winograd's algorithm.
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", fewest_channels)
    unfolded = build_inception_v2(size, DEPTH)
    unfolded.set_weights(plain.get_weights())
    frozen = freeze(unfolded)
    kinds = {type(layer).__name__ for layer in frozen.layers}
    assert not kinds & {"BatchNormalization", "FusedBatchNormalization", "SeparableConv2D"}
    assert ("WinogradConv2D" in kinds) == (fewest_channels == 1)
    small = images[:, :size, :size]
    np.testing.assert_allclose(frozen(small), unfolded(small), rtol=1e-4, atol=1e-6)


def test_gradients_and_moving_statistics_are_the_plain_networks(plain, images):
    learned = []
    for network in (keras.models.clone_model(plain), accelerate(plain)):
        copy_weights(plain, network)
        with tf.GradientTape() as tape:
            features = network(images, training=True)
            loss = tf.reduce_sum(features * np.cos(np.arange(features.shape[1])))
        variables = network.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign(gradient)
        exported = build_inception_v2(SIZE, DEPTH)
        copy_weights(network, exported)
        learned.append(exported.weights)
    for expected, found in zip(*learned, strict=True):
        norm = np.linalg.norm(expected)
        assert norm > 0, expected.path
        # Rounding turns a unit on or off here and there, so not every element is the same.
        assert np.linalg.norm(np.subtract(found, expected)) < 2e-3 * norm, expected.path


def test_weights_return_as_they_came(plain):
    exported = build_inception_v2(SIZE, DEPTH)
    copy_weights(accelerate(plain), exported)
    for found, expected in zip(exported.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
