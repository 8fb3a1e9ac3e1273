"""Winograd's algorithm gives what a convolution gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.benchmark.speed import count_operations
from pirgan_tf.kernels import winograd
from pirgan_tf.kernels.winograd import WinogradConv2D

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


def products_of(layer, images):
    """Counts the operations by kind."""
    graph = tf.function(layer).get_concrete_function(images).graph
    kinds = [op.type for op in graph.get_operations()]
    return kinds.count("BatchMatMulV2"), kinds.count("Conv2D")


@pytest.mark.parametrize(
    "shape, kwargs",
    [
        ((32, 32, CHANNELS), {}),
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
    keras.utils.set_random_seed(0)
    layer, plain = WinogradConv2D(**kwargs), keras.layers.Conv2D(**kwargs)
    images = draw(2, *shape, dtype="float32")
    plain.build(images.shape)
    assert products_of(layer, images) == products_of(plain, images)
    layer.set_weights(plain.get_weights())
    np.testing.assert_array_equal(
        tf.cast(layer(images), "float32"), tf.cast(plain(images), "float32")
    )


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("size", [2, 7, 16])
def test_the_layer_gives_what_that_of_keras_gives(size, jit):
    layers = [
        kind(CHANNELS + 1, 3, padding="same", bias_initializer="normal", activation="relu")
        for kind in (WinogradConv2D, keras.layers.Conv2D)
    ]
    images = draw(2, size, size, CHANNELS, dtype="float32")
    for layer in layers:
        layer.build(images.shape)
    layers[1].set_weights(layers[0].get_weights())
    assert products_of(layers[0], images)[1] == 0
    traced = tf.function(
        lambda x: values_and_gradients(layers[0], x), jit_compile=jit, reduce_retracing=True
    )
    for found, expected in zip(
        traced(images), values_and_gradients(layers[1], images), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())


def test_a_convolution_takes_less_than_half_of_the_operations():
    images = draw(64, 8, 8, 256, dtype="float32")
    counts = []
    for kind in (WinogradConv2D, keras.layers.Conv2D):
        layer = kind(512, 3, padding="same")
        layer.build(images.shape)
        counts.append(count_operations(tf.function(layer).get_concrete_function(images)))
    assert counts[1] == 2 * (64 * 8 * 8) * 9 * 256 * 512
    assert counts[0] < counts[1] / 2.5


def test_a_gpu_has_a_library_of_its_own(monkeypatch):
    images = draw(2, 8, 8, CHANNELS, dtype="float32")
    assert winograd.is_faster(images, CHANNELS, 8)
    devices = [tf.config.LogicalDevice(f"/device:{kind}:0", kind) for kind in ("CPU", "GPU")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
    assert not winograd.is_faster(images, CHANNELS, 8)


def test_a_copy_of_a_network_gives_the_same_with_fewer_operations():
    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
    fast = winograd.with_winograd(network)
    images = draw(8, 64, 64, 3, dtype="float32")
    expected = network(images)
    np.testing.assert_allclose(fast(images), expected, atol=1e-5 * np.max(expected))
    operations = [
        count_operations(tf.function(x).get_concrete_function(images)) for x in (network, fast)
    ]
    assert operations[1] < operations[0] / 1.5


def test_a_size_that_is_not_known_yet_is_left_to_keras():
    images = keras.Input((None, None, CHANNELS))
    outputs = WinogradConv2D(CHANNELS, 3, padding="same")(images)
    assert outputs.shape == (None, None, None, CHANNELS)


def test_the_layer_survives_saving(tmp_path):
    network = keras.Sequential(
        [keras.Input((4, 4, CHANNELS)), WinogradConv2D(CHANNELS, 3, padding="same")]
    )
    network.save(tmp_path / "network.keras")
    images = draw(1, 4, 4, CHANNELS, dtype="float32")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert isinstance(loaded.layers[0], WinogradConv2D)
    np.testing.assert_array_equal(loaded(images), network(images))
