"""Which photographs pretrain_estimator chooses its step by, and which it reports on."""

import json

import pytest

FLAGS = ("--dataset=landscapes", "--landscapes=24", "--steps=4", "--batch_size=4")
FLAGS += ("--depth_multiplier=0.1", "--evaluate_every=2", "--log_every=2")


def test_accuracy_is_of_photographs_that_did_not_choose_the_step(
    commands, tmp_path, small_inception
):
    flags = (*FLAGS, "--heldout=0.4", "--patience=9")
    result = commands.call("pretrain_estimator", *flags, output=tmp_path / "trunk")
    assert result.status == 0, result
    fit = json.loads((tmp_path / "trunk" / "fit.json").read_text())
    assert [fit[f"num_{name}"] for name in ("train", "validation", "test")] == [14, 5, 5]
    assert fit["accuracy"] * 5 == pytest.approx(round(fit["accuracy"] * 5))
    assert "on 5 held-out photographs" in result.stdout


def test_one_photograph_cannot_both_choose_and_test(commands, nowhere):
    flags = (*FLAGS, "--heldout=0.04", "--patience=3")
    assert "at least 2 photographs where there is patience. Received: 1" in (
        commands.call("pretrain_estimator", *flags, output=nowhere).refusal()
    )
