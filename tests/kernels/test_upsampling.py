import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.benchmark.speed import count_operations
from pirgan_tf.gan import build_generator
from pirgan_tf.kernels import accelerate
from pirgan_tf.kernels.upsampling import UpsampleConv2D
from pirgan_tf.kernels.winograd import FEWEST_CHANNELS


@pytest.mark.parametrize("channels", [3, FEWEST_CHANNELS])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 7), (8, 8)])
def test_fused_layer_equals_upsampling_and_convolution_in_values_and_gradients(size, channels):
    rng = np.random.default_rng(1)
    depth = channels + 2
    images = tf.constant(rng.normal(size=(2, *size, channels)))
    weights = [rng.normal(size=(3, 3, channels, depth)), rng.normal(size=depth)]
    toward = tf.constant(rng.normal(size=(2, 2 * size[0], 2 * size[1], depth)))

    def values_and_gradients(layer):
        network = keras.Sequential([layer] if isinstance(layer, UpsampleConv2D) else layer)
        network.build(images.shape)
        network.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = network(images)
        sources = [images, *(variable.value for variable in network.trainable_variables)]
        return [outputs, *tape.gradient(outputs, sources, output_gradients=toward)]

    fused = values_and_gradients(UpsampleConv2D(depth, dtype="float64"))
    plain = values_and_gradients(
        [
            keras.layers.UpSampling2D(2, dtype="float64"),
            keras.layers.Conv2D(depth, 3, padding="same", dtype="float64"),
        ]
    )
    assert [x.shape for x in fused] == [x.shape for x in plain]
    for left, right in zip(fused, plain, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-10)


def test_small_deep_images_need_no_convolution_and_fewer_multiplications():
    layer = UpsampleConv2D(FEWEST_CHANNELS)
    images = tf.zeros([2, 8, 8, FEWEST_CHANNELS])
    layer.build(images.shape)
    traced = tf.function(layer).get_concrete_function(images)
    assert not any("Conv" in op.type for op in traced.graph.get_operations())
    convolution = 2 * (2 * 16 * 16) * 9 * FEWEST_CHANNELS**2
    assert count_operations(traced) < convolution / 2.25


def test_output_shape_is_known_before_the_image_size_is():
    layer = UpsampleConv2D(5)
    assert layer.compute_output_shape((None, None, 6, 3)) == (None, None, 12, 5)


def test_fused_layer_survives_saving(tmp_path):
    network = keras.Sequential([keras.Input((4, 4, 2)), UpsampleConv2D(3)])
    network.save(tmp_path / "network.keras")
    images = tf.random.stateless_normal([1, 4, 4, 2], [1, 2])
    loaded = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(images), network(images))


@pytest.mark.parametrize("num_classes", [0, 2])
def test_fused_generator_equals_the_plain_one_with_the_same_weights(num_classes):
    plain = build_generator(num_classes, width=1 / 8)
    rng = np.random.default_rng(2)
    plain.set_weights([w + rng.normal(0, 0.05, w.shape) for w in plain.get_weights()])
    fused = accelerate(plain)
    inputs = tf.random.stateless_normal([2, 64], [1, 2])
    if num_classes:
        inputs = [inputs, tf.one_hot([0, 1], 2)]
    images = plain(inputs).numpy()
    assert images.std() > 0.1
    np.testing.assert_allclose(fused(inputs), images, atol=1e-5)
