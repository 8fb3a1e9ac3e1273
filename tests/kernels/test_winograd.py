"""Winograd's algorithm gives what a convolution gives."""

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.kernels import winograd

CHANNELS = winograd.FEWEST_CHANNELS


def draw(*shape, dtype="float64"):
    return tf.constant(np.random.default_rng(len(shape)).normal(size=shape), dtype)


def convolve_directly(images, kernel):
    return tf.nn.conv2d(images, kernel, 1, "SAME")


def values_and_gradients(function, *sources):
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = function(*sources)
        loss = tf.reduce_sum(outputs * tf.cast(tf.cos(0.1 * outputs), outputs.dtype))
    return [outputs, *tape.gradient(loss, sources)]


@pytest.mark.parametrize("size", [2, 3, 4, 6, 8, 9])
def test_a_convolution_of_the_same_size(size):
    sources = draw(2, size, size, 3), draw(3, 3, 3, 5)
    found = values_and_gradients(
        lambda x, kernel: winograd.convolve(x, kernel, winograd.same_size(size)), *sources
    )
    expected = values_and_gradients(convolve_directly, *sources)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [3, 4, 8])
def test_a_convolution_of_an_upsampled_image(size):
    sources = draw(2, size, size, 3), draw(3, 3, 3, 5)
    found = values_and_gradients(
        lambda x, kernel: winograd.convolve(x, kernel, winograd.upsampled(size)), *sources
    )
    expected = values_and_gradients(
        lambda x, kernel: convolve_directly(tf.repeat(tf.repeat(x, 2, 1), 2, 2), kernel), *sources
    )
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("algorithm", [winograd.same_size, winograd.upsampled])
@pytest.mark.parametrize("size", [4, 8])
def test_rounding_in_float32_is_some_three_times_that_of_a_convolution(size, algorithm):
    factor = len(algorithm(size).outputs) // size
    sources = [
        tf.cast(draw(*shape, dtype="float32"), "float64")
        for shape in ((8, size, size, 256), (3, 3, 256, CHANNELS))
    ]
    large = tf.repeat(tf.repeat(sources[0], factor, 1), factor, 2)
    exact = convolve_directly(large, sources[1]).numpy()
    images, kernel = (tf.cast(source, "float32") for source in sources)
    direct = convolve_directly(tf.cast(large, "float32"), kernel)
    found = winograd.convolve(images, kernel, algorithm(size))
    errors = [np.sqrt(np.mean((x.numpy() - exact) ** 2)) for x in (found, direct)]
    # With oneDNN, which the commands use; of the points 0, 1, -1, 2, -2 it is over four.
    assert errors[0] <= 3 * errors[1]


def test_a_gpu_has_a_library_of_its_own(monkeypatch):
    arguments = (2, 8, 8, CHANNELS), CHANNELS, 8, "float32"
    assert winograd.is_faster(*arguments)
    devices = [tf.config.LogicalDevice(f"/device:{kind}:0", kind) for kind in ("CPU", "GPU")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
    assert not winograd.is_faster(*arguments)
