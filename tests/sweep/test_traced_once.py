"""Objectives one after the other in one process: what each would give alone, from one trace."""

import json

import keras
import numpy as np
import pytest

from pirgan_tf.stages import train_estimator, tune
from pirgan_tf.training import TracedTrainers

LENGTH = {"steps": 4, "batch_size": 8}
RATES = {"generator_learning_rate": 1e-3, "discriminator_learning_rate": 1e-3}


@pytest.fixture
def made(commands, tmp_path, small_inception, tiny_family, monkeypatch):
    """A GAN and a gallery of it; the networks are small ones, which are traced at once."""
    # What it has learned does not matter here.
    monkeypatch.setattr("pirgan_tf.stages.pretrain.train", lambda *_, **__: 1)
    flags = ("--steps=1", "--batch_size=4", "--landscapes=16", "--image_size=32")
    flags += ("--family=maxout",)
    assert commands.call("pretrain", *flags, output=tmp_path / "first").status == 0
    flags = (f"--gan={tmp_path / 'first'}", "--num_images=40")
    assert commands.call("sample", *flags, output=tmp_path / "gallery").status == 0
    return tmp_path


def _work(commands, made, name, objective, seed, weight, trainers):
    place = made / name
    flags = (f"--gallery={made / 'gallery'}", f"--objective=color:{objective}")
    assert commands.call("simulate", *flags, output=place / "users").status == 0
    train_estimator.run(
        train_estimator.TrainEstimatorOptions(
            gallery=(str(made / "gallery"),),
            interactions=(str(place / "users"),),
            output=str(place / "estimator"),
            learning_rate=1e-2,
            evaluate_every=2,
            heldout=0.2,
            patience=9,
            seed=seed,
            **LENGTH,
        ),
        trainers,
    )
    tune.run(
        tune.TuneOptions(
            gan=str(made / "first"),
            estimator=str(place / "estimator"),
            output=str(place / "gan"),
            pir_weight=weight,
            seed=seed,
            **LENGTH,
            **RATES,
        ),
        trainers,
    )


def _results(place):
    networks = [
        keras.models.load_model(place / path)
        for path in ("gan/generator.keras", "gan/discriminator.keras", "estimator/estimator.keras")
    ]
    return [weight for network in networks for weight in network.get_weights()]


def test_an_objective_after_another_gives_what_it_gives_alone(commands, made):
    trainers = TracedTrainers()
    _work(commands, made, "red", "red", 0, 1000.0, trainers)
    _work(commands, made, "blue", "blue", 1, 10.0, trainers)
    _work(commands, made, "alone", "blue", 1, 10.0, None)
    assert len(trainers.kept) == 2
    assert {trainer.train.experimental_get_tracing_count() for trainer in trainers.kept} == {1}
    red, blue, alone = (_results(made / name) for name in ("red", "blue", "alone"))
    for ours, theirs in zip(blue, alone, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert max(np.abs(a - b).max() for a, b in zip(red, blue, strict=True)) > 1e-3
    fits = [
        json.loads((made / name / "estimator" / "fit.json").read_text())
        for name in ("blue", "alone")
    ]
    assert fits[0]["loss"] == pytest.approx(fits[1]["loss"], rel=1e-3)
    assert fits[0]["chosen_step"] == fits[1]["chosen_step"]
