import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.gan.networks import dcgan, maxout
from pirgan_tf.gan.networks.paper import build_discriminator, build_generator

pytestmark = pytest.mark.usefixtures("whole_networks")

DCGAN = dcgan.build_generator, dcgan.build_discriminator
MAXOUT = maxout.build_generator, maxout.build_discriminator


@pytest.fixture(scope="module")
def generator():
    return build_generator()


@pytest.fixture(scope="module")
def discriminator():
    return build_discriminator()


def images_of(count, seed=0):
    return tf.random.stateless_uniform([count, 64, 64, 3], [seed, 1], -1.0, 1.0)


def generator_inputs(count, num_classes):
    latents = tf.random.stateless_normal([count, 64], [7, 1])
    if not num_classes:
        return latents
    return [latents, tf.one_hot(np.arange(count) % num_classes, num_classes)]


def ones_through(layer, size, channels):
    """The sums over each 3x3 window which a layer takes of an image of ones."""
    weights = layer.get_weights()
    layer.set_weights([np.ones_like(weights[0]), *map(np.zeros_like, weights[1:])])
    output = layer(tf.ones([1, size, size, channels])).numpy()[0, :, :, 0]
    layer.set_weights(weights)
    return output / channels


def test_parameter_counts_with_two_classes_and_with_none(generator, discriminator):
    assert generator.count_params() == 4_459_139
    assert build_generator(0).count_params() == 4_442_755
    assert discriminator.count_params() == 1_674_099
    assert build_discriminator(0).count_params() == 1_608_561


@pytest.mark.parametrize(
    "flags, classes, generator, discriminator",
    [((), 2, 4_459_139, 1_674_099), (("--noconditional",), 0, 4_442_755, 1_608_561)],
)
def test_a_dry_run_of_pretrain_counts_the_parameters(
    commands, nowhere, flags, classes, generator, discriminator
):
    result = commands.call("pretrain", *flags, "--dry_run", output=nowhere)
    assert json.loads(result.stdout)["parameters"] == {
        "num_classes": classes,
        "generator": generator,
        "discriminator": discriminator,
    }


def test_generator_depths_are_the_papers(generator):
    convolutions = [generator.get_layer(f"conv_{i}") for i in range(1, 6)]
    assert generator.get_layer("dense").units == 4 * 4 * 512
    assert [layer.filters for layer in convolutions] == [512, 256, 128, 64, 3]
    assert [layer.kernel.shape[:2] for layer in convolutions] == [(3, 3)] * 5
    assert [layer.output.shape[1:3] for layer in convolutions] == [
        (size, size) for size in (4, 8, 16, 32, 64)
    ]


def test_discriminator_depths_strides_and_dropout_are_the_papers(discriminator):
    convolutions = [discriminator.get_layer(f"conv_{i}") for i in range(1, 7)]
    assert [layer.filters for layer in convolutions] == [16, 32, 64, 128, 256, 512]
    assert [layer.output.shape[1] for layer in convolutions] == [32, 32, 16, 16, 8, 8]
    dropouts = [discriminator.get_layer(f"dropout_{i}") for i in (1, 3, 5)]
    assert [layer.output.shape[1:] for layer in dropouts] == [
        (32, 32, 16),
        (16, 16, 64),
        (8, 8, 256),
    ]
    assert [layer.rate for layer in dropouts] == [0.5] * 3


@pytest.mark.parametrize("num_classes", [0, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_outputs_are_float32_of_the_stated_shapes(num_classes, dtype):
    images = build_generator(num_classes, width=1 / 16, dtype=dtype)(
        generator_inputs(4, num_classes)
    )
    assert images.shape == (4, 64, 64, 3)
    assert images.dtype == tf.float32

    outputs = build_discriminator(num_classes, 1 / 16, dtype=dtype)(images)
    source, *classes = outputs if num_classes else [outputs]
    assert [source.shape] + [c.shape for c in classes] == [(4, 1)] + [(4, num_classes)] * bool(
        num_classes
    )
    assert {output.dtype for output in [source, *classes]} == {tf.float32}


def test_mixed_precision_computes_in_bfloat16_and_keeps_float32_weights():
    for network in (
        build_generator(width=1 / 16, dtype="mixed_bfloat16"),
        build_discriminator(width=1 / 16, dtype="mixed_bfloat16"),
    ):
        assert network.get_layer("conv_2").output.dtype == "bfloat16"
        assert {weight.dtype for weight in network.weights} == {"float32"}


def test_generated_pixels_saturate_at_plus_and_minus_one():
    generator = build_generator(width=1 / 16)
    latents, labels = generator_inputs(4, 2)
    images = generator([1e6 * latents, labels]).numpy()
    assert images.min() == -1.0
    assert images.max() == 1.0


def test_the_class_changes_the_generated_image():
    generator = build_generator(width=1 / 16)
    latents = tf.random.stateless_normal([1, 64], [7, 1])
    one, other = (generator([latents, tf.one_hot([label], 2)]) for label in (0, 1))
    assert np.abs(one - other).max() > 1e-3


def test_latent_size_is_the_number_of_latent_inputs():
    assert build_generator(2, 10, 1 / 16).input_shape == [(None, 10), (None, 2)]
    assert build_generator(0, 10, 1 / 16).input_shape == (None, 10)


def test_generator_pads_with_zeros_on_every_side():
    generator = build_generator(width=1 / 16)
    for name, size, channels in (("conv_1", 4, 32), ("conv_5", 64, 4)):
        sums = ones_through(generator.get_layer(name), size, channels)
        assert sums.shape == (size, size)
        np.testing.assert_allclose(sums[1:-1, 1:-1], 9, rtol=1e-6)
        for edge in (sums[0], sums[-1], sums[:, 0], sums[:, -1]):
            np.testing.assert_allclose(edge, [4, *[6] * (len(edge) - 2), 4], rtol=1e-6)


def test_discriminator_pads_with_zeros():
    discriminator = build_discriminator(width=1 / 16)
    sums = ones_through(discriminator.get_layer("conv_2"), 32, 1)
    np.testing.assert_allclose(sums[1:-1, 1:-1], 9)
    for edge in (sums[0], sums[-1], sums[:, 0], sums[:, -1]):
        np.testing.assert_allclose(edge, [4, *[6] * 30, 4])

    # Windows of stride 2 on 64 pixels overhang by one pixel, at the bottom and the right.
    strided = ones_through(discriminator.get_layer("conv_1"), 64, 3)
    np.testing.assert_allclose(strided[:-1, :-1], 9, rtol=1e-6)
    np.testing.assert_allclose(strided[-1], [*[6] * 31, 4], rtol=1e-6)
    np.testing.assert_allclose(strided[:, -1], [*[6] * 31, 4], rtol=1e-6)


def test_width_scales_every_depth_but_the_image():
    generator = build_generator(width=0.25)
    assert generator.get_layer("dense").units == 4 * 4 * 128
    assert [generator.get_layer(f"conv_{i}").filters for i in range(1, 6)] == [128, 64, 32, 16, 3]
    discriminator = build_discriminator(width=0.25)
    assert [discriminator.get_layer(f"conv_{i}").filters for i in range(1, 7)] == [
        4,
        8,
        16,
        32,
        64,
        128,
    ]


@pytest.mark.parametrize("width", [0, -1, float("nan"), float("inf"), 0.001])
@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_a_width_without_channels_is_refused(build, width):
    with pytest.raises(InputError, match=f"width={width}"):
        build(width=width)


@pytest.mark.parametrize("num_classes", [0, 2])
def test_source_logits_give_the_papers_probability_of_real(num_classes):
    discriminator = build_discriminator(num_classes, 1 / 16)
    head = discriminator.get_layer("source")
    head.bias.assign([0.3])
    both = keras.Model(discriminator.inputs, [head.output, discriminator.outputs[0]])
    a, logits = (output.numpy() for output in both(images_of(4)))
    assert np.ptp(a) > 0
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), (1 + np.tanh(a)) / 2, rtol=1e-6)


def test_dropout_follows_the_first_third_and_fifth_convolution_only():
    discriminator = build_discriminator(width=1 / 4, dropout=0.3)
    after = [discriminator.get_layer(f"conv_{i}").input for i in range(2, 7)]
    after.append(discriminator.get_layer("flatten").input)
    blocks = keras.Model(discriminator.inputs, after)
    zeros = [np.mean(x == 0) for x in map(np.asarray, blocks(images_of(4), training=True))]
    np.testing.assert_allclose(zeros, [0.3, 0, 0.3, 0, 0.3, 0], atol=0.02)
    assert not any(np.any(np.asarray(x) == 0) for x in blocks(images_of(4), training=False))


@pytest.mark.parametrize(
    "image_size, depths, strides",
    [
        (32, [512, 256, 128, 3], [2, 1, 2, 1, 1, 1]),
        (64, [512, 256, 128, 64, 3], [2, 1, 2, 1, 2, 1]),
        (128, [512, 256, 128, 64, 32, 3], [2, 2, 2, 1, 2, 1]),
    ],
)
def test_depth_follows_the_image_size(image_size, depths, strides):
    generator = build_generator(width=1.0, image_size=image_size)
    convolutions = [layer for layer in generator.layers if layer.name.startswith("conv")]
    assert [layer.filters for layer in convolutions] == depths
    assert generator.output_shape == (None, image_size, image_size, 3)

    discriminator = build_discriminator(image_size=image_size)
    convolutions = [layer for layer in discriminator.layers if layer.name.startswith("conv")]
    assert [layer.strides[0] for layer in convolutions] == strides
    assert discriminator.get_layer("flatten").input.shape[1:] == (8, 8, 512)


@pytest.mark.parametrize("image_size", [0, 16, 48, 256])
@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_another_image_size_is_refused(build, image_size):
    with pytest.raises(InputError, match=f"one of 32, 64, 128. Received: {image_size}"):
        build(width=1 / 16, image_size=image_size)


def test_dcgans_depths_are_radfords():
    generator, discriminator = (build(width=1.0) for build in DCGAN)
    assert generator.input_shape == [(None, 100), (None, 2)]
    assert generator.get_layer("dense").units == 4 * 4 * 1024
    convolutions = [generator.get_layer(f"conv_{i}") for i in range(1, 5)]
    assert [layer.filters for layer in convolutions] == [512, 256, 128, 3]
    assert {layer.kernel_size for layer in convolutions} == {(5, 5)}
    assert [layer.output.shape[1] for layer in convolutions] == [8, 16, 32, 64]
    convolutions = [discriminator.get_layer(f"conv_{i}") for i in range(1, 5)]
    assert [layer.filters for layer in convolutions] == [128, 256, 512, 1024]
    assert [layer.output.shape[1] for layer in convolutions] == [32, 16, 8, 4]
    # No batch norm at the images' side of either network.
    assert generator.layers[-3].name == "relu_4"
    assert "batch_norm_1" not in {layer.name for layer in discriminator.layers}


@pytest.mark.parametrize(
    "family, num_classes, image_size",
    [
        *((DCGAN, classes, size) for classes in (0, 3) for size in (32, 64, 128)),
        (MAXOUT, 0, 32),
        (MAXOUT, 3, 64),
    ],
)
def test_a_family_takes_and_gives_what_the_papers_networks_do(family, num_classes, image_size):
    sizes = {"width": 1 / 16, "image_size": image_size}
    for build, (other, given) in zip(
        family,
        ((build_generator, {"latent_size": 10}), (build_discriminator, {})),
        strict=True,
    ):
        built, expected = (make(num_classes, **given, **sizes) for make in (build, other))
        assert built.input_shape == expected.input_shape
        assert built.output_shape == expected.output_shape
        assert {tensor.dtype for tensor in built.outputs} == {"float32"}


def test_dcgan_has_dropout_only_where_it_is_asked_for():
    build = DCGAN[1]
    for rate, count in ((0.0, 0), (0.25, 4)):
        network = build(width=1 / 16, dropout=rate)
        assert [x.rate for x in network.layers if "dropout" in x.name] == [rate] * count


def test_maxout_networks_have_goodfellows_units_and_dropout():
    generator, discriminator = (build(0, image_size=32) for build in MAXOUT)
    pixels = 32 * 32 * 3
    assert generator.count_params() == 101 * 1200 + 1201 * 1200 + 1201 * pixels
    assert discriminator.count_params() == (pixels + 1) * 1200 + 241 * 1200 + 241
    rates = [layer.rate for layer in discriminator.layers if type(layer) is keras.layers.Dropout]
    assert rates == [0.2, 0.5, 0.5]


def test_a_maxout_unit_is_the_largest_of_its_five_linear_functions():
    discriminator = maxout.build_discriminator(0, width=1 / 60, image_size=32)
    first = keras.Model(discriminator.inputs, discriminator.get_layer("maxout_1").output)
    kernel, bias = discriminator.get_layer("dense_1").get_weights()
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    linear = images.reshape(3, -1) @ kernel + bias
    assert linear.shape == (3, 20)
    expected = [[max(row[unit::4]) for unit in range(4)] for row in linear]
    np.testing.assert_allclose(first([images]), expected, rtol=1e-4, atol=1e-5)


def test_a_maxout_generators_pixels_are_sigmoids_on_the_scale_of_images():
    generator = maxout.build_generator(0, 8, 1 / 60, 32)
    latents = tf.random.stateless_normal([4, 8], [7, 1])
    logits = keras.Model(generator.inputs, generator.get_layer("dense").output)(latents)
    expected = np.tanh(np.asarray(logits) / 2).reshape(4, 32, 32, 3)
    np.testing.assert_allclose(generator(latents), expected, atol=1e-5)
