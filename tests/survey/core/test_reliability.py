"""Split-half reliability against what it means: how alike a second study's rates would be."""

import numpy as np
import pytest

from pirgan_tf.survey.reliability import split_half_reliability

WORTH = np.arange(5) / 4


def _counts(taste, raters, generator):
    """Returns how often each of the images was given each number of stars."""
    noisy = taste[:, None] + generator.normal(0, 1, (len(taste), raters))
    stars = np.clip(np.round(noisy), 0, 4).astype(int)
    return (stars[:, :, None] == np.arange(5)).sum(axis=1)


@pytest.mark.parametrize("raters, spread", [(3, 1.0), (10, 0.3), (9, 1.0)])
def test_it_is_the_correlation_with_a_second_study_of_as_many_raters(raters, spread):
    generator = np.random.default_rng(1)
    taste = generator.normal(2, spread, 4000)
    first, second = (_counts(taste, raters, generator) for _ in range(2))
    expected = np.corrcoef(first @ WORTH, second @ WORTH)[0, 1]
    # The standard error of a correlation of 4000 images is at most 0.016.
    assert split_half_reliability(first, WORTH) == pytest.approx(expected, abs=0.05)


def test_it_is_one_where_raters_agree_and_hardly_above_none_where_they_guess():
    agreed = 4 * np.eye(5, dtype=int)[[0, 3, 4, 4, 1, 2]]
    assert split_half_reliability(agreed, WORTH) == pytest.approx(1)
    generator = np.random.default_rng(2)
    assert split_half_reliability(_counts(np.full(4000, 2.0), 4, generator), WORTH) < 0.1


@pytest.mark.parametrize(
    "counts",
    [
        np.eye(5, dtype=int),  # One rating each.
        2 * np.eye(5, dtype=int)[:2],  # Two images.
        2 * np.eye(5, dtype=int)[[3, 3, 3]],  # All the same.
    ],
)
def test_it_is_none_where_there_is_nothing_to_compare(counts):
    assert split_half_reliability(counts, WORTH) is None
