"""`tune --keep_diversity`: what it says, exports and refuses."""

import json
import types

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import estimator, gan

FLAGS = ("--batch_size=4", "--log_every=1", "--diversity_every=1", "--landscapes=4")


@pytest.fixture
def folders(tmp_path, small_inception):
    """A GAN and an estimator as pretrain and train_estimator would leave them."""
    shape = gan.GanShape((), 4, 1 / 16, image_size=32)
    networks = gan.build_networks(shape)
    trained = types.SimpleNamespace(**networks._asdict(), averaged_generator=lambda: None)
    judge = estimator.PirEstimator(estimator.EstimatorShape(32, 0.1))
    for name, stage, options, save in (
        (
            "gan",
            "pretrain",
            {"dataset": "landscapes", "classes": [], "landscapes": 4},
            gan.save_gan,
        ),
        ("estimator", "train_estimator", {"temperature": 0.01}, None),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "options.json").write_text(json.dumps({"stage": stage, "options": options}))
        judge.save(folder) if save is None else save(trained, shape, folder)
    return f"--gan={tmp_path / 'gan'}", f"--estimator={tmp_path / 'estimator'}"


def _train(trainer, first, count, *_):
    """Changes the generator's weights, in place of training, which takes long to trace."""
    for weight in trainer.generator.weights:
        weight.assign(weight.numpy() + float(count))
    return {name: tf.zeros([]) for name in trainer.loss_names}


@pytest.mark.parametrize(
    "figures, lines, exported",
    [
        (
            [(0.5, 4.0), (0.6, 3.8), (0.9, 2.0), (0.7, 1.0)],
            ["ends at step 3, as the estimate no longer rises", "exports the networks of step 1"],
            1,
        ),
        (
            [(0.5, 4.0), (0.9, 2.0), (0.4, 3.8)],
            ["ends at step 2", "at a diversity of at least 0.9; exports the untuned GAN"],
            0,
        ),
    ],
)
def test_the_best_step_inside_is_exported(
    commands, tmp_path, folders, monkeypatch, figures, lines, exported
):
    rows = iter(figures)
    names = ("tuning/estimate", "tuning/diversity")
    monkeypatch.setattr(
        "pirgan_tf.gan.tuning_trainer.measure_tuning",
        lambda *_, **__: dict(zip(names, next(rows), strict=True)),
    )
    monkeypatch.setattr(gan.GanTrainer, "train", _train)
    flags = (*folders, *FLAGS, "--keep_diversity=0.9", "--patience=2", "--steps=9")
    result = commands.call("tune", *flags, output=tmp_path / "tuned")
    assert result.status == 0, result
    for line in lines:
        assert line in result.stdout
    text = (tmp_path / "tuned/stats.jsonl").read_text()
    shares = [json.loads(row)["tuning/diversity"] for row in text.splitlines()]
    assert shares == [diversity / 4.0 for _, diversity in figures[1:]]
    weights = [
        gan.load_generator(folder).get_weights()
        for folder in (tmp_path / "gan", tmp_path / "tuned")
    ]
    for before, after in zip(*weights, strict=True):
        np.testing.assert_allclose(after, before + exported, atol=1e-6)


@pytest.mark.parametrize(
    "flag, words",
    [
        ("--keep_diversity=1.1", "keep_diversity must be at most 1.0 and above 0.0"),
        ("--keep_diversity=0", "keep_diversity must be at most 1.0 and above 0.0"),
        ("--diversity_every=0", "diversity_every must be at least 1"),
        ("--patience=-1", "patience must be at least 0"),
    ],
)
def test_numbers_that_cannot_be_are_refused(commands, nowhere, flag, words):
    flags = (flag, "--gan=no/gan", "--estimator=no/estimator")
    assert words in commands.call("tune", *flags, output=nowhere).refusal()
