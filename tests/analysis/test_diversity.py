import dataclasses
import itertools
import math

import numpy as np
import pytest

from pirgan_tf.analysis import compare_diversity
from pirgan_tf.errors import InputError


def line(*points):
    return np.array(points, float)[:, np.newaxis]


def test_points_on_a_line_by_hand():
    # Their fifth neighbours are at the distances 5, 4, 3, 3, 3, 4, 5.
    before, after = line(*range(7)), line(*range(10, 17))
    diversity = compare_diversity(before, after, features="estimator")
    assert diversity.features == "estimator"
    assert diversity.num_images == 7
    # (6 x 1 + 5 x 2 + 4 x 3 + 3 x 4 + 2 x 5 + 1 x 6) / 21 pairs.
    assert diversity.distance_before == pytest.approx(56 / 21)
    assert diversity.distance_after == pytest.approx(56 / 21)
    # Only 6 and 10 are nearer to each other, 4, than their fifth neighbours.
    assert diversity.precision == pytest.approx(1 / 7)
    assert diversity.recall == pytest.approx(1 / 7)
    assert diversity.density == pytest.approx(1 / 7 / 5)
    assert diversity.coverage == pytest.approx(1 / 7)


def test_a_collapse_keeps_precision_and_loses_recall():
    rng = np.random.default_rng(0)
    before = rng.normal(size=[100, 3])
    near_the_middle = rng.normal(0, 0.01, [100, 3])
    diversity = compare_diversity(before, near_the_middle, features="vgg16")
    assert diversity.precision == 1
    assert diversity.recall < 0.05
    assert diversity.coverage < 0.5
    assert diversity.distance_after < 0.02 * diversity.distance_before
    back = compare_diversity(near_the_middle, before, features="vgg16")
    assert (back.precision, back.recall) == (diversity.recall, diversity.precision)
    assert back.kid == pytest.approx(diversity.kid)

    one_image = np.tile(before[:1], [100, 1])
    collapsed = compare_diversity(before, one_image, features="vgg16")
    assert collapsed.distance_after == 0
    assert collapsed.recall == 0


def test_equal_sets():
    features = np.random.default_rng(1).normal(size=[50, 4])
    diversity = compare_diversity(features, features, features="estimator")
    assert (diversity.precision, diversity.recall, diversity.coverage) == (1, 1, 1)
    assert diversity.distance_before == diversity.distance_after


def test_kid_is_its_definition():
    rng = np.random.default_rng(2)
    before, after = rng.normal(size=[9, 2]), rng.normal(1, 2, [9, 2])
    mean_square = np.mean(np.concatenate([before, after]) ** 2)

    def kernel(a, b):
        return (a @ b / (2 * mean_square) + 1) ** 3

    within = [
        np.mean([kernel(a, b) for a, b in itertools.permutations(images, 2)])
        for images in (before, after)
    ]
    between = np.mean([kernel(a, b) for a in before for b in after])
    expected = sum(within) - 2 * between
    assert compare_diversity(before, after, features="vgg16").kid == pytest.approx(expected)


def test_kid_does_not_depend_on_the_unit_of_the_features():
    rng = np.random.default_rng(2)
    before, after = rng.normal(size=[9, 2]), rng.normal(1, 2, [9, 2])
    kids = [compare_diversity(u * before, u * after, features="x").kid for u in (1, 1e4)]
    assert kids[0] == pytest.approx(kids[1])
    assert compare_diversity(0 * before, 0 * after, features="x").kid == 0


def test_kid_of_equal_distributions_is_0_on_average():
    rng = np.random.default_rng(3)
    values = [
        compare_diversity(rng.normal(size=[30, 8]), rng.normal(size=[30, 8]), features="x").kid
        for _ in range(30)
    ]
    assert min(values) < 0 < max(values)
    assert np.mean(values) == pytest.approx(0, abs=3 * np.std(values) / np.sqrt(30))


def test_of_the_larger_set_the_first_are_used_and_nothing_is_printed(capsys):
    rng = np.random.default_rng(4)
    before, after = rng.normal(size=[40, 5]), rng.normal(size=[30, 5])
    diversity = compare_diversity(before, after, features="x")
    assert diversity.num_images == 30
    assert diversity == compare_diversity(before[:30], after, features="x")
    assert all(
        isinstance(value, float) and math.isfinite(value)
        for name, value in dataclasses.asdict(diversity).items()
        if name not in ("features", "num_images")
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            np.zeros([6, 2]),
            np.zeros([9, 2]),
            "features before must be of at least 7 images, [n, d]. Received: shape [6, 2]",
        ),
        (
            np.zeros([9, 2]),
            np.zeros([9]),
            "features after must be of at least 7 images, [n, d]. Received: shape [9]",
        ),
        (
            np.zeros([9, 2]),
            np.zeros([9, 3]),
            "features before and after must be of one length. Received: 2 and 3",
        ),
        (
            np.zeros([9, 2]),
            np.full([9, 2], np.nan),
            "features after must be finite. Received: 18 that are not",
        ),
    ],
)
def test_wrong_features_are_refused(before, after, message):
    with pytest.raises(InputError) as raised:
        compare_diversity(before, after, features="x")
    assert str(raised.value) == message
