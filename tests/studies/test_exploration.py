"""Exploration: the dynamics and what an observation tells about them, and the study."""

import json

import numpy as np
import pytest

from pirgan_tf.studies import control, exploration
from pirgan_tf.studies.exploration import training
from pirgan_tf.studies.exploration.study import p_value


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
    y = 0.5 * x - 0.2
    before = dynamics.gains(x, y).mean()
    dynamics.fit(x, y, random.integers(100, size=(900, 10)))
    features = np.hstack([x, np.ones((100, 1))])
    precision = features.T @ features + np.eye(2) / 0.25
    [layer] = dynamics.layers
    mean = np.linalg.solve(precision, features.T @ y)
    assert layer.mean.numpy() == pytest.approx(mean, abs=0.05)
    # Of independent Gaussians, the nearest have the precisions on the diagonal, 0.11 and 0.1;
    # the standard deviations are on their way there from 0.5.
    sds = np.log1p(np.exp(layer.spread.numpy()))[:, 0]
    assert (sds < 0.4).all()
    assert (sds > 0.9 / np.sqrt(np.diag(precision))).all()
    assert dynamics.gains(x, y).mean() < before / 10


def _reached(*shares):
    return [{"reached": np.array([0.0] * 5 + [share] * 5)} for share in shares]


def test_the_test_of_counts_is_fishers():
    ways = {"VIME": _reached(1.0, 0.9, 0.5, 0.4), "noise": _reached(0.4, 0.0, 0.0, 0.0)}
    # Of the 56 tables with three of eight in all, 4 have all three on one side.
    assert p_value(ways) == pytest.approx(4 / 56)


def test_information_is_rewarded_in_medians_once_something_is_known(monkeypatch):
    rewarded = []
    monkeypatch.setattr(
        control.Learner, "learn", lambda self, episodes, rewards: rewarded.append(rewards)
    )
    monkeypatch.setattr(training, "_UPDATES", 3)
    for name, task in exploration.TASKS.items():
        monkeypatch.setitem(exploration.TASKS, name, task._replace(time_limit=8))
    # No policy can reach the goal in eight steps.
    reached = exploration.explore("Acrobot", 0.5, iterations=3, steps=40, seed=0)
    assert reached.tolist() == [0.0] * 3
    # Nothing in the first iteration, before which nothing was known.
    second, third = rewarded
    assert min(second.min(), third.min()) > 0
    assert np.median(second) == pytest.approx(0.5)
    assert np.median(third) != pytest.approx(0.5)

    # Noise alone is not rewarded, and there is nothing to learn.
    exploration.explore("MountainCar", 0.0, iterations=1, steps=40, seed=0)
    assert len(rewarded) == 2


def test_the_command_counts_seeds_and_goes_on_with_more(commands, tmp_path, monkeypatch):
    explored = []

    def explore(name, weight, *, iterations, steps, seed):
        explored.append((weight, seed))
        return np.full(iterations, 1.0 if weight and seed < 3 else 0.0)

    monkeypatch.setattr(exploration, "explore", explore)
    output = tmp_path / "exploration"
    flags = ("--environment=Acrobot", "--seeds=4", "--iterations=6")
    result = commands.call("study", "exploration", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    assert explored == [(1e-4, seed) for seed in range(4)] + [(0.0, seed) for seed in range(4)]
    found = json.loads((output / "study.json").read_text())
    assert "in 3 of 4 seeds by VIME and in 0 by noise (p = 0.071)" in found["answer"]
    figures = {finding["name"]: finding["value"] for finding in found["findings"]}
    assert figures["Acrobot: seeds that reach the goal, VIME"] == 0.75
    assert figures["Acrobot: p of Fisher's exact test, one-sided"] == pytest.approx(4 / 56)
