import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.training.batch_norm import FusedBatchNormalization

SHAPE = (4, 6, 5, 3)


def pair(**kwargs):
    """A fused and a plain layer with the same weights, away from their initial values."""
    layers = FusedBatchNormalization(**kwargs), keras.layers.BatchNormalization(**kwargs)
    rng = np.random.default_rng(0)
    for layer in layers:
        layer.build(SHAPE)
    weights = [rng.uniform(0.5, 2, weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def images(seed, dtype=np.float32):
    draws = np.random.default_rng(seed).normal(3, 2, SHAPE)
    return tf.constant(draws, tf.as_dtype(dtype))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kwargs", [{}, {"scale": False}, {"center": False}])
def test_outputs_gradients_and_statistics_are_those_of_keras(kwargs, training):
    seen = []
    for layer in pair(momentum=0.9, **kwargs):
        x = images(1)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            loss = tf.reduce_sum(y * images(2) ** 2)
        variables = [variable.value for variable in layer.trainable_variables]
        seen.append([y, *tape.gradient(loss, [x, *variables]), *layer.non_trainable_variables])
    for fused, plain in zip(*seen, strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=2e-5)


def test_frozen_statistics_stay_also_while_others_train():
    layer, _ = pair()
    layer.trainable = False
    before = layer.get_weights()
    layer(images(1), training=True)
    for left, right in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("training", [True, False])
def test_bfloat16_stays_bfloat16_within_its_precision(training):
    fused, plain = pair(dtype="mixed_bfloat16")
    x = images(1, "bfloat16")
    y = fused(x, training=training)
    assert y.dtype == tf.bfloat16
    assert {variable.dtype for variable in fused.variables} == {"float32"}
    expected = tf.cast(plain(x, training=training), tf.float32)
    np.testing.assert_allclose(tf.cast(y, tf.float32), expected, rtol=2**-7, atol=2**-7)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=1e-3)


def test_one_image_of_one_pixel_has_no_variance():
    fused, plain = pair()
    for layer in (fused, plain):
        layer(tf.fill([1, 1, 1, 3], 5.0), training=True)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=1e-6)
