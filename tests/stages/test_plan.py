"""The command that plans a survey."""

import json

import pandas as pd
import pytest

from pirgan_tf import analysis


def read_plan(folder):
    return json.loads((folder / "plan.json").read_text())


def test_a_budget_and_what_is_wanted(commands, tmp_path):
    output = tmp_path / "plan"
    flags = ("--ratings=2050", "--rating_sd=0.25", "--correlation=0.8", "--change=0.1")
    result = commands.call("plan", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    assert {path.name for path in output.iterdir()} == {"options.json", "plan.json", "plan.png"}

    plan = read_plan(output)
    assert plan["raters"] == 20
    rows = {row["ratings_per_image"]: row for row in plan["bought"]}
    # Nobody rates an image twice.
    assert list(rows) == [1, 2, 3, 5, 10, 20]
    assert (rows[10]["images"], rows[10]["images_per_gallery"]) == (200, 100)
    spread = analysis.Spread(0.1, 0.25, 0.05)
    study = analysis.MixedStudy(20, 100, 10, spread)
    assert rows[10]["correlation"] == pytest.approx(analysis.rate_correlation(spread, 10))
    assert rows[10]["power"] == pytest.approx(study.power(0.1, 0.05))
    assert study.power(rows[10]["smallest_change"], 0.05) == pytest.approx(0.8)

    # 0.64 / 0.36 * 0.25^2 / 0.1^2 = 11.1.
    assert plan["correlation"]["ratings_per_image"] == 12
    assert plan["correlation"]["ratings_of_1000_images"] == 12_000
    needed = plan["change"]["raters"]
    assert plan["change"]["ratings"] == 100 * needed
    assert analysis.MixedStudy(needed, 100, 1, spread).power(0.1, 0.05) >= 0.8

    table = [line.split() for line in result.stdout.splitlines()]
    assert ["10", "200", "0.78", "100"] in [line[:4] for line in table]
    assert "costs 12 ratings per image" in result.stdout
    assert f"by {needed} raters, who give {100 * needed} ratings" in result.stdout


def test_a_first_survey_in_place_of_guesses(commands, tmp_path):
    table = pd.DataFrame({"impressions": 20, "positives": [2, 8, 12, 18] * 25})
    table["image_id"] = [f"img{number:06d}" for number in range(100)]
    survey = tmp_path / "survey"
    survey.mkdir()
    table.to_csv(survey / "interactions.csv", index=False)
    result = commands.call("plan", f"--interactions={survey}", output=tmp_path / "plan")
    assert result.status == 0, result.stderr
    rates = read_plan(tmp_path / "plan")["rates"]
    pir = table["positives"] / 20
    # By hand: the variance of the rates, less the mean of what chance adds.
    variance = pir.var() - (pir * (1 - pir) / 19).mean()
    assert rates["mean_rate"] == pytest.approx(0.5)
    assert rates["true_sd"] == pytest.approx(variance**0.5)
    assert rates["rating_sd"] == pytest.approx((0.25 - variance) ** 0.5)
    low, high = rates["true_sd_interval"]
    assert low < rates["true_sd"] < high
    assert "of 100 images, 95 % interval" in result.stdout
    assert "stars" not in result.stdout


def test_stars_without_their_spread_are_named(commands, tmp_path):
    file = tmp_path / "interactions.csv"
    file.write_text("image_id,impressions,positives\na,10,1.25\nb,10,5.5\nc,10,9\n")
    result = commands.call("plan", f"--interactions={file}", output=tmp_path / "plan")
    assert "too small of stars" in result.stdout and "--rating_sd" in result.stdout


def test_where_no_change_is_large_enough_none_is_named(commands, tmp_path):
    flags = ("--ratings=8", "--images_per_rater=4", "--alpha=1e-6")
    result = commands.call("plan", *flags, output=tmp_path / "plan")
    bought = read_plan(tmp_path / "plan")["bought"]
    assert [row["smallest_change"] for row in bought] == [None, None]
    assert "none         0.0%" in result.stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--ratings=0",), ("ratings must be at least 8", "0")),
        (("--ratings=100",), ("ratings must be enough for two raters", "100")),
        (("--images_per_rater=1",), ("images_per_rater must be at least 4", "1")),
        (("--mean_rate=1",), ("mean_rate must be above 0", "below 1", "1")),
        (("--true_sd=0",), ("true_sd must be at least 0.001", "0")),
        (("--mean_rate=0.1", "--true_sd=0.4"), ("true_sd must be less than 0.3", "0.4")),
        (("--rating_sd=1",), ("rating_sd must be", "at most 0.5", "1")),
        (("--correlation=1",), ("correlation must be", "at most 0.999", "1")),
        (("--change=0",), ("change must be at least 0.001", "0")),
        (("--power=0.1",), ("power must be at least 0.5", "0.1")),
        (("--alpha=0",), ("alpha must be at least 1e-06", "0")),
        (("--interactions=no/such",), ("no/such",)),
        (("--interactions=no/such", "--true_sd=0.1"), ("must not be given with", "0.1")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("plan", *flags, output=nowhere).refusal()
    for word in words:
        assert word in line


def test_a_survey_in_which_images_do_not_differ_is_refused(commands, tmp_path, nowhere):
    file = tmp_path / "interactions.csv"
    file.write_text("image_id,impressions,positives\na,10,5\nb,10,5\nc,10,6\n")
    line = commands.call("plan", f"--interactions={file}", output=nowhere).refusal()
    assert "must differ by more than the chance" in line
