"""A fused network computes what a plain one does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.estimator.inception_v2 import build_inception_v2
from pirgan_tf.estimator.inception_weights import export_weights, import_weights
from pirgan_tf.kernels import winograd

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
def fused(plain):
    model = build_inception_v2(SIZE, DEPTH, fused=True)
    import_weights(model, plain)
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).uniform(-1, 1, (8, SIZE, SIZE, 3)).astype(np.float32)


def test_heads_of_a_block_are_one_dense_layer(fused):
    layer = fused.get_layer("Mixed_4a.Branches.Conv2d_0a_1x1.Conv2D")
    assert isinstance(layer, keras.layers.Dense)
    # Depths 128 and 64 times a tenth are less than the least depth.
    assert layer.units == 2 * 16
    batch_norms = [x for x in fused.layers if isinstance(x, keras.layers.BatchNormalization)]
    # Of the plain network's 68, eight blocks have three heads, and two have two.
    assert len(batch_norms) == 68 - 8 * 2 - 2 * 1


def test_features_are_the_plain_networks(plain, fused, images):
    assert fused.count_params() == plain.count_params()
    np.testing.assert_allclose(fused(images), plain(images), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [SIZE, 63])
@pytest.mark.parametrize("fewest_channels", [1, winograd.FEWEST_CHANNELS])
def test_a_frozen_network_has_no_batch_norm_and_the_plain_networks_features(
    plain, images, size, fewest_channels, monkeypatch
):
    # At full depth most 3x3 convolutions are deep enough for Winograd's algorithm.
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", fewest_channels)
    frozen = build_inception_v2(size, DEPTH, fused=True, frozen=True)
    import_weights(frozen, plain)
    kinds = {type(layer).__name__ for layer in frozen.layers}
    assert not kinds & {"BatchNormalization", "FusedBatchNormalization", "SeparableConv2D"}
    assert ("FrozenWinogradConv2D" in kinds) == (fewest_channels == 1)
    unfolded = build_inception_v2(size, DEPTH)
    unfolded.set_weights(plain.get_weights())
    small = images[:, :size, :size]
    np.testing.assert_allclose(frozen(small), unfolded(small), rtol=1e-4, atol=1e-6)


def test_gradients_and_moving_statistics_are_the_plain_networks(plain, images):
    learned = []
    for fused in (False, True):
        network = build_inception_v2(SIZE, DEPTH, fused=fused)
        import_weights(network, plain)
        with tf.GradientTape() as tape:
            features = network(images, training=True)
            loss = tf.reduce_sum(features * np.cos(np.arange(features.shape[1])))
        variables = network.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign(gradient)
        exported = build_inception_v2(SIZE, DEPTH)
        export_weights(network, exported)
        learned.append(exported.weights)
    for expected, found in zip(*learned, strict=True):
        norm = np.linalg.norm(expected)
        assert norm > 0, expected.path
        # Rounding turns a unit on or off here and there, so not every element is the same.
        assert np.linalg.norm(np.subtract(found, expected)) < 2e-3 * norm, expected.path


def test_exported_weights_are_those_imported(plain, fused):
    exported = build_inception_v2(SIZE, DEPTH)
    export_weights(fused, exported)
    for found, expected in zip(exported.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("frozen", [False, True])
def test_another_networks_weights_are_refused_before_any_is_set(frozen):
    network = build_inception_v2(SIZE, DEPTH, fused=True, frozen=frozen)
    before = network.get_weights()
    with pytest.raises(ValueError):
        import_weights(network, build_inception_v2(SIZE, 0.2))
    for found, expected in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)
