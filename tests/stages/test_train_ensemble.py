"""Estimators of several members, and temperatures fitted to counts, by the command line."""

import json

import numpy as np
import pytest

from pirgan_tf import estimator, training
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.stages.shared.estimator_options import check_ensemble, read_temperature
from pirgan_tf.stages.shared.training_options import train
from pirgan_tf.training import records

FLAGS = ("--steps=2", "--batch_size=4", "--num_bins=20", "--heldout=0.5", "--evaluate_every=1")


@pytest.fixture
def learn(commands, tmp_path, small_inception):
    """Returns a function that trains on random images, and the images that it measures on."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, [24, 16, 16, 3]).astype(np.uint8)
    images[..., 0] //= np.arange(1, 25, dtype=np.uint8)[:, None, None]
    ids = np.array([f"img{number}" for number in range(24)])
    (tmp_path / "gallery").mkdir()
    Gallery(images, np.zeros([24, 2]), np.zeros(24, int), ids).save(tmp_path / "gallery")
    gallery = f"--gallery={tmp_path / 'gallery'}"
    flags = (gallery, "--objective=color:red", "--impressions=9")
    assert commands.call("simulate", *flags, output=tmp_path / "users").status == 0

    def call(name, *flags):
        given = (*FLAGS, gallery, f"--interactions={tmp_path / 'users'}", *flags)
        return commands.call("train_estimator", *given, output=tmp_path / name)

    return call, images


def test_members_differ_and_are_measured_together(learn, helpers, tmp_path):
    call, images = learn
    result = call("ensemble", "--members=2", "--fit_temperature", "--labels=soft", "--seed=3")
    assert (result.status, result.complaints) == (0, []), result
    folder = tmp_path / "ensemble"
    files = helpers.tree(folder)
    assert not [name for name in files if "checkpoints" in name]
    # A member alone is what one network is of the same seed; the other is another.
    assert call("one", "--fit_temperature", "--labels=soft", "--seed=3").status == 0
    weights = [
        [weight.numpy() for weight in estimator.PirEstimator.load(path).model.weights]
        for path in (folder, tmp_path / "one")
    ]
    count = len(weights[1])
    for both, one in zip(weights[0][:count], weights[1], strict=True):
        np.testing.assert_allclose(both, one, rtol=1e-3, atol=1e-5)
    assert not np.allclose(weights[0][0], weights[0][count])

    fit = json.loads(files["fit.json"])
    assert [member["steps"] for member in fit["members"]] == [2, 2]
    assert (fit["num_train"], fit["num_validation"], fit["num_test"]) == (12, 6, 6)
    assert fit["temperature"] == json.loads(files["estimator.json"])["temperature"]
    assert read_temperature(str(folder)) == fit["temperature"] != 0.01
    judge = estimator.PirEstimator.load(folder)
    logits = judge.logits(training.to_float(images))
    of_test = judge.expectation(logits, fit["temperature"]).numpy()
    groups = [group["predicted"] for group in fit["calibration"]]
    assert min(of_test) - 1e-4 <= min(groups) <= max(groups) <= max(of_test) + 1e-4
    assert 0 < fit["spread"] < 1


def test_an_ensemble_that_was_stopped_goes_on_with_the_next_member(learn, tmp_path, monkeypatch):
    call, _ = learn
    steps = []
    add = records.Records.add

    def stop_at_the_second(trainer, options, folder, **given):
        if folder.name == "member-2":
            raise TrainingError("losses must stay finite. Received: nan")
        return train(trainer, options, folder, **given)

    with monkeypatch.context() as patch:
        patch.setattr("pirgan_tf.stages.train_estimator.train", stop_at_the_second)
        assert call("stopped", "--members=2").status == 1
    assert not (tmp_path / "stopped").exists()
    monkeypatch.setattr(
        records.Records, "add", lambda self, *given: (steps.append(given[1]), add(self, *given))
    )
    assert call("stopped", "--members=2").status == 0
    assert sum(steps) == 2
    fit = json.loads((tmp_path / "stopped" / "fit.json").read_text())
    assert [member["steps"] for member in fit["members"]] == [2, 2]


def test_the_papers_estimator_is_one_network_at_its_temperature(learn, tmp_path):
    call, _ = learn
    assert call("paper").status == 0
    fit = json.loads((tmp_path / "paper" / "fit.json").read_text())
    assert (len(fit["members"]), fit["spread"], fit["temperature"]) == (1, None, 0.01)
    assert (fit["num_validation"], fit["num_test"]) == (0, 12)
    assert read_temperature(str(tmp_path / "paper")) == 0.01
    assert not (tmp_path / "paper" / "trainings").exists()


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--members=0",), ["members must be at least 1", "0"]),
        (("--members=101",), ["members must be", "below 101"]),
        (("--head=scalar", "--fit_temperature"), ["fit_temperature is for the softmax head"]),
        (
            ("--heldout=0.2", "--fit_temperature"),
            ["at least 3 images to measure on and, with patience or fit_temperature, 3 more"],
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(learn, tmp_path, flags, words):
    call, _ = learn
    line = call("refused", *flags).refusal()
    assert all(word in line for word in words), line
    assert not (tmp_path / "refused").exists()


def test_a_single_network_cannot_disagree_with_itself():
    check_ensemble("caution=0.5", 2)
    with pytest.raises(InputError, match=r"caution=0\.5 needs an ensemble.* Received: 1 member"):
        check_ensemble("caution=0.5", 1)
