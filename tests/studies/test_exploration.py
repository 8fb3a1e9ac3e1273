"""Exploration: the dynamics and what an observation tells about them, and the study."""

import numpy as np
import pytest

from pirgan_tf.studies import exploration


@pytest.mark.parametrize("likelihood_sd", [5.0, 50.0])
def test_gains_are_those_of_a_linear_gaussian_model_to_first_order(likelihood_sd):
    dynamics = exploration.Dynamics(2, 1, 0, hidden=(), likelihood_sd=likelihood_sd)
    random = np.random.default_rng(0)
    x = random.standard_normal((6, 2)).astype(np.float32)
    y = np.full((6, 1), 40.0, np.float32)
    [layer] = dynamics.layers
    features = np.hstack([x, np.ones((6, 1))])
    errors = (y - features @ layer.mean.numpy())[:, 0]
    # The weights have variance 1/4 before; the posterior of Bayesian linear regression after.
    size = 0.25 * (features**2).sum(1) / likelihood_sd**2
    exact = size * (errors / likelihood_sd / (1 + size)) ** 2
    exact = (exact - size / (1 + size) + np.log1p(size)) / 2
    gains = dynamics.gains(x, y)
    assert (np.abs(gains / exact - 1) < 3 * size).all()


def test_the_divergence_from_the_prior_is_that_of_gaussians():
    dynamics = exploration.Dynamics(3, 2, 0, hidden=(4,), prior_sd=0.5)
    means = np.concatenate([np.ravel(layer.mean) for layer in dynamics.layers])
    assert len(means) == 4 * 4 + 5 * 2
    assert float(dynamics.divergence()) == pytest.approx((means**2).sum() / 2 / 0.25, rel=1e-5)


def test_fitted_dynamics_are_the_posterior_of_linear_regression():
    dynamics = exploration.Dynamics(1, 1, 0, hidden=(), likelihood_sd=1.0)
    random = np.random.default_rng(1)
    x = random.standard_normal((100, 1)).astype(np.float32)
    y = 1.5 * x - 0.5
    before = dynamics.gains(x, y).mean()
    dynamics.fit(x, y, random.integers(100, size=(3000, 10)))
    features = np.hstack([x, np.ones((100, 1))])
    precision = features.T @ features + np.eye(2) / 0.25
    [layer] = dynamics.layers
    mean = np.linalg.solve(precision, features.T @ y)
    assert layer.mean.numpy() == pytest.approx(mean, abs=0.05)
    # Of independent Gaussians, the nearest have the precisions on the diagonal.
    sds = np.log1p(np.exp(layer.spread.numpy()))[:, 0]
    assert sds == pytest.approx(1 / np.sqrt(np.diag(precision)), rel=0.3)
    assert dynamics.gains(x, y).mean() < before / 100
