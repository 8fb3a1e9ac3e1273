"""Estimators of several networks."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.initial import load_initial
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator

SIZE = 16
SHAPE = EstimatorShape(SIZE, 0.1, 20, members=3)


@pytest.fixture(scope="module")
def networks(small_network):
    keras.utils.set_random_seed(0)
    return [build_estimator(SHAPE) for _ in range(3)]


@pytest.fixture(scope="module")
def smooth():
    """Three networks without a kink."""
    keras.utils.set_random_seed(0)
    networks = []
    for _ in range(3):
        images = keras.Input((SIZE, SIZE, 3))
        x = keras.layers.Dense(8, "tanh")(keras.layers.Flatten()(images))
        networks.append(keras.Model(images, keras.layers.Dense(20, name="logits")(x)))
    return networks


@pytest.fixture(scope="module")
def ensemble(smooth):
    return PirEstimator(SHAPE, *smooth)


@pytest.fixture(scope="module")
def saved(networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    for member, network in enumerate(networks, start=1):
        PirEstimator(EstimatorShape(SIZE, 0.1, 20), network).save(folder, member)
    return folder


def random_images(count=6):
    rng = np.random.default_rng(1)
    return rng.uniform(-1, 1, [count, SIZE, SIZE, 3]).astype(np.float32)


def each_alone(networks, temperature):
    """What each network estimates by itself, `[members, n]`."""
    alone = [PirEstimator(EstimatorShape(SIZE, 0.1, 20), network) for network in networks]
    return np.array([one.expected_pir(random_images(), temperature) for one in alone])


@pytest.mark.parametrize("temperature", [0.01, 1.0])
def test_an_ensemble_estimates_the_mean_of_its_members(ensemble, smooth, temperature):
    alone = each_alone(smooth, temperature)
    assert np.ptp(alone, axis=0).min() > 1e-4
    estimates = ensemble.expected_pir(random_images(), temperature)
    np.testing.assert_allclose(estimates, alone.mean(axis=0), rtol=1e-5)


def test_the_spread_is_the_standard_deviation_of_the_members(ensemble, smooth):
    spread = ensemble.spread(ensemble.logits(random_images()), 1.0)
    wanted = each_alone(smooth, 1.0).std(axis=0, ddof=1)
    np.testing.assert_allclose(spread, wanted, rtol=1e-3)


def test_spread_and_features_of_one_pass_are_those_of_two(ensemble):
    spread, features = ensemble.spread_and_features(random_images(), 1.0)
    logits = ensemble.logits(random_images())
    np.testing.assert_allclose(spread, ensemble.spread(logits, 1.0), rtol=1e-4)
    np.testing.assert_allclose(features, ensemble.trunk(random_images()), rtol=1e-5)


def test_caution_takes_a_multiple_of_the_spread_away(ensemble, smooth):
    alone = each_alone(smooth, 1.0)
    np.testing.assert_allclose(
        ensemble.cautious_pir(random_images(), 1.0, 2.0),
        alone.mean(axis=0) - 2 * alone.std(axis=0, ddof=1),
        rtol=1e-5,
    )


def test_the_slope_of_the_cautious_rate_is_that_of_finite_differences(ensemble):
    images = tf.constant(random_images())
    direction = np.random.default_rng(2).normal(size=images.shape).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        rates = ensemble.cautious_pir(images, 1.0, 2.0)
    slopes = tf.reduce_sum(tape.gradient(rates, images) * direction, [1, 2, 3])
    step = 1e-2
    up, down = (
        ensemble.cautious_pir(images + sign * step * direction, 1.0, 2.0) for sign in (1, -1)
    )
    assert np.abs(slopes).min() > 0.01
    np.testing.assert_allclose(slopes, (up - down) / (2 * step), rtol=0.02)


def test_members_that_agree_have_no_spread_and_a_finite_slope(smooth):
    clone = keras.models.clone_model(smooth[0])
    clone.set_weights(smooth[0].get_weights())
    twins = PirEstimator(EstimatorShape(SIZE, 0.1, 20, members=2), smooth[0], clone)
    images = tf.constant(random_images())
    slopes = []
    for caution in (0.0, 1.0):
        with tf.GradientTape() as tape:
            tape.watch(images)
            rates = twins.cautious_pir(images, 1.0, caution)
        slopes.append(tape.gradient(rates, images))
    np.testing.assert_allclose(slopes[1], slopes[0], rtol=1e-5, atol=1e-9)


def test_a_saved_ensemble_computes_what_it_did(networks, saved):
    loaded, ensemble = PirEstimator.load(saved), PirEstimator(SHAPE, *networks)
    assert loaded.shape == SHAPE
    np.testing.assert_allclose(
        loaded.expected_pir(random_images(), 1.0),
        ensemble.expected_pir(random_images(), 1.0),
        rtol=1e-4,
    )
    features = loaded.trunk(random_images())
    assert features.shape == (6, 3 * 16)
    np.testing.assert_allclose(features, ensemble.trunk(random_images()), rtol=1e-3, atol=1e-5)


def test_an_ensemble_that_lacks_a_member_is_refused(saved, tmp_path):
    for name in ("estimator.json", "estimator.keras", "estimator-3.keras"):
        (tmp_path / name).write_bytes((saved / name).read_bytes())
    with pytest.raises(InputError, match=r"estimator-2\.keras"):
        PirEstimator.load(tmp_path)


def test_a_folder_of_an_earlier_version_is_one_network(saved, tmp_path, networks):
    content = json.loads((saved / "estimator.json").read_text())
    del content["members"], content["temperature"]
    (tmp_path / "estimator.json").write_text(json.dumps(content))
    (tmp_path / "estimator.keras").write_bytes((saved / "estimator.keras").read_bytes())
    loaded = PirEstimator.load(tmp_path)
    assert loaded.shape == EstimatorShape(SIZE, 0.1, 20)
    np.testing.assert_allclose(
        loaded.expected_pir(random_images(), 1.0), each_alone(networks, 1.0)[0], rtol=1e-4
    )


@pytest.mark.parametrize("member, begins_as", [(1, 0), (2, 1), (4, 0)])
def test_a_member_begins_with_the_same_of_another_ensemble(saved, networks, member, begins_as):
    one = PirEstimator(EstimatorShape(SIZE, 0.1, 20))
    load_initial(one, saved, member)
    for left, right in zip(one.model.weights, networks[begins_as].weights, strict=True):
        np.testing.assert_array_equal(left, right)
