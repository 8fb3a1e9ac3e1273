import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import kernels
from pirgan_tf.gan.unrolled import unroll

LEARNING_RATE = 0.05


@pytest.fixture(autouse=True)
def float64():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


class BatchNorm(keras.Layer):
    """Batch normalisation of the formula: the fused kernel of `kernels` has no float64.

    Keras's own, by `tf.nn.moments`, takes the mean for a constant where the variance is derived,
    which is right once and wrong the second time.
    """

    def build(self, shape):
        self.gamma = self.add_weight(shape=shape[-1:], initializer="ones")

    def call(self, inputs):
        centred = inputs - tf.reduce_mean(inputs, [0, 1, 2])
        variance = tf.reduce_mean(centred**2, [0, 1, 2])
        return centred * tf.math.rsqrt(variance + 1e-3) * tf.convert_to_tensor(self.gamma)


@pytest.fixture
def discriminator():
    """A small discriminator with batch norm and dropout, in float64."""
    keras.utils.set_random_seed(1)
    images = keras.Input((4, 4, 1), dtype="float64")
    x = keras.layers.Conv2D(3, 3, padding="same", use_bias=False)(images)
    x = BatchNorm()(x)
    # Smooth, so that finite differences converge.
    x = keras.layers.Activation("tanh")(x)
    x = kernels.StatelessDropout(0.3)(x)
    x = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    return keras.Model(images, x)


def make_optimizer(kind, discriminator):
    """An optimizer with averages of some steps, of gradients that a discriminator has."""
    optimizer = kind(LEARNING_RATE)
    optimizer.build(discriminator.trainable_variables)
    rng = np.random.default_rng(0)
    before = discriminator.get_weights()
    for _ in range(3):
        optimizer.apply([rng.normal(0, 0.3, v.shape) for v in discriminator.trainable_variables])
    discriminator.set_weights(before)
    return optimizer


def generator_loss(discriminator, optimizer, reals, fakes, steps, *, stop=False):
    """The non-saturating loss of images `fakes` as the unrolled discriminator sees them."""
    statistics = [variable.value for variable in discriminator.non_trainable_variables]

    def judge(weights, images):
        with kernels.dropout_seed([1, 2]):
            logits, _ = discriminator.stateless_call(weights, statistics, images, training=True)
        return logits

    def discriminator_loss(weights):
        return tf.reduce_mean(tf.nn.softplus(-judge(weights, reals))) + tf.reduce_mean(
            tf.nn.softplus(judge(weights, fakes))
        )

    weights = [variable.value for variable in discriminator.trainable_variables]
    weights = unroll(discriminator_loss, weights, optimizer, steps)
    if stop:
        weights = [tf.stop_gradient(weight) for weight in weights]
    return tf.reduce_mean(tf.nn.softplus(-judge(weights, fakes)))


@pytest.fixture
def images():
    rng = np.random.default_rng(2)
    return tf.constant(rng.normal(0.5, 1, (6, 4, 4, 1))), tf.constant(
        rng.normal(0, 1, (6, 4, 4, 1))
    )


@pytest.mark.parametrize(
    "kind, steps",
    [*((keras.optimizers.Adam, steps) for steps in (1, 2, 5)), (keras.optimizers.RMSprop, 2)],
)
def test_the_gradient_is_that_of_finite_differences(discriminator, images, kind, steps):
    reals, fakes = images
    optimizer = make_optimizer(kind, discriminator)
    before = [v.numpy() for v in (*discriminator.weights, *optimizer.variables)]

    @tf.function(autograph=False)
    def loss_and_gradient(fakes, stop=False):
        with tf.GradientTape() as tape:
            tape.watch(fakes)
            loss = generator_loss(discriminator, optimizer, reals, fakes, steps, stop=stop)
        return loss, tape.gradient(loss, fakes)

    _, gradient = loss_and_gradient(fakes)
    direction = np.random.default_rng(3).normal(size=fakes.shape)
    step = 1e-5
    ahead, behind = (loss_and_gradient(fakes + sign * step * direction)[0] for sign in (1, -1))
    slope = float(ahead - behind) / (2 * step)
    np.testing.assert_allclose(float(tf.reduce_sum(gradient * direction)), slope, rtol=1e-5)

    _, first_term = loss_and_gradient(fakes, stop=True)
    assert abs(float(tf.reduce_sum(first_term * direction)) - slope) > 1e-2 * abs(slope)
    after = [v.numpy() for v in (*discriminator.weights, *optimizer.variables)]
    for value, expected in zip(after, before, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.RMSprop])
def test_the_steps_are_the_optimizers(discriminator, images, kind):
    optimizer = make_optimizer(kind, discriminator)

    def loss(weights):
        return sum(tf.reduce_sum((weight - 1) ** 2) for weight in weights)

    unrolled = unroll(loss, [v.value for v in discriminator.trainable_variables], optimizer, 3)
    variables = discriminator.trainable_variables
    for _ in range(3):
        optimizer.apply([2 * (variable.value - 1) for variable in variables], variables)
    for value, variable in zip(unrolled, variables, strict=True):
        # Keras takes the powers of beta in float32.
        np.testing.assert_allclose(value, variable, rtol=0, atol=2e-5 * LEARNING_RATE)


def test_a_gradient_of_zero_has_a_derivative(discriminator, images):
    """As a convolution's bias before batch norm has, with Adam that has seen nothing yet."""
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(discriminator.trainable_variables)
    fakes = images[1]
    with tf.GradientTape() as tape:
        tape.watch(fakes)
        weights = [v.value for v in discriminator.trainable_variables]
        weights = unroll(
            lambda weights: (
                0 * tf.reduce_sum(weights[0]) * tf.reduce_sum(fakes)
                + sum(0 * tf.reduce_sum(weight) for weight in weights)
            ),
            weights,
            optimizer,
            2,
        )
        loss = sum(tf.reduce_sum(weight) for weight in weights)
    assert np.isfinite(tape.gradient(loss, fakes)).all()


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(),
        keras.optimizers.Adam(amsgrad=True),
        keras.optimizers.RMSprop(momentum=0.5),
        keras.optimizers.RMSprop(centered=True),
    ],
    ids=["SGD", "amsgrad", "momentum", "centred"],
)
def test_other_optimizers_are_refused(optimizer):
    with pytest.raises(ValueError, match=r"must be Adam .* Received"):
        unroll(lambda weights: weights[0], [tf.zeros([])], optimizer, 1)
