"""The gaussian study: its networks, its training, and what it makes of trainings."""

import json
import math

import numpy as np
import pytest

from pirgan_tf.errors import TrainingError
from pirgan_tf.gan import losses
from pirgan_tf.studies import gaussian
from pirgan_tf.studies.gaussian.study import describe

TINY = {
    "steps": 4,
    "batch_size": 8,
    "pretraining": 3,
    "learning_rate": 0.1,
    "records": 2,
    "num_samples": 5,
}


def _train(name, seeds, **settings):
    return gaussian.train(gaussian.CONDITIONS[name], seeds=seeds, **(TINY | settings))


@pytest.mark.parametrize("name", ["plain", "minibatch discrimination"])
def test_a_seed_does_not_see_how_many_others_there_are(name):
    one, two = _train(name, 1), _train(name, 2)
    assert two.samples.shape == (3, 2, 5)
    for field in one._fields:
        alone, beside = getattr(one, field), getattr(two, field)
        seed = (slice(None), slice(1))
        assert beside[seed] == pytest.approx(alone, abs=1e-5)
        assert np.abs(beside[:, 1] - beside[:, 0]).max() > 1e-3


def test_only_with_minibatch_features_a_decision_depends_on_the_other_samples():
    x = np.zeros((1, 6, 1), np.float32)
    other = x.copy()
    other[0, 1:] = np.arange(5)[:, None] - 2.0
    plain = gaussian.build_discriminator(1, 6)
    assert float(plain(x)[0, 0, 0]) == pytest.approx(float(plain(other)[0, 0, 0]), abs=1e-6)
    batched = gaussian.build_discriminator(1, 6, minibatch_features=2)
    assert abs(batched(x)[0, 0, 0] - batched(other)[0, 0, 0]) > 1e-3
    # Equal samples are as close as can be: 1, whatever the batch.
    closeness = batched.layers[-2].output
    features = type(batched)(batched.inputs[0], closeness)(x)
    assert features.numpy()[0, :, -2:] == pytest.approx(np.ones((6, 2)), abs=1e-6)


def test_a_discriminator_fitted_to_the_density_comes_nearer_to_it():
    fitted = _train(
        "D fitted to the density", 2, pretraining=300, batch_size=64, steps=2, records=1
    )
    density = np.exp(-(gaussian.GRID**2) / 2) / math.sqrt(2 * math.pi)
    before, after = np.abs(fitted.curves - density).mean(2)
    assert (after < 0.7 * before).all()


def test_losses_that_are_not_finite_are_one_line(monkeypatch):
    monkeypatch.setattr(losses, "fake_image", lambda logits: logits[..., 0] * np.nan)
    with pytest.raises(TrainingError, match=r"finite.*smaller learning_rate.*seed 0"):
        _train("plain", 1)


def _figures(samples, decisions):
    """Returns the findings of generators that make these, and of constant discriminators."""
    values, fooling = (np.full((10, 2), n * math.log(0.5)) for n in (2, 1))
    curves = np.broadcast_to(np.array(decisions)[:, None], (2, len(gaussian.GRID)))
    training = gaussian.Training(np.array(samples)[None], values, fooling, np.stack([curves] * 2))
    return {
        finding.name.removeprefix("plain: "): finding for finding in describe("plain", training)
    }


def test_findings_of_known_samples_and_decisions():
    figures = _figures([[-1.0, 1.0, -1.0, 1.0], [1.6, 2.4, 1.6, 2.4]], [0.5, 0.3])
    assert figures["seeds that collapse"].seeds == {0: 0.0, 1: 1.0}
    spread = figures["standard deviation of the samples"]
    assert spread.seeds == pytest.approx({0: 1.0, 1: 0.4})
    assert figures["mean of the samples"].value == pytest.approx(1.0)
    for area in ("mean on [-5, 5]", "mean over the data"):
        assert figures[f"|D(x) - 0.5|, {area}"].seeds == pytest.approx({0: 0.0, 1: 0.2})
    value = figures["E log D(x) + E log(1 - D(G(z))) at the end"].value
    assert value == pytest.approx(-1.386, abs=1e-3)


def test_the_command_tells_how_many_seeds_collapse(commands, tmp_path, monkeypatch):
    def train(condition, *, seeds, records, num_samples, **_):
        """Minibatch discrimination helps one seed of two, and nothing else any."""
        spreads = [[0.1], [1.0 if condition.minibatch_features else 0.1]]
        samples = np.array(spreads) * np.random.default_rng(0).standard_normal(num_samples)
        halves = np.full((2, seeds, len(gaussian.GRID)), 0.5)
        values = np.full((records, seeds), -1.0)
        return gaussian.Training(np.stack([samples] * (records + 1)), values, values, halves)

    monkeypatch.setattr(gaussian, "train", train)
    output = tmp_path / "gaussian"
    result = commands.call("study", "gaussian", "--seeds=2", output=output)
    assert (result.status, result.complaints) == (0, [])
    found = json.loads((output / "study.json").read_text())
    assert "of 2: plain, 2; " in found["answer"]
    assert found["answer"].endswith("minibatch discrimination, 1.")
    figures = {finding["name"]: finding["value"] for finding in found["findings"]}
    assert figures["minibatch discrimination: seeds that collapse"] == 0.5
    assert set(found["figures"]) == {"densities", "losses", "discriminators"}


def test_a_discriminator_can_be_trained_against_the_untrained_generator():
    trained = _train("D trained against the untrained G", 1)
    assert np.isfinite(trained.curves).all()
    assert np.abs(trained.curves[0] - trained.curves[1]).max() > 1e-3
