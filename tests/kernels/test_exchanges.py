"""Single layers that `accelerate` and `fold` exchange: 1x1 convolutions, strides and batch norm."""

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.kernels import accelerate, freeze
from pirgan_tf.kernels.fold import fold
from pirgan_tf.kernels.pointwise import PointwiseConv2D
from pirgan_tf.kernels.space_to_depth import SpaceToDepthConv2D
from pirgan_tf.kernels.winograd import FEWEST_CHANNELS


def draw(*shape):
    return tf.constant(np.random.default_rng(len(shape)).normal(size=shape), tf.float32)


def kinds(model):
    return [type(layer) for layer in model.layers]


def values_and_gradients(model, images):
    """Returns outputs and gradients, those of weights by name."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = keras.tree.flatten(model(images))
        loss = tf.add_n([tf.reduce_mean(tf.sin(3 * x)) for x in outputs])
    variables = {variable.path.split("/")[-2]: variable for variable in model.trainable_variables}
    by_images, *rest = tape.gradient(loss, [images, *(v.value for v in variables.values())])
    return [*outputs, by_images], dict(zip(variables, rest, strict=True))


def branches(use_bias):
    """Three 1x1 convolutions of one input, and one of another."""
    images = keras.Input((6, 6, 5))
    outputs = [
        keras.layers.Conv2D(filters, 1, use_bias=use_bias, name=f"conv_{filters}")(images)
        for filters in (2, 3, 4)
    ]
    outputs.append(keras.layers.Conv2D(2, 1, name="deeper", use_bias=False)(outputs[0]))
    return keras.Model(images, outputs)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("use_bias", [False, True])
def test_pointwise_convolutions_of_one_input_are_one_product(use_bias, jit):
    plain = networks.stir(branches(use_bias))
    fast = accelerate(plain)
    parts = [
        sorted(part.name for part in layer.parts)
        for layer in fast.layers
        if isinstance(layer, PointwiseConv2D)
    ]
    assert sorted(parts) == [["conv_2", "conv_3", "conv_4"], ["deeper"]]
    images = draw(2, 6, 6, 5)
    if use_bias:
        # Two variables of one layer cannot be told apart by its name.
        traced = tf.function(lambda x: (fast(x), {}), jit_compile=jit, autograph=False)
        found, expected = traced(images), (plain(images), {})
    else:
        traced = tf.function(
            lambda x: values_and_gradients(fast, x), jit_compile=jit, autograph=False
        )
        found, expected = traced(images), values_and_gradients(plain, images)
    assert found[1].keys() == expected[1].keys()
    for ours, theirs in zip(
        [*found[0], *found[1].values()],
        [*expected[0], *(expected[1][name] for name in found[1])],
        strict=True,
    ):
        np.testing.assert_allclose(tf.reshape(ours, theirs.shape), theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "kwargs", [{"strides": 2}, {"activation": "tanh"}, {"kernel_size": 2}, {"groups": 2}]
)
def test_other_convolutions_are_no_products(kwargs):
    images = keras.Input((6, 6, 4))
    outputs = keras.layers.Conv2D(**{"filters": 2, "kernel_size": 1, **kwargs})(images)
    assert PointwiseConv2D not in kinds(accelerate(keras.Model(images, outputs)))


@pytest.mark.parametrize(
    "kernel_size, size, jit",
    [
        (2, (8, 8), False),
        (3, (9, 6), True),
        (4, (9, 6), False),
        (5, (1, 1), False),
        (7, (8, 8), False),
        (7, (9, 6), True),
    ],
)
def test_strided_convolutions_of_images_are_those_of_blocks(size, kernel_size, jit):
    images = keras.Input((*size, 3))
    kwargs = {"padding": "same", "activation": "tanh", "name": "conv"}
    plain, fast = (
        keras.Model(images, kind(4, kernel_size, 2, **kwargs)(images))
        for kind in (keras.layers.Conv2D, SpaceToDepthConv2D)
    )
    fast.set_weights(plain.get_weights())
    images = draw(2, *size, 3)
    traced = tf.function(lambda x: values_and_gradients(fast, x), jit_compile=jit, autograph=False)
    found, expected = traced(images), values_and_gradients(plain, images)
    for ours, theirs in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "kwargs, exchanged",
    [
        ({}, True),
        ({"strides": 1}, False),
        ({"strides": 3}, False),
        ({"padding": "valid"}, False),
        ({"kernel_size": 3}, False),
    ],
)
def test_large_kernels_with_stride_2_see_blocks(kwargs, exchanged):
    images = keras.Input((8, 8, 3))
    kwargs = {"kernel_size": 7, "strides": 2, "padding": "same", **kwargs}
    fast = accelerate(keras.Model(images, keras.layers.Conv2D(4, **kwargs)(images)))
    assert (SpaceToDepthConv2D in kinds(fast)) == exchanged


def everything_that_folds():
    images = keras.Input((16, 16, 3))
    x = keras.layers.SeparableConv2D(6, 7, 2, padding="same", activation="relu")(images)
    for filters, size, use_bias, scale, center in (
        (5, 3, False, False, True),
        (6, 1, True, True, True),
        (7, 3, True, True, False),
    ):
        x = keras.layers.Conv2D(filters, size, padding="same", use_bias=use_bias)(x)
        x = keras.layers.BatchNormalization(scale=scale, center=center)(x)
        x = keras.layers.LeakyReLU(0.2)(x)
    # Not one after the other alone: activated, and taken twice.
    y = keras.layers.Conv2D(5, 3, activation="relu")(x)
    y = keras.layers.BatchNormalization()(y)
    x = keras.layers.Conv2D(5, 3)(x)
    x = keras.layers.Add()([x, keras.layers.BatchNormalization()(x), y])
    # Many channels: apart, a separable convolution has fewer multiplications.
    return keras.Model(images, keras.layers.SeparableConv2D(4, 3)(x))


@pytest.mark.parametrize("form", [fold, freeze])
def test_folded_batch_norm_computes_what_it_does_when_not_training(form):
    plain = networks.stir(everything_that_folds())
    before = plain.get_weights()
    folded = form(plain)
    left = [layer for layer in folded.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(left) == 2
    assert kinds(folded).count(keras.layers.SeparableConv2D) == 1
    images = draw(2, 16, 16, 3)
    expected = plain(images)
    assert np.std(expected) > 0
    np.testing.assert_allclose(folded(images), expected, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(plain.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("size", [3, 8])
def test_a_frozen_network_keeps_factors_and_learns_nothing(size):
    images = keras.Input((size, size, FEWEST_CHANNELS))
    x = keras.layers.Conv2D(FEWEST_CHANNELS, 3, padding="same", use_bias=False)(images)
    x = keras.layers.BatchNormalization(name="batch_norm")(x)
    plain = networks.stir(keras.Model(images, x))
    frozen = freeze(plain)
    assert len(frozen.layers) == 2
    assert not frozen.trainable_variables
    images = draw(2, size, size, FEWEST_CHANNELS)
    np.testing.assert_allclose(frozen(images), plain(images), rtol=1e-4, atol=1e-5)
