import math

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.gan import losses

# P(real) = sigmoid(logit): logit ln 3 is P(real) = 3/4, logit -ln 4 is P(real) = 1/5.
SOURCE_LOGITS = [[math.log(3)], [-math.log(4)], [0.0]]
# softmax(ln 1, ln 2, ln 5) = 1/8, 2/8, 5/8.
CLASS_LOGITS = [[math.log(1), math.log(2), math.log(5)]] * 3

TERMS = {
    "fake_image": (losses.fake_image, True),
    "real_image": (losses.real_image, True),
    "fake_image_fools": (losses.fake_image_fools, True),
    "real_image_class": (losses.real_image_class, False),
    "fake_image_class": (losses.fake_image_class, False),
}


def call(name, logits, labels=(0, 2, 1)):
    term, is_source = TERMS[name]
    return term(logits) if is_source else term(logits, tf.constant(labels))


def test_fake_image_is_the_log_probability_of_fake():
    expected = [math.log(1 / 4), math.log(4 / 5), math.log(1 / 2)]
    np.testing.assert_allclose(losses.fake_image(SOURCE_LOGITS), expected, rtol=1e-6)


@pytest.mark.parametrize("term", [losses.real_image, losses.fake_image_fools])
def test_real_image_and_fake_image_fools_are_the_log_probability_of_real(term):
    expected = [math.log(3 / 4), math.log(1 / 5), math.log(1 / 2)]
    np.testing.assert_allclose(term(SOURCE_LOGITS), expected, rtol=1e-6)


def test_a_label_below_1_is_the_cross_entropy_to_that_label():
    expected = [0.9 * math.log(p) + 0.1 * math.log(1 - p) for p in (3 / 4, 1 / 5, 1 / 2)]
    np.testing.assert_allclose(losses.real_image(SOURCE_LOGITS, 0.9), expected, rtol=1e-6)


def test_what_the_generator_maximises():
    probabilities = (3 / 4, 1 / 5, 1 / 2)
    minimax = [-math.log(1 - p) for p in probabilities]
    likelihood = [p / (1 - p) for p in probabilities]
    np.testing.assert_allclose(losses.fake_image_minimax(SOURCE_LOGITS), minimax, rtol=1e-6)
    np.testing.assert_allclose(losses.fake_image_likelihood(SOURCE_LOGITS), likelihood, rtol=1e-6)


def test_smoothing_the_fake_side_would_reinforce_the_generator():
    """Where photographs have no density, D then rises to beta; one-sided it stays at 0.

    The best D for targets alpha and beta is (alpha p + beta q) / (p + q) (Goodfellow 2016,
    section 4.2): a large q for the fakes of today is what D would ask for.
    """
    logits = tf.linspace(-8.0, 8.0, 4001)[:, None]

    def best(p, q, beta):
        fake = (1 - beta) * losses.fake_image(logits) + beta * losses.fake_image_fools(logits)
        value = p * losses.real_image(logits, 0.9) + q * fake
        return float(tf.sigmoid(logits[int(tf.argmax(value)), 0]))

    np.testing.assert_allclose(best(0.0, 1.0, 0.1), 0.1, atol=2e-3)
    assert best(0.0, 1.0, 0.0) < 1e-3
    np.testing.assert_allclose(best(0.2, 0.6, 0.1), (0.9 * 0.2 + 0.1 * 0.6) / 0.8, atol=2e-3)


@pytest.mark.parametrize("term", [losses.real_image_class, losses.fake_image_class])
def test_class_terms_are_the_log_probability_of_the_label(term):
    expected = [math.log(1 / 8), math.log(5 / 8), math.log(2 / 8)]
    np.testing.assert_allclose(term(CLASS_LOGITS, [0, 2, 1]), expected, rtol=1e-6)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_logits_of_a_hundred_give_finite_values_and_gradients(name, sign):
    is_source = TERMS[name][1]
    row = [sign * 100.0] if is_source else [sign * 100.0, -sign * 100.0, 0.0]
    logits = tf.constant([row] * 3)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        values = call(name, logits)
    gradients = tape.gradient(values, logits).numpy()
    assert values.dtype == tf.float32
    assert values.shape == (3,)
    assert np.isfinite(values).all()
    assert np.isfinite(gradients).all()
    # Wrong by 100 costs 100 (a class 200 below the best one: 200) and pulls with full force.
    if name == "fake_image":
        expected, force = (-100.0, -1.0) if sign > 0 else (0.0, 0.0)
    elif is_source:
        expected, force = (-100.0, 1.0) if sign < 0 else (0.0, 0.0)
    else:
        expected, force = (0.0, 0.0) if sign > 0 else (-200.0, 1.0)
    np.testing.assert_allclose(values[0], expected, atol=1e-6)
    np.testing.assert_allclose(gradients[0, 0], force, atol=1e-6)


@pytest.mark.parametrize("name", TERMS)
def test_gradient_is_that_of_finite_differences(name):
    is_source = TERMS[name][1]
    logits = np.random.default_rng(0).normal(0, 2, (3, 1 if is_source else 4))
    with tf.GradientTape() as tape:
        variable = tf.constant(logits)
        tape.watch(variable)
        total = tf.reduce_sum(call(name, variable))
    gradients = tape.gradient(total, variable)
    for index in np.ndindex(*logits.shape):
        change = np.zeros_like(logits)
        change[index] = 1e-6
        above, below = (
            float(tf.reduce_sum(call(name, tf.constant(logits + sign * change))))
            for sign in (1, -1)
        )
        np.testing.assert_allclose(gradients[index], (above - below) / 2e-6, atol=1e-8)
