import numpy as np
import pytest
from scipy import stats

from pirgan_tf.errors import InputError
from pirgan_tf.users import simulate_impressions


def test_table():
    table = simulate_impressions([0.0, 0.25, 1.0], 1000, seed=3)
    assert list(table.columns) == ["image_id", "impressions", "positives", "pir"]
    assert list(table["image_id"]) == ["img000000", "img000001", "img000002"]
    assert table["positives"].dtype == np.int64
    assert table["positives"].iloc[0] == 0
    assert table["positives"].iloc[2] == 1000
    np.testing.assert_array_equal(table["pir"], table["positives"] / 1000)
    assert list(simulate_impressions([0.5], 1, 0, image_ids=["a"])["image_id"]) == ["a"]


def test_the_seed_decides():
    rates = np.linspace(0, 1, 200)
    first = simulate_impressions(rates, 1000, seed=1)
    assert first.equals(simulate_impressions(rates, 1000, seed=1))
    assert not first.equals(simulate_impressions(rates, 1000, seed=2))


@pytest.mark.parametrize("impressions", [1, 10, 1000])
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.3, 0.5, 0.98, 0.999])
def test_counts_are_binomial(impressions, rate):
    draws = 20_000
    table = simulate_impressions(np.full(draws, rate), impressions, seed=4)
    observed = np.bincount(table["positives"], minlength=impressions + 1)
    expected = draws * stats.binom.pmf(np.arange(impressions + 1), impressions, rate)
    # The chi-square test needs some draws in each cell: rare counts share one.
    rare = expected < 10
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 10:
        observed = np.append(observed[:-2], observed[-2:].sum())
        expected = np.append(expected[:-2], expected[-2:].sum())
    assert len(observed) > 1
    assert stats.chisquare(observed, expected).pvalue > 1e-4


def test_images_are_drawn_independently():
    table = simulate_impressions(np.full(10_000, 0.5), 1000, seed=5)
    pir = table["pir"].to_numpy()
    assert abs(np.corrcoef(pir[:-1], pir[1:])[0, 1]) < 0.04
    assert pir.std() == pytest.approx(np.sqrt(0.25 / 1000), rel=0.03)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.5, 1.01], 10, 0), "1.01 as rate 1"),
        (([-0.1], 10, 0), "-0.1"),
        (([np.nan], 10, 0), "nan"),
        (([], 10, 0), "rates"),
        (([[0.5]], 10, 0), "[1, 1]"),
        (([0.5], 0, 0), "impressions"),
        (([0.5], 2.5, 0), "2.5"),
        (([0.5], 10, -1), "seed"),
        (([0.5], 10, 2**31), "2147483648"),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(InputError) as raised:
        simulate_impressions(*arguments)
    assert words in str(raised.value)


def test_ids_must_be_as_many():
    with pytest.raises(InputError, match=r"image_ids must be as many as rates\. Received: 2 for 1"):
        simulate_impressions([0.5], 10, 0, image_ids=["a", "b"])
