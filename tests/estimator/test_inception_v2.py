import math

import keras
import numpy as np
import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.inception_v2 import ENDPOINTS, build_inception_v2

pytestmark = pytest.mark.usefixtures("whole_networks")

# Ioffe & Szegedy 2015, figure 5, in the names of TF-slim's inception_v2_test.py.
PUBLISHED_AT_224 = {
    "Conv2d_1a_7x7": (112, 64),
    "MaxPool_2a_3x3": (56, 64),
    "Conv2d_2b_1x1": (56, 64),
    "Conv2d_2c_3x3": (56, 192),
    "MaxPool_3a_3x3": (28, 192),
    "Mixed_3b": (28, 256),
    "Mixed_3c": (28, 320),
    "Mixed_4a": (14, 576),
    "Mixed_4b": (14, 576),
    "Mixed_4c": (14, 576),
    "Mixed_4d": (14, 576),
    "Mixed_4e": (14, 576),
    "Mixed_5a": (7, 1024),
    "Mixed_5b": (7, 1024),
    "Mixed_5c": (7, 1024),
}


def count(variables):
    return sum(math.prod(variable.shape) for variable in variables)


@pytest.fixture(scope="module")
def model():
    return build_inception_v2()


def test_parameter_counts_are_the_published_ones(model):
    assert model.count_params() == 10_173_112
    logits = keras.layers.Dense(100)(model.output)
    classifier = keras.Model(model.input, logits)
    assert count(classifier.trainable_variables) == 10_255_836
    assert classifier.count_params() == 10_275_612


def test_shapes_at_224_are_the_published_ones():
    model = build_inception_v2(224)
    shapes = {name: tuple(model.get_layer(name).output.shape) for name in ENDPOINTS}
    assert shapes == {n: (None, size, size, c) for n, (size, c) in PUBLISHED_AT_224.items()}
    assert model.output_shape == (None, 1024)


@pytest.mark.parametrize("size", [64, 75, 1])
def test_every_stride_rounds_up(size):
    model = build_inception_v2(size)
    for name, (size_at_224, channels) in PUBLISHED_AT_224.items():
        expected = math.ceil(size / (224 // size_at_224))
        assert model.get_layer(name).output.shape == (None, expected, expected, channels)
    assert model.output_shape == (None, 1024)


def test_depths_scale_down_to_sixteen():
    model = build_inception_v2(32, 0.25)
    assert model.output_shape == (None, 256)
    assert model.get_layer("Conv2d_1a_7x7").depthwise_kernel.shape == (7, 7, 3, 5)
    assert model.get_layer("Mixed_3b.Branch_3.Conv2d_0b_1x1.Conv2D").filters == 16


def test_batch_norm_is_as_documented():
    model = build_inception_v2(32, 0.25, batch_norm_momentum=0.9)
    layers = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(layers) == 68
    for layer in layers:
        assert (layer.scale, layer.center, layer.epsilon) == (False, True, 0.001)
        assert layer.momentum == 0.9


def test_features_of_noise_neither_vanish_nor_explode(model):
    images = np.random.default_rng(0).uniform(-1, 1, (4, 64, 64, 3)).astype("float32")
    features = np.asarray(model(images, training=True))
    assert 0.1 < features.std() < 10


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16"])
def test_dtype_reaches_every_layer(dtype):
    model = build_inception_v2(32, 0.25, dtype=dtype)
    assert {x.compute_dtype for x in model.layers[1:]} == {"bfloat16"}
    variable = "bfloat16" if dtype == "bfloat16" else "float32"
    assert {x.dtype for x in model.trainable_variables} == {variable}
    assert model(np.zeros((1, 32, 32, 3), "float32")).dtype == "bfloat16"


@pytest.mark.parametrize(
    "arguments",
    [
        {"image_size": 0},
        {"image_size": 64.0},
        {"image_size": True},
        {"depth_multiplier": 0},
        {"depth_multiplier": float("nan")},
        {"batch_norm_momentum": 1.0},
        {"dtype": "float33"},
    ],
)
def test_mistakes_are_one_line(arguments):
    with pytest.raises(InputError, match=r"^[^\n]+ Received: [^\n]+$") as error:
        build_inception_v2(**arguments)
    (name,) = arguments
    assert str(error.value).startswith(name)
