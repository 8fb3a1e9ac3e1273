"""The stages of one objective, with stages that only write down how they were called."""

import json
import types

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.sweep import objective_run
from pirgan_tf.sweep.objective_run import run_objective
from pirgan_tf.sweep.reproduce_options import ReproduceOptions

STAGES = ("simulate", "estimator", "tune", "sample", "evaluate")


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Replaces the stages; returns the list of (output, options) of the calls."""
    calls = []

    def fake(options):
        output = options.output.removeprefix(f"{tmp_path}/objectives/color-red/")
        calls.append((output, options))
        path = tmp_path / "objectives" / "color-red" / output
        path.mkdir(parents=True)
        if path.name == "evaluation":
            # The estimate falls from round to round but for the second.
            number = int(path.parent.name[6:]) if path.parent.name.startswith("round") else 1
            estimate = {"after": 0.6 if number == 2 else 0.5 - number / 100}
            (path / "evaluation.json").write_text(json.dumps({"estimated": estimate}))

    stages = dict.fromkeys(STAGES, fake)
    monkeypatch.setattr(objective_run, "_RUNS", stages)
    # The fakes' folders lack the files that are looked for.
    monkeypatch.setattr("pirgan_tf.cli.options.Options.validate", lambda self: None)
    for module in ("simulate.Simulate", "sample.Sample", "tune.Tune", "evaluate.Evaluate"):
        monkeypatch.setattr(f"pirgan_tf.stages.{module}Options.validate", lambda self: None)
    monkeypatch.setattr(
        "pirgan_tf.stages.train_estimator.TrainEstimatorOptions.validate", lambda self: None
    )
    return calls


def make_options(tmp_path, **changes):
    return ReproduceOptions(output=str(tmp_path), objectives="color:red", **changes)


def by_output(calls):
    return dict(calls)


def test_one_round_runs_the_five_stages_in_turn(calls, tmp_path):
    outcome = run_objective("color:red", make_options(tmp_path, seed=5, tune_steps=7), tmp_path)
    assert outcome.failure is None
    assert outcome.seconds > 0
    assert [output for output, _ in calls] == [
        "interactions",
        "estimator",
        "gan",
        "gallery",
        "evaluation",
    ]
    made = by_output(calls)
    place = tmp_path / "objectives" / "color-red"
    assert made["interactions"].gallery == str(tmp_path / "gallery")
    assert made["estimator"].interactions == (str(place / "interactions"),)
    assert made["estimator"].initial is None
    assert made["gan"].gan == str(tmp_path / "gan")
    assert made["gan"].steps == 7
    assert made["gan"].pir_weight == 1000.0
    # Welch's test is of independent images.
    assert (made["gan"].seed, made["gallery"].seed) == (5, 6)
    assert made["gallery"].num_images == 1000
    assert made["evaluation"].before == str(tmp_path / "before")
    assert made["evaluation"].after == str(place / "gallery")
    assert made["evaluation"].estimator == str(place / "estimator")
    assert made["evaluation"].gan is None


@pytest.mark.parametrize("option", ["tune_keep_diversity", "tune_diversity_every"])
def test_where_tuning_is_measured_the_true_rates_are_followed_by_step(calls, tmp_path, option):
    options = make_options(tmp_path, tune_pir_weight=("10", "100"), **{option: 1})
    run_objective("color:red", options, tmp_path)
    made = by_output(calls)
    for weight in (10, 100):
        folder = str(tmp_path / "objectives" / "color-red" / f"weight-{weight}" / "gan")
        assert made[f"weight-{weight}/evaluation"].gan == folder


def test_tuned_gans_may_be_evaluated_on_fewer_images(calls, tmp_path):
    options = make_options(tmp_path, sample_num_images=200, evaluate_num_images=50)
    run_objective("color:red", options, tmp_path)
    assert by_output(calls)["gallery"].num_images == 50


def test_what_is_done_is_not_done_again(calls, tmp_path):
    options = make_options(tmp_path)
    (tmp_path / "objectives" / "color-red" / "interactions").mkdir(parents=True)
    run_objective("color:red", options, tmp_path)
    assert len(calls) == 4
    run_objective("color:red", options, tmp_path)
    assert len(calls) == 4


def test_a_second_round_learns_from_both_galleries_and_tunes_further(calls, tmp_path):
    options = make_options(tmp_path, rounds=2, estimator_slim_checkpoint="slim.ckpt")
    run_objective("color:red", options, tmp_path)
    made = by_output(calls)
    place = tmp_path / "objectives" / "color-red"
    assert made["estimator"].slim_checkpoint == "slim.ckpt"
    assert made["round-2/interactions"].gallery == str(place / "gallery")
    later = made["round-2/estimator"]
    assert later.gallery == (str(tmp_path / "gallery"), str(place / "gallery"))
    assert later.interactions == (
        str(place / "interactions"),
        str(place / "round-2" / "interactions"),
    )
    assert (later.initial, later.slim_checkpoint) == (str(place / "estimator"), None)
    # The seed splits a gallery: what was held out in the first round must stay so.
    assert later.seed == made["estimator"].seed
    assert made["round-2/gan"].gan == str(place / "gan")
    assert made["round-2/gan"].estimator == str(place / "round-2" / "estimator")
    assert made["round-2/evaluation"].before == str(tmp_path / "before")
    for name in ("interactions", "gallery"):
        assert made[name].seed != made[f"round-2/{name}"].seed


@pytest.mark.parametrize("rounds, later, each", [(1, None, 40), (2, None, 20), (4, 20, 25)])
def test_a_budget_is_spent_over_all_rounds(calls, tmp_path, rounds, later, each):
    counts = {"sample_num_images": 100, "evaluate_num_images": later}
    options = make_options(tmp_path, budget=4000, rounds=rounds, **counts)
    run_objective("color:red", options, tmp_path)
    made = by_output(calls)
    numbers = ["interactions", *(f"round-{n}/interactions" for n in range(2, rounds + 1))]
    assert {made[name].impressions for name in numbers} == {each}
    assert 100 * each + (rounds - 1) * (later or 100) * each == 4000


@pytest.mark.parametrize(
    "budget, words",
    [
        (0, "budget must be at least 1"),
        (3999, "a multiple of the 2000 images that are rated.* Received: 3999 for 2 rounds"),
    ],
)
def test_a_budget_that_cannot_be_spent_is_refused(tmp_path, budget, words):
    with pytest.raises(InputError, match=words):
        make_options(tmp_path, budget=budget, rounds=2).validate()


def test_the_round_of_the_highest_estimate_is_kept(calls, tmp_path):
    run_objective("color:red", make_options(tmp_path, rounds=3), tmp_path)
    best = json.loads((tmp_path / "objectives/color-red/best_round.json").read_text())
    assert best == {"round": 2, "gan": "round-2/gan", "estimates": [0.49, 0.6, 0.47]}


def test_several_weights_share_users_and_estimator(calls, tmp_path):
    options = make_options(tmp_path, tune_pir_weight=("10", "1e3"))
    run_objective("color:red", options, tmp_path)
    assert [output for output, _ in calls] == [
        "interactions",
        "estimator",
        "weight-10/gan",
        "weight-10/gallery",
        "weight-10/evaluation",
        "weight-1000/gan",
        "weight-1000/gallery",
        "weight-1000/evaluation",
    ]
    made = by_output(calls)
    assert made["weight-10/gan"].pir_weight == 10.0
    assert made["weight-1000/gan"].pir_weight == 1000.0
    assert made["weight-10/gan"].seed == made["weight-1000/gan"].seed


@pytest.mark.parametrize(
    ("error", "reason", "traced"),
    [
        (InputError("batch_size is too large"), "batch_size is too large", False),
        (ZeroDivisionError("by\nzero"), "ZeroDivisionError: by zero", True),
    ],
)
def test_a_failure_is_recorded_and_the_next_attempt_goes_on_there(
    calls, tmp_path, monkeypatch, error, reason, traced
):
    def fail(options):
        raise error

    stages = dict(objective_run._RUNS)
    monkeypatch.setattr(objective_run, "_RUNS", stages | {"tune": fail})
    outcome = run_objective("color:red", make_options(tmp_path), tmp_path)
    assert outcome.failure == f"tune: {reason}"
    record = tmp_path / "objectives" / "color-red" / "failure.json"
    failure = json.loads(record.read_text())
    assert (failure["objective"], failure["stage"], failure["reason"]) == (
        "color:red",
        "tune",
        reason,
    )
    assert (failure["traceback"] is not None) == traced

    monkeypatch.setattr(objective_run, "_RUNS", stages)
    assert run_objective("color:red", make_options(tmp_path), tmp_path).failure is None
    assert [output for output, _ in calls][2:] == ["gan", "gallery", "evaluation"]
    assert not record.exists()


def test_an_interrupted_objective_is_no_failure(calls, tmp_path, monkeypatch):
    def stop(options):
        raise KeyboardInterrupt

    stages = objective_run._RUNS | {"tune": stop}
    monkeypatch.setattr(objective_run, "_RUNS", stages)
    with pytest.raises(KeyboardInterrupt):
        run_objective("color:red", make_options(tmp_path), tmp_path)
    assert not (tmp_path / "objectives" / "color-red" / "failure.json").exists()


def test_seconds_add_up_over_attempts(calls, tmp_path, monkeypatch):
    # The first of each attempt is the objective's own.
    clock = iter([0.0, 0.0, 2.0, 10.0, 13.5, 14.0, *range(20, 40)])
    # Not the module itself, whose clock other threads read too.
    monkeypatch.setattr(objective_run, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    real = objective_run._RUNS["estimator"]

    def fail(options):
        raise InputError("no")

    stages = objective_run._RUNS | {"estimator": fail}
    monkeypatch.setattr(objective_run, "_RUNS", stages)
    run_objective("color:red", make_options(tmp_path), tmp_path)
    path = tmp_path / "objectives" / "color-red" / "seconds.json"
    assert json.loads(path.read_text()) == {"interactions": 2.0, "estimator": 3.5}
    monkeypatch.setattr(objective_run, "_RUNS", stages | {"estimator": real})
    run_objective("color:red", make_options(tmp_path), tmp_path)
    assert json.loads(path.read_text())["estimator"] == 4.5
