import json
import math

import numpy as np
import pytest
from scipy import stats

from pirgan_tf.analysis import (
    calibration_table,
    compare,
    holm,
    percent_nonzero,
    spearman_ceiling,
)
from pirgan_tf.errors import InputError


def test_compare_by_hand():
    # Means 0.2 and 0.5, variances 0.01 and 0.02 / 3 (n = 3 and 4).
    comparison = compare([0.1, 0.2, 0.3], [0.4, 0.5, 0.5, 0.6])
    assert comparison.mean_before == pytest.approx(0.2)
    assert comparison.mean_after == pytest.approx(0.5)
    assert comparison.sd_before == pytest.approx(0.1)
    assert comparison.sd_after == pytest.approx(math.sqrt(0.02 / 3))
    assert comparison.change == pytest.approx(0.3)
    # Pooled variance (2 * 0.01 + 3 * 0.02 / 3) / 5 = 0.008.
    assert comparison.cohens_d == pytest.approx(0.3 / math.sqrt(0.008))
    # Squared standard errors 0.01 / 3 and 0.005 / 3, together 0.005.
    assert comparison.t == pytest.approx(0.3 / math.sqrt(0.005))
    df = 0.005**2 / ((0.01 / 3) ** 2 / 2 + (0.005 / 3) ** 2 / 3)
    assert comparison.df == pytest.approx(df)
    margin = stats.t.ppf(0.975, df) * math.sqrt(0.005)
    assert comparison.ci_low == pytest.approx(0.3 - margin)
    assert comparison.ci_high == pytest.approx(0.3 + margin)
    assert comparison.p == pytest.approx(2 * stats.t.sf(0.3 / math.sqrt(0.005), df))
    assert 0.001 < comparison.p < 0.05
    assert comparison.significant is False


def test_compare_against_a_simulation():
    rng = np.random.default_rng(0)
    before, after = rng.normal(0.3, 0.05, 1000), rng.normal(0.5, 0.1, 800)
    comparison = compare(before, after)
    assert comparison.significant
    assert comparison.p < 1e-100
    assert comparison.ci_low < 0.2 < comparison.ci_high
    assert comparison.cohens_d == pytest.approx(2.6, abs=0.3)
    back = compare(after, before)
    assert back.significant
    assert (back.change, back.t, back.ci_low) == pytest.approx(
        (-comparison.change, -comparison.t, -comparison.ci_high)
    )


def test_the_interval_covers_95_in_100():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        comparison = compare(rng.normal(0, 1, 8), rng.normal(1, 4, 20))
        hits += comparison.ci_low <= 1 <= comparison.ci_high
    assert 0.92 < hits / 400 < 0.98


def test_welch_as_r_prints_it():
    # R: t.test(c(11, 9, ...), c(11, 13, ...)).
    first = [11, 9, 10, 11, 10, 12, 9, 11, 12, 9]
    second = [11, 13, 10, 13, 12, 9, 11, 12, 12, 11]
    comparison = compare(second, first)
    assert round(comparison.t, 4) == -1.8325
    assert round(comparison.df, 1) == 17.9
    assert round(comparison.p, 5) == 0.08356
    assert round(comparison.ci_low, 7) == -2.1469104
    assert round(comparison.ci_high, 7) == 0.1469104


def test_interval_of_cohens_d():
    # As R's effsize prints it.
    x, y = [3, 4, 6, 7, 5, 6, 7, 3, 5, 4, 2], [4, 6, 6, 7, 6, 5, 5, 2, 3, 4, 1]
    comparison = compare(y, x)
    assert round(comparison.cohens_d, 4) == 0.1538
    assert round(comparison.cohens_d_low, 3) == -0.737
    assert round(comparison.cohens_d_high, 3) == 1.045

    unequal = compare([0.1, 0.2, 0.3], [0.4, 0.5, 0.5, 0.6])
    d = unequal.cohens_d
    margin = stats.t.ppf(0.975, 5) * math.sqrt(1 / 3 + 1 / 4 + d**2 / 14)
    assert unequal.cohens_d_low == pytest.approx(d - margin, rel=1e-12)
    assert unequal.cohens_d_high == pytest.approx(d + margin, rel=1e-12)


def test_the_interval_of_cohens_d_covers_95_in_100():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        comparison = compare(rng.normal(0, 1, 40), rng.normal(0.5, 1, 40))
        hits += comparison.cohens_d_low <= 0.5 <= comparison.cohens_d_high
    assert 0.92 < hits / 400 < 0.98


@pytest.mark.filterwarnings("error")
def test_constant_sets():
    same = compare([0.1] * 10, [0.1] * 7)
    assert same.change == pytest.approx(0, abs=1e-15)
    assert math.isnan(same.t)
    assert not same.significant
    moved = compare([0.1] * 10, [0.7] * 10)
    assert moved.change == pytest.approx(0.6)
    assert not moved.significant
    fields = moved.as_dict()
    assert [name for name in fields if fields[name] is None] == [
        "cohens_d",
        "cohens_d_low",
        "cohens_d_high",
        "t",
        "df",
        "p",
        "ci_low",
        "ci_high",
    ]
    json.dumps(fields, allow_nan=False)

    collapsed = compare([0.1, 0.2, 0.3], [0.1] * 5)
    assert collapsed.t == pytest.approx(-0.1 / (0.1 / math.sqrt(3)))
    assert collapsed.df == pytest.approx(2)


def test_a_difference_beyond_doubles_has_p_0():
    rng = np.random.default_rng(2)
    comparison = compare(rng.normal(0, 0.001, 1000), rng.normal(0.9, 0.001, 1000))
    assert comparison.p == 0
    assert comparison.significant
    assert json.loads(json.dumps(comparison.as_dict(), allow_nan=False))["p"] == 0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([0.5], [0.1, 0.2], "before rates must be a list of at least 2"),
        ([0.1, 0.2], [], "after rates must be a list of at least 2"),
        ([0.1, 0.2], [0.1, math.nan], "after rates must be finite. Received: 1"),
        ([[0.1, 0.2]], [0.1, 0.2], "[1, 2]"),
    ],
)
def test_compare_refuses(before, after, words):
    with pytest.raises(InputError) as raised:
        compare(before, after)
    assert words in str(raised.value)


# Chance alone has the variance 0.25 / impressions; true rates have 0.05 ** 2.
@pytest.mark.parametrize(("impressions", "reliability"), [(1000, 0.91), (100, 0.50), (10, 0.09)])
def test_ceiling_is_what_the_true_rates_reach(impressions, reliability):
    rng = np.random.default_rng(3)
    true = rng.normal(0.5, 0.05, 50_000).clip(0, 1)
    pir = rng.binomial(impressions, true) / impressions
    ceiling = spearman_ceiling(pir, impressions)
    assert ceiling**2 == pytest.approx(reliability, abs=0.01)
    assert ceiling == pytest.approx(np.corrcoef(true, pir)[0, 1], abs=0.02)
    assert ceiling == pytest.approx(stats.spearmanr(true, pir).statistic, abs=0.03)


def test_ceiling_by_hand_and_at_the_edges():
    # Variance 0.08; chance (0.24 / 4 + 0.24 / 9) / 2 with 5 and 10 impressions.
    reliability = 1 - (0.24 / 4 + 0.24 / 9) / 2 / 0.02
    assert reliability < 0
    assert spearman_ceiling([0.4, 0.6], [5, 10]) == 0
    reliability = 1 - (0.16 / 4 + 0.09 / 9) / 2 / 0.245
    assert spearman_ceiling([0.2, 0.9], [5, 10]) == pytest.approx(math.sqrt(reliability))
    # The third image was shown once and does not count.
    assert spearman_ceiling([0.2, 0.9, 1.0], [5, 10, 1]) == spearman_ceiling([0.2, 0.9], [5, 10])
    assert spearman_ceiling([0, 1, 1], 1) is None
    assert spearman_ceiling([0.1, 0.1, 0.1], 10) is None
    # Of stars: nobody knows how much less than counts these vary.
    assert spearman_ceiling([0.25, 0.9], [5, 10]) is None
    with pytest.raises(InputError, match=r"1\.5"):
        spearman_ceiling([0.1, 1.5], 10)
    with pytest.raises(InputError, match="Received: 2 and 3"):
        spearman_ceiling([0.1, 0.5], [10, 10, 10])


def test_calibration_table():
    predicted = np.arange(100)[::-1] / 100
    rows = calibration_table(predicted, predicted**2, num_groups=4)
    assert [row["count"] for row in rows] == [25] * 4
    assert rows[0]["predicted"] == pytest.approx(0.12)
    assert rows[3]["predicted"] == pytest.approx(0.87)
    assert rows[3]["observed"] == pytest.approx(np.mean((np.arange(75, 100) / 100) ** 2))


def test_equal_predictions_share_a_group():
    rows = calibration_table([0.2] * 8 + [0.1, 0.9], [0] * 4 + [1] * 4 + [0, 1])
    assert rows == [
        {"count": 1, "predicted": 0.1, "observed": 0},
        {"count": 8, "predicted": pytest.approx(0.2), "observed": 0.5},
        {"count": 1, "predicted": 0.9, "observed": 1},
    ]
    assert calibration_table([0.5] * 3, [0, 0, 1], 10)[0]["count"] == 3
    assert len(calibration_table([0.5], [0.4])) == 1
    with pytest.raises(InputError, match=r"as many as estimated ones\. Received: 1 and 2"):
        calibration_table([0.1, 0.2], [0.1])


def test_percent_nonzero():
    # 0.01 is the lower edge of the second bin of 100.
    assert percent_nonzero([0, 0.0099, 0.01, 1]) == 50
    assert percent_nonzero([0, 0.0099, 0.01, 1], num_bins=1000) == 75
    assert percent_nonzero([0.0] * 7) == 0
    with pytest.raises(InputError, match="counted rates must be a list of at least 1"):
        percent_nonzero([])


def test_holm_by_hand():
    # By rising p they are multiplied by 4, 3, 2 and 1, and none falls below the one before.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.4]), [0.8, 0.8])
    np.testing.assert_allclose(holm([0.9, 0.6]), [1, 1])
    assert holm([]).tolist() == []


def test_holm_leaves_out_what_is_not_defined():
    np.testing.assert_allclose(holm([math.nan, 0.02, 0.0, math.nan]), [math.nan, 0.02, 0, math.nan])
    assert np.isnan(holm([math.nan])).all()
    with pytest.raises(InputError, match=r"p-values must lie in \[0, 1\]\. Received: 1\.5"):
        holm([0.1, 1.5, math.nan])
