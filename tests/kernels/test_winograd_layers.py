"""A convolution is exchanged for one by Winograd's algorithm where that is faster."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.benchmark.speed import count_operations
from pirgan_tf.kernels import accelerate, winograd
from pirgan_tf.kernels.winograd_layers import WinogradConv2D

CHANNELS = winograd.FEWEST_CHANNELS


def draw(*shape):
    return tf.constant(np.random.default_rng(len(shape)).normal(size=shape), tf.float32)


def one_layer(shape, **kwargs):
    """Returns a plain network of one convolution."""
    images = keras.Input(shape)
    return keras.Model(images, keras.layers.Conv2D(**kwargs)(images))


def values_and_gradients(model, images):
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = model(images)
        loss = tf.reduce_sum(outputs * tf.cos(0.1 * outputs))
    variables = [variable.value for variable in model.trainable_variables]
    return [outputs, *tape.gradient(loss, [images, *variables])]


@pytest.mark.parametrize(
    "shape, kwargs",
    [
        ((32, 32, CHANNELS), {}),
        ((None, None, CHANNELS), {}),
        ((1, 1, CHANNELS), {}),
        ((8, 4, CHANNELS), {}),
        ((8, 8, CHANNELS - 1), {}),
        ((8, 8, CHANNELS), {"filters": CHANNELS - 1}),
        ((8, 8, CHANNELS), {"kernel_size": 5}),
        ((8, 8, CHANNELS), {"strides": 2}),
        ((8, 8, CHANNELS), {"padding": "valid"}),
        ((8, 8, CHANNELS), {"dilation_rate": 2}),
        ((8, 8, CHANNELS), {"groups": 2}),
        ((8, 8, CHANNELS), {"dtype": "mixed_bfloat16"}),
    ],
)
def test_elsewhere_the_layer_is_that_of_keras(shape, kwargs):
    kwargs = {"filters": CHANNELS, "kernel_size": 3, "padding": "same", **kwargs}
    assert not isinstance(accelerate(one_layer(shape, **kwargs)).layers[1], WinogradConv2D)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("size", [2, 7, 16])
def test_the_layer_gives_what_that_of_keras_gives(size, jit):
    plain = one_layer(
        (size, size, CHANNELS),
        filters=CHANNELS + 1,
        kernel_size=3,
        padding="same",
        bias_initializer="normal",
        # Smooth: where ReLU bends, rounding decides about a gradient.
        activation="tanh",
    )
    fast = accelerate(plain)
    assert isinstance(fast.layers[1], WinogradConv2D)
    images = draw(2, size, size, CHANNELS)
    traced = tf.function(lambda x: values_and_gradients(fast, x), jit_compile=jit, autograph=False)
    expected = values_and_gradients(plain, images)
    for ours, theirs in zip(traced(images), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5 * np.abs(theirs).max())


def test_kept_factors_give_the_same_and_are_not_computed_again():
    fast = accelerate(one_layer((8, 8, CHANNELS), filters=CHANNELS, kernel_size=3, padding="same"))
    images = draw(2, 8, 8, CHANNELS)
    expected = fast(images)

    def operations():
        return count_operations(tf.function(lambda x: fast(x)).get_concrete_function(images))

    before = operations()
    fast.layers[1].keep_factors()
    np.testing.assert_allclose(fast(images), expected, atol=1e-5 * np.max(expected))
    assert operations() < before


def test_a_convolution_takes_less_than_half_of_the_operations():
    plain = one_layer((8, 8, 256), filters=512, kernel_size=3, padding="same")
    images = draw(64, 8, 8, 256)
    counts = [
        count_operations(tf.function(model).get_concrete_function(images))
        for model in (accelerate(plain), plain)
    ]
    assert counts[1] == 2 * (64 * 8 * 8) * 9 * 256 * 512
    assert counts[0] < counts[1] / 2.5


def test_a_large_network_gives_the_same_with_fewer_operations():
    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
    fast = accelerate(network)
    images = draw(8, 64, 64, 3)
    expected = network(images)
    np.testing.assert_allclose(fast(images), expected, atol=1e-5 * np.max(expected))
    operations = [
        count_operations(tf.function(x).get_concrete_function(images)) for x in (network, fast)
    ]
    assert operations[1] < operations[0] / 1.5
