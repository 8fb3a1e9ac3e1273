import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.gan.discriminator import build_discriminator, dropout_shapes
from pirgan_tf.gan.generator import build_generator


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


@pytest.mark.parametrize("fused", [False, True])
def test_parameter_count_does_not_depend_on_fusing(generator, fused):
    assert build_generator(fused=fused).count_params() == generator.count_params()


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
    assert dropout_shapes(build_discriminator(masked=True)) == [
        (32, 32, 16),
        (16, 16, 64),
        (8, 8, 256),
    ]


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
        build_generator(width=1 / 16, fused=True, dtype="mixed_bfloat16"),
        build_discriminator(width=1 / 16, masked=True, dtype="mixed_bfloat16"),
    ):
        assert network.get_layer("conv_2").output.dtype == "bfloat16"
        assert {variable.dtype for variable in network.variables} == {"float32"}


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


@pytest.mark.parametrize("fused", [False, True])
def test_generator_pads_with_zeros_on_every_side(fused):
    generator = build_generator(width=1 / 16, fused=fused)
    for name, size, channels in (("conv_1", 4, 32), ("conv_5", 32, 4)):
        layer = generator.get_layer(name)
        # The fused layer doubles the size itself.
        upsampled = size if name == "conv_1" or fused else 2 * size
        sums = ones_through(layer, upsampled, channels)
        assert sums.shape == ((4, 4) if name == "conv_1" else (64, 64))
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


def test_masked_and_layer_form_share_weights_and_inference(make_trainer):
    masked = make_trainer().discriminator
    layered = build_discriminator(width=1 / 16)
    assert [w.path for w in layered.weights] == [w.path for w in masked.weights]
    layered.set_weights(masked.get_weights())
    ones = [tf.ones([4, *shape]) for shape in dropout_shapes(masked)]
    for left, right in zip(
        layered(images_of(4)), masked([images_of(4), *ones], training=False), strict=True
    ):
        np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_each_mask_acts(make_trainer, layer):
    masked = make_trainer().discriminator
    masks = [tf.ones([4, *shape]) for shape in dropout_shapes(masked)]
    with_all = masked([images_of(4), *masks], training=False)[0].numpy()
    masks[layer - 1] = tf.zeros_like(masks[layer - 1])
    # Nothing of the image is left behind a mask of zeros.
    without = masked([images_of(4), *masks], training=False)[0].numpy()
    assert np.ptp(with_all) > 0
    assert np.ptp(without) == 0
