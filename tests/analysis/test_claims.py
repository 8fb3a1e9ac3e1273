"""Claims on small tables whose verdict can be told by hand, and on a large one."""

import itertools

import fake_rows
import numpy as np
import pytest
from scipy import stats

from pirgan_tf.analysis.claims.claims import CLAIMS, check_claims
from pirgan_tf.analysis.claims.findings import judge_coefficient
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.statistics.models import Coefficient, LinearModel

AGREES, DISAGREES, UNKNOWN = "agrees", "does not agree", "cannot be told"


def row(objective, family, layer=None, *, improved=True, **given):
    change = 0.1 if improved else 0.001
    common = {"results_version": 2, "run": "a", "objective": objective, "family": family}
    common |= {"layer": layer, "round": 1, "kept": True, "pir_weight": 1000.0, "seed": 0}
    common |= {"change": change, "cohens_d": 20 * change, "mean_before": 0.2, "sd_before": 0.05}
    common |= {"mean_after": 0.2 + change, "p": 1e-9 if improved else 0.2, "significant": improved}
    return common | {"percent_nonzero": 90.0} | given


def colors(family, *improved, **given):
    return [
        row(f"color:{family}-{number}", family, improved=good, **given)
        for number, good in enumerate(improved)
    ]


def filters(layer, *improved, family="1 filter", **given):
    return [
        row(f"vgg16:{layer}:{family[:2].strip()}{number}", family, layer, improved=good, **given)
        for number, good in enumerate(improved)
    ]


def find(words, rows):
    table = fake_rows.table_of(rows)
    (found,) = [finding for claim, finding in check_claims(table) if words in claim.text]
    return found


def test_every_claim_can_be_found_true():
    table = fake_rows.make_rows(rounds=2)
    findings = {claim.text: finding for claim, finding in check_claims(table)}
    untold = {text for text, finding in findings.items() if finding.verdict == UNKNOWN}
    # These compare settings, of which the table has one each.
    assert {text.split()[0] for text in untold} == {"The", "A", "Rescaling"}
    assert len(untold) == 4
    half = "The initial standard deviation explains half of the variance of the change."
    assert {f.verdict for text, f in findings.items() if text not in untold | {half}} == {AGREES}


def test_nothing_can_be_told_from_nothing():
    findings = [finding for _, finding in check_claims(fake_rows.table_of([]))]
    assert {finding.verdict for finding in findings} == {UNKNOWN}
    assert {finding.num_objectives for finding in findings} == {0}
    assert all(finding.ours for finding in findings)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (colors("single color", True, True) + colors("two colors", True), AGREES),
        (colors("single color", True, True) + colors("two colors", False), DISAGREES),
        (colors("single color", True, True), UNKNOWN),
    ],
)
def test_simple_colours_must_all_improve_and_be_three_at_least(rows, verdict):
    finding = find("one and two colours improve", rows)
    assert finding.verdict == verdict
    assert finding.num_objectives == len(rows)


def test_significance_is_the_papers_and_holms_count_stands_beside():
    rows = colors("single color", True, True, True)
    rows[0]["p"] = 0.0009
    finding = find("one and two colours improve", rows)
    assert finding.verdict == AGREES
    assert finding.ours == "3 of 3 improve significantly (3 by Holm)"
    rows[1]["p"] = 0.0009
    # Holm: 2 x 0.0009 is above 0.001.
    assert find("one and two colours", rows).ours == "3 of 3 improve significantly (1 by Holm)"
    rows[1]["change"] = -0.1
    assert find("one and two colours", rows).verdict == DISAGREES


def test_three_colours_are_harder_by_their_median_effect():
    simple = colors("single color", True, True, True, cohens_d=2.0)
    hard = colors("three colors", True, True, True, cohens_d=0.9)
    finding = find("harder", simple + hard)
    assert (finding.verdict, finding.num_objectives) == (AGREES, 3)
    assert finding.ours == "median d 0.90, against 2.00 of one and two colours"
    easy = colors("three colors", True, True, True, cohens_d=1.1)
    assert find("harder", simple + easy).verdict == DISAGREES


def test_single_filters_of_sparse_layers_are_held_against_the_other_layers():
    others = filters("pool1", True, True, False, percent_nonzero=80.0)
    sparse = filters("pool5", False, False, True, percent_nonzero=20.0)
    finding = find("Single filters of pool5", others + sparse)
    assert (finding.verdict, finding.num_objectives) == (AGREES, 3)
    assert finding.ours == "1 of 3 improve significantly (1 by Holm), and 67% of other layers'"
    assert find("Single filters of pool5", sparse).verdict == UNKNOWN
    assert find("have many rates of zero", others + sparse).verdict == AGREES
    dense = filters("fc6", False, False, False, percent_nonzero=85.0)
    finding = find("have many rates of zero", others + sparse + dense)
    assert finding.verdict == DISAGREES
    assert finding.ours == "not zero: fc6 85 %, pool5 20 %, next pool1 80 %"


def test_sets_of_sparse_layers_need_more_than_half():
    half = filters("fc7", True, True, False, False, family="20 filters")
    assert find("Sets of 20", half).verdict == DISAGREES
    most = filters("fc7", True, True, True, False, family="20 filters")
    assert find("Sets of 20", most).verdict == AGREES
    assert find("Sets of 20", filters("pool1", True, True, True, family="20 filters")).ours == (
        "no such objective was evaluated"
    )


def coefficient(value, error, df=100):
    t = value / error
    half = stats.t.ppf(0.975, df) * error
    p = 2 * stats.t.sf(abs(t), df)
    fitted = Coefficient(value, error, t, p, value - half, value + half)
    return LinearModel("change", {"x": fitted}, 0.5, df + 2, df)


@pytest.mark.parametrize(
    ("value", "error", "null", "verdict"),
    [
        (-0.2, 0.02, 0, AGREES),  # the paper's direction, p far below 0.001
        (0.2, 0.02, 0, DISAGREES),  # the other one
        (-0.05, 0.1, 0, UNKNOWN),  # not certain; from -0.25 to 0.15 holds -0.13
        (-0.01, 0.01, 0, DISAGREES),  # not certain; from -0.03 to 0.01 does not
        (-0.2, 0.02, -0.25, DISAGREES),  # on the other side of another null
    ],
)
def test_coefficients(value, error, null, verdict):
    finding = judge_coefficient(coefficient(value, error), "x", paper=-0.13, null=null)
    assert finding.verdict == verdict
    assert finding.num_objectives == 102


def test_the_slope_is_tested_against_one():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 0.2, 30)
    y = 1.3 * x + rng.normal(0, 0.01, 30)
    rows = [
        row(f"color:{i}", "single color", estimated_change=a, change=b)
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    ]
    finding = find("too pessimistic", rows)
    fit = stats.linregress(x, y)
    t = (fit.slope - 1) / fit.stderr
    assert finding.verdict == AGREES
    assert f"β {fit.slope:.2f}" in finding.ours
    assert f"t {t:.1f} and p {2 * stats.t.sf(t, 28):.1e} against 1" in finding.ours


def test_the_correlation_is_pearsons():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 100, 40)
    y = x / 30 + rng.normal(0, 0.5, 40)
    rows = [
        row(f"vgg16:pool1:{i}", "1 filter", "pool1", percent_nonzero=a, cohens_d=b)
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    ]
    finding = find("The more rates are not zero", rows)
    assert finding.verdict == AGREES
    assert finding.ours.startswith(f"r {stats.pearsonr(x, y).statistic:.2f} ")
    assert find("The more rates are not zero", rows[:3]).verdict == UNKNOWN
    flat = [one | {"percent_nonzero": 100.0} for one in rows]
    assert find("The more rates are not zero", flat).ours == (
        "nothing varies between the objectives"
    )


def rounds(layer, gains):
    rows = []
    for number, (first, second) in enumerate(gains):
        for place, change in ((1, first), (2, first + second)):
            rows.append(
                row(
                    f"vgg16:{layer}:{number}",
                    "1 filter",
                    layer,
                    round=place,
                    change=change,
                    mean_after=0.2 + change,
                )
            )
    return rows


def test_a_second_round_of_pool2():
    better = rounds("pool2", [(0.1, 0.05), (0.2, 0.01), (0.1, 0.09)])
    finding = find("pool2", better)
    assert finding.verdict == AGREES
    assert finding.ours == "3 of 3 rise again, 3 of these by less"
    more = rounds("pool2", [(0.1, 0.05), (0.2, 0.3), (0.1, -0.01)])
    finding = find("pool2", more)
    assert finding.verdict == DISAGREES
    assert finding.ours == "2 of 3 rise again, 1 of these by less"


def test_a_second_round_of_fc8():
    finding = find("fc8", rounds("fc8", [(0.1, 0.05), (0.2, -0.01), (0.1, 0.09)]))
    assert (finding.verdict, finding.ours) == (AGREES, "1 of 3 fall")
    few = rounds("fc8", [(0.1, 0.05), (0.2, -0.01), (0.1, 0.09), (0.1, 0.1)])
    assert find("fc8", few).verdict == DISAGREES


def test_settings_are_compared_objective_by_objective_with_all_else_equal():
    both = [
        one | {"temperature": temperature, "cohens_d": d + number, "labels": "hard"}
        for temperature, d in ((0.01, 1.0), (1.0, 0.5))
        for number, one in enumerate(colors("two colors", True, True, True))
    ]
    finding = find("0.01 in use is better", both)
    assert (finding.verdict, finding.ours) == (AGREES, "larger in 3 of 3")
    for one in both[3:5]:
        one["cohens_d"] = 9.0
    assert find("0.01 in use is better", both).verdict == DISAGREES
    for one in both[3:]:
        one["labels"] = "soft"
    assert find("0.01 in use is better", both).ours == "no objective was run both ways"


def test_diversity_is_lost_if_most_objectives_lose_distance():
    rows = colors("two colors", True, True, True, distance_before=10.0, distance_after=8.0)
    rows[0]["distance_after"] = 11.0
    finding = find("costs diversity", rows)
    assert (finding.verdict, finding.ours) == (AGREES, "falls for 2 of 3; median 80% of it is left")


def test_rules_are_told_with_the_claims():
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)
    for first, second in itertools.pairwise(CLAIMS):
        assert first.check is not second.check
    assert all(claim.where and claim.paper and claim.rule.endswith(".") for claim in CLAIMS)


def test_the_models_are_those_of_the_first_tuning():
    table = fake_rows.make_rows(rounds=2, weights=(1000.0, 100.0))
    once = fake_rows.make_rows()
    finding = {claim.text: found for claim, found in check_claims(table)}
    text = "The estimator is too pessimistic about the change."
    assert finding[text].num_objectives == models.change_by_estimate(once).num_objectives == 172
