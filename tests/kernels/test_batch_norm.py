import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.kernels.batch_norm import FusedBatchNormalization

SHAPE = (4, 6, 5, 3)


def pair(**kwargs):
    """A fused and a plain layer with the same weights, away from their initial values."""
    layers = FusedBatchNormalization(**kwargs), keras.layers.BatchNormalization(**kwargs)
    rng = np.random.default_rng(0)
    for layer in layers:
        layer.build(SHAPE)
    weights = [rng.uniform(0.5, 2, weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def images(seed, dtype=np.float32):
    draws = np.random.default_rng(seed).normal(3, 2, SHAPE)
    return tf.constant(draws, tf.as_dtype(dtype))


def gradients(layer, x, training):
    """Returns outputs, their gradients in the inputs and weights, and the statistics after."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        loss = tf.reduce_sum(tf.cast(y, tf.float32) * images(2) ** 2)
    variables = [variable.value for variable in layer.trainable_variables]
    statistics = [tf.identity(variable) for variable in layer.non_trainable_variables]
    return [y, *tape.gradient(loss, [x, *variables]), *statistics]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kwargs", [{}, {"scale": False}, {"center": False}])
def test_outputs_gradients_and_statistics_are_those_of_keras(kwargs, training, jit):
    fused, plain = pair(momentum=0.9, **kwargs)
    traced = tf.function(lambda x: gradients(fused, x, training), jit_compile=jit, autograph=False)
    for left, right in zip(traced(images(1)), gradients(plain, images(1), training), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=2e-5)


def test_second_derivatives_are_those_of_the_formula():
    """Unrolled discriminators need them; those of `tf.nn.moments`, as Keras has, are off."""
    fused, _ = pair()

    def formula(x, training):
        centred = x - tf.reduce_mean(x, [0, 1, 2])
        variance = tf.reduce_mean(centred**2, [0, 1, 2])
        outputs = centred * tf.math.rsqrt(variance + fused.epsilon)
        return outputs * fused.gamma.value + fused.beta.value

    def second(layer):
        x = images(1)[:1, :2, :2]
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(tf.tanh(layer(x, training=True)) * images(2)[:1, :2, :2])
            slope = tf.reduce_sum(tape.gradient(loss, x) * images(4)[:1, :2, :2])
        return outer.gradient(slope, x)

    np.testing.assert_allclose(second(fused), second(formula), rtol=1e-3, atol=1e-4)


def test_a_frozen_layer_uses_its_statistics_also_while_others_train():
    fused, plain = pair()
    fused.trainable = False
    before = fused.get_weights()
    outputs = fused(images(1), training=True)
    np.testing.assert_allclose(outputs, plain(images(1), training=False), rtol=1e-4, atol=2e-5)
    for left, right in zip(before, fused.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("training", [True, False])
def test_bfloat16_stays_bfloat16_within_its_precision(training):
    fused, plain = pair(dtype="mixed_bfloat16")
    x = images(1, "bfloat16")
    ours, theirs = gradients(fused, x, training), gradients(plain, x, training)
    assert (ours[0].dtype, ours[1].dtype) == (tf.bfloat16, tf.bfloat16)
    assert {variable.dtype for variable in fused.variables} == {"float32"}
    for left, right in zip(ours, theirs, strict=True):
        left, right = tf.cast(left, tf.float32).numpy(), tf.cast(right, tf.float32).numpy()
        np.testing.assert_allclose(left, right, atol=2**-6 * np.abs(right).max())


def test_one_image_of_one_pixel_has_no_variance():
    fused, plain = pair()
    for layer in (fused, plain):
        layer(tf.fill([1, 1, 1, 3], 5.0), training=True)
    np.testing.assert_allclose(fused.moving_variance, plain.moving_variance, rtol=1e-6)


@pytest.mark.parametrize("kwargs", [{"axis": 1}, {"renorm": True}])
def test_what_the_kernel_lacks_is_refused(kwargs):
    with pytest.raises(ValueError, match="channels last and no renorm"):
        FusedBatchNormalization(**kwargs)
