"""The verdict of people: its estimate by hand, and intervals that hold what they say."""

import numpy as np
import pandas as pd
import pytest

from pirgan_tf.analysis import compare, compare_by_raters
from pirgan_tf.errors import InputError

CHANGE = 0.05


def _table(rows):
    return pd.DataFrame(rows, columns=["rater", "image_id", "rate"])


def _study(rng, raters, images, each):
    """Ratings of two galleries, of which each rater sees equally many images."""
    seen = np.concatenate([rng.permutation(images) for _ in range(each)])
    rater = np.arange(len(seen)) * raters // len(seen)
    severity, taste = rng.normal(0, 0.15, raters), rng.normal(0, 0.05, raters)
    parts = []
    for change in (0.0, CHANGE):
        quality = rng.normal(0.5, 0.1, images)
        rate = quality[seen] + severity[rater] + (change + taste[rater]) * (change > 0)
        rate += rng.normal(0, 0.25, len(seen))
        parts.append(pd.DataFrame({"rater": rater, "image_id": seen, "rate": rate}))
    return parts


def test_severe_raters_do_not_look_like_a_change():
    # The first rater gives all images 0.2 less than the second, and sees more of the first
    # gallery; both like the second gallery better by 0.1.
    before = _table([(1, 0, 0.2), (1, 1, 0.2), (1, 2, 0.2), (2, 0, 0.4)])
    after = _table([(1, 7, 0.3), (2, 8, 0.5), (2, 9, 0.5)])
    found = compare_by_raters(before, after).comparison
    assert found.change == pytest.approx(0.1)
    assert found.mean_after - found.mean_before == pytest.approx(0.1)
    assert after["rate"].mean() - before["rate"].mean() > 0.18


def test_means_and_spreads_are_those_of_the_images():
    before, after = _study(np.random.default_rng(0), 8, 40, 4)
    found = compare_by_raters(before, after)
    plain = compare(found.rates_before, found.rates_after)
    assert found.rates_before == pytest.approx(before.groupby("image_id")["rate"].mean().to_list())
    for name in ("num_before", "num_after", "sd_before", "sd_after"):
        assert getattr(found.comparison, name) == pytest.approx(getattr(plain, name))
    # Each rater sees as many images of both, so that nobody's severity is in the plain means.
    for name in ("mean_before", "mean_after", "change", "cohens_d"):
        assert getattr(found.comparison, name) == pytest.approx(getattr(plain, name), abs=1e-9)
    assert (found.num_raters, found.num_ratings) == (8, 320)
    assert found.comparison.df == 7


def test_intervals_hold_the_change_of_all_raters_and_images_in_95_of_100_studies():
    rng, found = np.random.default_rng(1), []
    for _ in range(100):
        before, after = _study(rng, 10, 80, 5)
        people = compare_by_raters(before, after)
        found.append(
            [
                figures.ci_low <= CHANGE <= figures.ci_high
                for figures in (people.comparison, compare(people.rates_before, people.rates_after))
            ]
        )
    ours, of_images_alone = np.mean(found, axis=0)
    # Two standard errors of 100 draws are 0.04.
    assert ours >= 0.91
    assert of_images_alone < ours


def test_raters_of_one_gallery_are_left_out():
    before, after = _study(np.random.default_rng(2), 6, 30, 3)
    stranger = _table([("x", 1, 1.0), ("x", 2, 1.0)])
    assert compare_by_raters(pd.concat([before, stranger]), after) == compare_by_raters(
        before, after
    )


def test_too_few_raters_or_images_are_refused():
    before, after = _study(np.random.default_rng(2), 6, 30, 3)
    with pytest.raises(InputError, match=r"at least two raters must .* Received: 1 of 6"):
        compare_by_raters(before, after[after["rater"] == 0])
    with pytest.raises(InputError, match=r"after rates must be .* Received: shape \[1\]"):
        compare_by_raters(before, after.assign(image_id="same"))
