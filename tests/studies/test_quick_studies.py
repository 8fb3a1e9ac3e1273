"""bin/study, and the studies that take seconds: what they write, and against what they hold it."""

import dataclasses
import json
import math
import re
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pytest

from pirgan_tf import studies
from pirgan_tf.stages import study


@pytest.fixture(scope="module")
def xy_game(commands, tmp_path_factory):
    """The result of the command, and its output."""
    output = tmp_path_factory.mktemp("studies") / "xy_game"
    result = commands.call("study", "xy_game", "--step_sizes=0.1,0.5", output=output)
    assert (result.status, result.complaints) == (0, [])
    return result, output


def _figures(output):
    found = json.loads((output / "study.json").read_text())["findings"]
    return {finding["name"]: finding for finding in found}


def _run(name, folder, **options):
    """Runs a study with small options, and returns its findings by name."""
    module = studies.find_study(name)
    folder.mkdir(exist_ok=True)
    outcome = module.run(module.Options(output=str(folder / "output"), **options), folder)
    return {finding.name: finding for finding in outcome.findings}


def test_help_lists_every_study_at_once_with_source_data_and_time(commands):
    result = commands.run_without_tensorflow("study", "--help")
    assert (result.status, result.stderr) == (0, "")
    for name, entry in studies.STUDIES.items():
        [line] = [line for line in result.stdout.splitlines() if line.startswith(f"{name} ")]
        assert all(words in line for words in entry[1:])


@pytest.mark.parametrize("name", studies.STUDIES)
def test_help_of_a_study_names_its_flags(commands, name):
    result = commands.call("study", name, "--help")
    assert (result.status, result.stderr) == (0, "")
    for option in dataclasses.fields(studies.find_study(name).Options):
        assert re.search(rf"--(\[no\])?{option.name}:", result.stdout)


def test_flags_of_all_studies_are_there_without_what_is_slow_to_import(helpers):
    program = "import sys\nfrom pirgan_tf import studies\n"
    program += "for name in studies.STUDIES: studies.find_study(name).Options\n"
    program += "print({'tensorflow', 'scipy.stats', 'matplotlib.pyplot'} & {*sys.modules})"
    environment = helpers.environment(poisoned=True)
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert printed.stdout == "set()\n"


@pytest.mark.parametrize(
    "flags, words",
    [
        (("mixtur",), ("study", "did you mean 'mixture'")),
        (("--steps=3",), ("name of a study", "mixture", "--steps=3")),
        (("xy_game", "--step_sizes=0.1,zero"), ("step_sizes", "different numbers", "zero")),
        (("xy_game", "--step_sizes=0.1,0.1"), ("step_sizes", "different")),
        (("xy_game", "--turn=1"), ("turn", "turns")),
        (("mixture", "--unroll_steps=0,-1"), ("unroll_steps", "whole numbers from 0", "-1")),
        (("mixture", "--unroll_steps=1.5"), ("unroll_steps", "1.5")),
        (("mixture", "--setting=papr"), ("setting", "did you mean 'paper'")),
        (("mixture", "--seeds=0"), ("seeds", "at least 1")),
        (("digits_rnn", "--unroll_steps=two"), ("unroll_steps", "two")),
        (("digits_rnn", "--dataset=digit"), ("did you mean 'digits'",)),
        (("digits_rnn", "--dataset=idx:nowhere"), ("nowhere/train-images", "does not exist")),
        (("digits_rnn", "--batch_size=2000"), ("batch_size", "at most", "2000")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("study", *flags, output=nowhere).refusal()
    assert all(word in line for word in words)


def test_an_output_holds_figures_and_a_page_that_needs_no_other_file(xy_game):
    result, output = xy_game
    assert {path.name for path in output.iterdir()} == {
        "options.json",
        "study.json",
        "index.html",
        "figures",
    }
    assert {path.name for path in (output / "figures").iterdir()} == {"paths.png", "paths.svg"}
    page = (output / "index.html").read_text()
    assert len(re.findall(r'<img src="data:image/svg\+xml;base64,', page)) == 1
    assert not re.search(r"https?:|url\(|@import|<script|<link", page)
    content = json.loads((output / "study.json").read_text())
    assert content["answer"] in result.stdout
    for finding in content["findings"]:
        assert finding["name"] in page
        assert f"{finding['value']:.4g}" in page
    assert json.loads((output / "options.json").read_text())["stage"] == "study xy_game"


def test_a_report_shows_a_study_as_its_own_page_does(commands, xy_game, tmp_path):
    _, output = xy_game
    result = commands.call("report", f"--runs={output},{output}", output=tmp_path / "report")
    assert (result.status, result.complaints) == (0, [])
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"index.html", "options.json"}
    page, own = (folder / "index.html" for folder in (tmp_path / "report", output))
    for part in (r"<table.*?</table>", r'<img src="[^"]*"', r"<dl>.*?</dl>"):
        [expected] = re.findall(part, own.read_text(), re.DOTALL)
        assert page.read_text().count(expected) == 2
    ids = re.findall(r'id="([^"]*)"', page.read_text())
    assert len(set(ids)) == len(ids)
    links = re.findall(r'href="#([^"]*)"', page.read_text())
    assert links and set(links) <= set(ids)


def test_an_output_that_exists_is_replaced_only_when_asked(commands, xy_game):
    _, output = xy_game
    refusal = commands.call("study", "divergences", output=output).refusal()
    assert "--overwrite" in refusal
    flags = ("--step_sizes=0.1,0.5", "--overwrite")
    assert commands.call("study", "xy_game", *flags, output=output).status == 0


def test_players_circle_in_continuous_time_and_spiral_outward_in_steps(xy_game):
    figures = _figures(xy_game[1])
    assert figures["continuous: largest distance from x(0) (cos t, sin t)"]["value"] < 1e-8
    for size in (0.1, 0.5):
        growth = figures[f"steps of {size:g}: growth of the distance per step"]
        assert growth["value"] == pytest.approx(math.sqrt(1 + size**2), rel=1e-12)
        assert f"{math.sqrt(1 + size**2):.5g}" in growth["paper"]
        steps = round(2 * math.pi * 3 / size)
        distance = figures[f"steps of {size:g}: distance after 3 turns"]["value"]
        assert distance == pytest.approx((1 + size**2) ** (steps / 2), rel=1e-9)


def test_maximum_likelihood_matches_moments_and_the_reverse_settles_on_a_mode(tmp_path):
    figures = _run("divergences", tmp_path)
    # 0.55 at -2 and 0.45 at 2, both with sd 0.6.
    assert figures["KL(p || q): mean of q"].value == pytest.approx(-0.2, abs=1e-4)
    sd = math.sqrt(0.36 + 4 - 0.04)
    assert figures["KL(p || q): standard deviation of q"].value == pytest.approx(sd, abs=1e-4)
    assert figures["KL(q || p): mean of q"].value == pytest.approx(-2, abs=0.02)
    assert figures["KL(q || p): standard deviation of q"].value == pytest.approx(0.6, abs=0.02)
    # All of q on one mode, which has 0.55 of p.
    assert figures["KL(q || p) at its minimum, nats"].value == pytest.approx(
        -math.log(0.55), abs=0.01
    )


def test_the_costs_have_the_slopes_of_the_tutorial(tmp_path):
    figures = _run("generator_costs", tmp_path, rejected=0.1)
    # By the logit: -D, -(1 - D) and -D / (1 - D).
    for name, cost, slope in (
        ("minimax", math.log(0.9), -0.1),
        ("non_saturating", -math.log(0.1), -0.9),
        ("maximum_likelihood", -1 / 9, -1 / 9),
    ):
        assert figures[f"{name}: cost at D(G(z)) = 0.1"].value == pytest.approx(cost)
        found = figures[f"{name}: slope by the logit at D(G(z)) = 0.1"].value
        assert found == pytest.approx(slope)
    shares = {name: f.value for name, f in figures.items() if "best 1%" in name}
    # exp of a normal logit is log-normal: the share above a quantile is one above it less sd.
    likelihood = shares["maximum_likelihood: share of the gradient from the best 1%"]
    assert likelihood == pytest.approx(1 - NormalDist().cdf(2.326348 - 1.5), abs=2e-3)
    assert shares["non_saturating: share of the gradient from the best 1%"] < 0.01


def test_a_discriminator_comes_near_the_ratio_of_the_densities(tmp_path):
    figures = _run("optimal_discriminator", tmp_path, seeds=2, steps=200, batch_size=256)
    trained = figures["mean absolute error where samples are"]
    assert set(trained.seeds) == {0, 1}
    assert max(trained.seeds.values()) < 0.06
    assert min(figures["the same before training"].seeds.values()) > 0.1
    assert trained.low < trained.value < trained.high


def test_intervals_over_seeds():
    mean = studies.mean_over_seeds("m", {0: 1.0, 1: 2.0, 2: 3.0}, "2")
    # Student's t with 2 degrees of freedom: 4.303, and a standard error of 1 / sqrt(3).
    assert (mean.value, mean.paper) == (2.0, "2")
    assert (mean.low, mean.high) == pytest.approx((2 - 2.484, 2 + 2.484), abs=1e-3)
    assert studies.mean_over_seeds("m", {7: 1.5}).low is None
    equal = studies.mean_over_seeds("m", {0: 8.0, 1: 8.0})
    assert (equal.low, equal.high) == (8.0, 8.0)
    busy = studies.mean_seconds("t", {0: 1.0, 1: 2.0, 2: 3.0})
    assert (busy.value, busy.low, busy.high) == (2.0, None, None)
    share = studies.share_of_seeds("s", dict.fromkeys(range(10), True))
    # Wilson: n / (n + z^2).
    assert (share.low, share.high) == pytest.approx((10 / (10 + 1.96**2), 1), abs=1e-4)


def test_a_study_that_fails_leaves_nothing(nowhere, monkeypatch):
    module = studies.find_study("xy_game")
    monkeypatch.setattr(module, "flow", lambda time: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        study.run("xy_game", module.Options(output=str(nowhere)))


def test_the_optimum_is_the_ratio_of_the_densities():
    module = studies.find_study("optimal_discriminator")
    p, q = module.densities()
    spacing = 12 / (len(p) - 1)
    assert np.sum(p) * spacing == pytest.approx(1, abs=1e-4)
    assert module.mean_error(p / (p + q)) == pytest.approx(0)
