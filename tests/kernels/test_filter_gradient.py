"""Gradients of kernels as matrix products are those of TensorFlow's convolutions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.kernels import accelerate, filter_gradient
from pirgan_tf.kernels.filter_gradient import ProductGradientConv2D
from pirgan_tf.kernels.upsampling import UpsampleConv2D


def draw(*shape, dtype="float64"):
    return tf.cast(np.random.default_rng(len(shape)).normal(size=shape), dtype)


def values_and_gradients(function, *sources):
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = function(*sources)
        loss = tf.reduce_sum(outputs * tf.cos(0.1 * outputs))
    return [outputs, *tape.gradient(loss, sources)]


def convolve(images, kernel):
    return tf.nn.conv2d(images, kernel, 1, "SAME")


def convolve_transposed(images, kernel):
    shape = [images.shape[0], 2 * images.shape[1], 2 * images.shape[2], kernel.shape[2]]
    return tf.nn.conv2d_transpose(images, kernel, shape, 2, "SAME")


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (8, 8), (3, 5)])
@pytest.mark.parametrize("jit", [False, True])
def test_of_a_convolution(size, jit):
    sources = draw(2, *size, 3, dtype="float32"), draw(3, 3, 3, 5, dtype="float32")
    traced = tf.function(
        lambda *sources: values_and_gradients(filter_gradient.convolve, *sources), jit_compile=jit
    )
    expected = values_and_gradients(convolve, *sources)
    for ours, theirs in zip(traced(*sources), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (8, 8), (3, 5)])
@pytest.mark.parametrize("jit", [False, True])
def test_of_an_upsampling_convolution(size, jit):
    sources = draw(2, *size, 3, dtype="float32"), draw(4, 4, 5, 3, dtype="float32")
    traced = tf.function(
        lambda *sources: values_and_gradients(filter_gradient.convolve_transposed, *sources),
        jit_compile=jit,
    )
    expected = values_and_gradients(convolve_transposed, *sources)
    for ours, theirs in zip(traced(*sources), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def layer_of(shape, filters, dtype="mixed_bfloat16", upsampled=False):
    """Returns a plain network of one convolution, and what `accelerate` makes of it."""
    images = keras.Input(shape)
    large = keras.layers.UpSampling2D(2, dtype=dtype)(images) if upsampled else images
    plain = keras.Model(images, keras.layers.Conv2D(filters, 3, padding="same", dtype=dtype)(large))
    return plain, accelerate(plain)


@pytest.mark.parametrize("upsampled", [False, True])
def test_layers_in_bfloat16_are_exact_to_its_precision(upsampled):
    shape = (4, 4, 64)
    plain, fast = layer_of(shape, 64, upsampled=upsampled)
    assert isinstance(fast.layers[1], UpsampleConv2D if upsampled else ProductGradientConv2D)
    exact = layer_of(shape, 64, "float32", upsampled)[0]
    exact.set_weights(plain.get_weights())
    images = draw(8, *shape, dtype="float32")

    def results(model):
        with tf.GradientTape() as tape:
            outputs = tf.cast(model(images), "float32")
            loss = tf.reduce_sum(outputs * tf.cos(tf.range(64, dtype="float32")))
        return [outputs, *tape.gradient(loss, [v.value for v in model.trainable_variables])]

    for expected, ours, theirs in zip(*map(results, (exact, fast, plain)), strict=True):
        errors = [np.linalg.norm(x - expected) / np.linalg.norm(expected) for x in (ours, theirs)]
        # The fused kernel of upsampling is a sum of up to four taps, which is rounded again.
        assert errors[0] < max(2 * errors[1], 2**-6)


@pytest.mark.parametrize(
    "shape, filters, dtype, used",
    [
        ((8, 8, 256), 512, "mixed_bfloat16", True),
        ((4, 4, 512), 512, "mixed_bfloat16", True),
        ((16, 16, 64), 128, "mixed_bfloat16", False),
        ((8, 8, 64), 128, "mixed_bfloat16", False),
        ((8, 8, 256), 512, "float32", False),
        ((None, None, 256), 512, "mixed_bfloat16", False),
    ],
)
def test_products_are_used_where_they_were_found_faster(shape, filters, dtype, used):
    _, fast = layer_of(shape, filters, dtype)
    assert isinstance(fast.layers[1], ProductGradientConv2D) == used


def test_a_gpu_has_a_library_of_its_own(monkeypatch):
    arguments = (2, 4, 4, 512), 512, "bfloat16"
    assert filter_gradient.is_faster(*arguments)
    devices = [tf.config.LogicalDevice(f"/device:{kind}:0", kind) for kind in ("CPU", "GPU")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
    assert not filter_gradient.is_faster(*arguments)
