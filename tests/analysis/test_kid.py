import itertools
import math

import numpy as np
import pytest

from pirgan_tf.analysis import estimate_kid
from pirgan_tf.analysis.statistics.kid import unbiased_kid
from pirgan_tf.errors import InputError


def _slow(a, b, scale):
    def kernel(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / (scale * len(x)) + 1) ** 3

    def within(rows):
        return np.mean([kernel(x, y) for x, y in itertools.permutations(rows, 2)])

    return within(a) + within(b) - 2 * np.mean([kernel(x, y) for x in a for y in b])


def test_the_estimate_is_its_definition_for_sets_of_different_size():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=[5, 3]), rng.normal(1, 2, [7, 3])
    assert unbiased_kid(a, b, 2.5) == pytest.approx(_slow(a, b, 2.5))


def test_two_points_by_hand():
    # Kernels of 1 and 1: 8; of -1 and -1: 8; of 1 and -1: 0.
    ones = np.ones([2, 1])
    assert unbiased_kid(ones, -ones, 1.0) == 16
    assert unbiased_kid(ones, ones, 1.0) == 0


def test_equal_distributions_are_at_0_as_often_as_the_error_says():
    rng = np.random.default_rng(1)
    found = [estimate_kid(*rng.normal(size=[2, 200, 4])) for _ in range(100)]
    values = np.array([estimate.kid for estimate in found])
    errors = np.array([estimate.standard_error for estimate in found])
    # The estimate is unbiased, and the error is that of the estimates around the truth.
    assert abs(values.mean()) < 3 * values.std() / 10
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.2)


def test_more_different_distributions_are_further_apart():
    rng = np.random.default_rng(2)
    reference = rng.normal(size=[300, 4])
    found = [estimate_kid(rng.normal(shift, 1, [400, 4]), reference) for shift in (0, 0.5, 1)]
    assert abs(found[0].kid) < 3 * found[0].standard_error
    for nearer, further in itertools.pairwise(found):
        error = math.hypot(nearer.standard_error, further.standard_error)
        assert further.kid > nearer.kid + 4 * error
    assert (found[0].num_images, found[0].num_reference) == (400, 300)


def test_a_set_that_is_sorted_gives_what_the_same_set_shuffled_gives():
    rng = np.random.default_rng(3)
    # Photographs stand class by class.
    reference = np.sort(rng.normal(size=[200, 1]), axis=0)
    estimate = estimate_kid(rng.normal(size=[200, 1]), reference)
    assert abs(estimate.kid) < 4 * estimate.standard_error


def test_the_unit_of_the_features_does_not_matter():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=[40, 3]), rng.normal(1, 1, [30, 3])
    assert estimate_kid(1e4 * a, 1e4 * b).kid == pytest.approx(estimate_kid(a, b).kid)
    assert estimate_kid(0 * a, 0 * b).kid == 0


@pytest.mark.parametrize(
    "shapes, spoil, words",
    [
        (((19, 3), (30, 3)), 0, r"at least 20.*\[19, 3\]"),
        (((30, 3), (30, 4)), 0, r"one length.*\[30, 4\]"),
        (((30,), (30, 4)), 0, r"\[n, d\].*\[30\]"),
        (((30, 3), (30, 3)), math.nan, "finite. Received: 90"),
    ],
)
def test_features_that_cannot_be_compared_are_refused(shapes, spoil, words):
    with pytest.raises(InputError, match=words):
        estimate_kid(np.ones(shapes[0]), np.ones(shapes[1]) + spoil)
