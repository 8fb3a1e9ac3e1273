"""An accelerated network computes what the plain one does, with the same weights."""

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import kernels

PLAIN = {
    "generator": (networks.generator, (networks.LATENT,)),
    "without biases": (lambda dtype=None: networks.generator(dtype, False), (networks.LATENT,)),
    "discriminator": (lambda dtype=None: networks.discriminator(dtype, 0.0), (16, 16, 3)),
    "transposing": (networks.transposing, (networks.LATENT,)),
}


@pytest.fixture(params=PLAIN)
def build(request):
    """Returns a function from a dtype policy to a plain network, and inputs for it."""
    make, shape = PLAIN[request.param]
    keras.utils.set_random_seed(0)
    inputs = np.random.default_rng(1).normal(size=(4, *shape)).astype(np.float32)
    return lambda dtype=None: networks.stir(make(dtype)), tf.constant(inputs)


def outputs_and_gradients(model, inputs):
    """Returns outputs, gradients in inputs and weights, and the statistics after, in float32."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = keras.tree.flatten(model(inputs, training=True))
        outputs = [tf.cast(x, tf.float32) for x in outputs]
        loss = tf.add_n([tf.reduce_mean(tf.sin(3 * x + 1)) for x in outputs])
    variables = [variable.value for variable in model.trainable_variables]
    statistics = [tf.identity(variable) for variable in model.non_trainable_weights]
    return [*outputs, *tape.gradient(loss, [inputs, *variables]), *statistics]


def test_layers_and_weights_keep_names_order_and_values(build):
    plain = build[0]()
    fast = kernels.accelerate(plain)
    for ours, theirs in zip(fast.weights, plain.weights, strict=True):
        assert ours.path == theirs.path
        assert ours is not theirs
        np.testing.assert_array_equal(ours, theirs)


def test_each_layer_that_has_a_faster_equal_is_exchanged():
    def kinds(model):
        return [type(layer).__name__ for layer in model.layers]

    generator = kinds(kernels.accelerate(networks.generator()))
    assert generator == ["InputLayer", "Dense", "Reshape", "UpsampleConv2D", "UpsampleConv2D"]
    discriminator = kinds(kernels.accelerate(networks.discriminator()))
    block = ["FusedBatchNormalization", "LeakyReLU", "StatelessDropout"]
    assert discriminator[2:5] == block
    assert discriminator[5:9] == ["WinogradConv2D", *block]
    transposing = kinds(kernels.accelerate(networks.transposing()))
    assert transposing.count("Conv2DTranspose") == 2
    # There is no fused kernel for vectors.
    assert transposing.count("BatchNormalization") == 1
    assert transposing.count("FusedBatchNormalization") == 1


@pytest.mark.parametrize("jit", [False, True])
def test_outputs_gradients_and_statistics_are_the_plain_networks(build, jit):
    make, inputs = build
    plain = make()
    fast = kernels.accelerate(plain)
    traced = tf.function(lambda x: outputs_and_gradients(fast, x), jit_compile=jit, autograph=False)
    expected = outputs_and_gradients(plain, inputs)
    for ours, theirs in zip(traced(inputs), expected, strict=True):
        assert np.abs(theirs).max() > 0
        np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


def test_bfloat16_stays_bfloat16_within_its_precision(build):
    make, inputs = build
    plain = make("mixed_bfloat16")
    fast = kernels.accelerate(plain)
    exact = kernels.accelerate(make())
    assert [layer.dtype_policy.name for layer in fast.layers if layer.weights] == [
        layer.dtype_policy.name for layer in plain.layers if layer.weights
    ]
    errors = []
    expected = outputs_and_gradients(exact, inputs)
    for model in (fast, plain):
        found = outputs_and_gradients(model, inputs)
        errors.append(
            [
                np.linalg.norm(x - y) / np.linalg.norm(y)
                for x, y in zip(found, expected, strict=True)
            ]
        )
    # As coarse as the plain network in bfloat16, and not coarser.
    for ours, theirs in zip(*errors, strict=True):
        assert ours < max(2 * theirs, 0.02)


def test_weights_return_to_the_plain_network():
    plain = networks.generator()
    other = networks.stir(keras.models.clone_model(plain), 3)
    fast = kernels.accelerate(other)
    kernels.copy_weights(fast, plain)
    for ours, theirs in zip(plain.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_of_another_network_are_refused_before_any_is_set():
    plain = networks.generator()
    before = plain.get_weights()
    with pytest.raises(ValueError, match="must have weights of the shapes"):
        kernels.copy_weights(networks.generator(use_bias=False), plain)
    for ours, theirs in zip(plain.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_looks_alike_but_is_not_stays():
    images = keras.Input((4, 4, 3))
    large = keras.layers.UpSampling2D(2)(images)
    outputs = [
        keras.layers.Conv2D(2, 3, padding="same")(keras.layers.UpSampling2D(2)(images)),
        # Upsampled for two layers, by another method, and for another kernel.
        keras.layers.Conv2D(2, 3, padding="same")(large),
        keras.layers.Activation("tanh")(large),
        keras.layers.Conv2D(2, 3, padding="same")(
            keras.layers.UpSampling2D(2, interpolation="bilinear")(images)
        ),
        keras.layers.Conv2D(2, 5, padding="same")(keras.layers.UpSampling2D(2)(images)),
        keras.layers.Conv2D(2, 3, 2, padding="same")(keras.layers.UpSampling2D(2)(images)),
    ]
    # A layer that is called twice.
    again = keras.layers.Conv2D(3, 3, padding="same")
    outputs.append(again(keras.layers.UpSampling2D(2)(again(images))))
    plain = keras.Model(images, outputs)
    fast = kernels.accelerate(plain)
    kinds = [type(layer).__name__ for layer in fast.layers]
    assert kinds.count("UpsampleConv2D") == 1
    small = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    for ours, theirs in zip(fast(small), plain(small), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_sequential_network_is_accelerated_like_a_functional_one():
    plain = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.UpSampling2D(2),
            keras.layers.Conv2D(2, 3, padding="same"),
        ]
    )
    fast = kernels.accelerate(plain)
    assert len(fast.layers) == 2
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(fast(images), plain(images), atol=1e-5)
