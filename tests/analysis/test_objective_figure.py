"""The figure of one objective."""

import dataclasses
import json

import fake_runs
import numpy as np
import pytest

from pirgan_tf.analysis.figures.training_figures import objective_figure, training_figure
from pirgan_tf.analysis.table.runs import read_run


@pytest.fixture(scope="module")
def objective(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    fake_runs.make_empty_run(run)
    fake_runs.make_objective(run, "color:red", "single color")
    return read_run(run).objectives[0]


def labels(figure):
    return [axes.get_xlabel() + " / " + axes.get_ylabel() for axes in figure.axes]


def test_panels_of_a_whole_objective(objective):
    assert labels(objective_figure(objective)) == [
        "true rate / % of images",
        "predicted rate / observed rate",
        "step / cross-entropy",
        "step / estimated rate",
        "step / log-likelihood",
    ]


def test_only_what_there_is_is_drawn(objective):
    alone = dataclasses.replace(objective, estimator=None, fit=None, tuning=None)
    assert labels(objective_figure(alone)) == ["true rate / % of images"]
    assert objective_figure(dataclasses.replace(alone, evaluation=None)) is None
    assert training_figure([]) is None


def test_the_histogram_is_of_shares_and_tells_the_means(objective):
    axes = objective_figure(objective).axes[0]
    evaluation = objective.evaluation
    for stairs in axes.patches:
        values = stairs.get_data().values
        assert values.sum() == pytest.approx(100)
    assert [text.get_text().split(": ")[1] for text in axes.texts] == [
        f"mean {np.mean(evaluation.rates_before):.3f}",
        f"mean {np.mean(evaluation.rates_after):.3f}",
    ]


def test_the_calibration_tells_the_slope_where_there_is_one(objective):
    axes = objective_figure(objective).axes[1]
    assert axes.texts[1].get_text().endswith("held-out images, slope 1.31 (1.17 to 1.42)")
    earlier = {name: value for name, value in objective.fit.items() if name != "slope"}
    axes = objective_figure(dataclasses.replace(objective, fit=earlier)).axes[1]
    assert axes.texts[1].get_text().endswith("held-out images")


def test_curves_are_those_of_the_training_and_gaps_are_left_out(tmp_path, objective):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_objective(tmp_path, "color:red", "single color")
    stats = tmp_path / "objectives" / "color-red" / "gan" / "stats.jsonl"
    rows = [{"step": 1, "loss/pir": 0.5}, {"step": 2, "loss/pir": None}]
    rows += [{"step": 3}, {"step": 4, "loss/pir": 0.7}]
    stats.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run,) = read_run(tmp_path).objectives
    axes = objective_figure(run).axes
    assert labels(objective_figure(run))[-1] == "step / estimated rate"
    np.testing.assert_array_equal(axes[-1].lines[0].get_xydata(), [[1, 0.5], [4, 0.7]])


def test_what_was_measured_by_step_is_drawn(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_objective(tmp_path, "color:red", "single color")
    place = tmp_path / "objectives" / "color-red"
    evaluation = json.loads((place / "evaluation" / "evaluation.json").read_text())
    rates = [{"step": 0, "true": 0.5, "estimated": 0.6}, {"step": 9, "true": 0.7, "estimated": 0.9}]
    (place / "evaluation" / "evaluation.json").write_text(
        json.dumps(evaluation | {"by_step": rates})
    )
    (place / "gan" / "stats.jsonl").write_text(
        json.dumps({"step": 9, "tuning/diversity": 0.8, "loss/p_real": 0.4}) + "\n"
    )
    figure = objective_figure(read_run(tmp_path).objectives[0])
    assert labels(figure)[-2:] == ["step / share", "step / mean rate"]
    shares, means = figure.axes[-2:]
    assert [line.get_ydata().tolist() for line in shares.lines] == [[0.8], [0.4]]
    assert [line.get_ydata().tolist() for line in means.lines] == [[0.5, 0.7], [0.6, 0.9]]


def test_pretraining_has_its_class_terms():
    rows = [{"step": k, "loss/fake": -1.0, "loss/real_class": -0.5} for k in (1, 2)]
    source, classes = training_figure(rows).axes
    assert [text.get_text().split(" ", 1)[1] for text in source.texts] == [
        "discriminator knows fakes"
    ]
    assert [text.get_text().split(" ", 1)[1] for text in classes.texts] == ["class of reals"]
