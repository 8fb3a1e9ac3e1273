import numpy as np
import pytest
from scipy import integrate

from pirgan_tf.estimator.labels import hard_labels, scalar_labels, soft_labels


def test_hard_labels_are_one_in_the_bin_of_the_counts():
    # 290 of 1000 is in bin 29, and 0.29 * 100 in floating point is below 29.
    labels = hard_labels([0, 290, 1000], [1000, 1000, 1000])
    assert labels.dtype == np.float32
    assert labels.argmax(axis=1).tolist() == [0, 29, 99]
    assert labels.sum(axis=1).tolist() == [1, 1, 1]
    assert np.count_nonzero(labels) == 3


@pytest.mark.parametrize(("positives", "impressions"), [(3, 10), (0, 5), (7, 7), (29.5, 100)])
def test_soft_labels_are_the_posterior_mass_of_each_bin(positives, impressions):
    (labels,) = soft_labels([positives], [impressions], num_bins=5)
    a, b = positives + 0.5, impressions - positives + 0.5
    likelihood = [
        integrate.quad(lambda p: p ** (a - 1) * (1 - p) ** (b - 1), low, low + 0.2)[0]
        for low in np.arange(5) / 5
    ]
    np.testing.assert_allclose(labels, np.array(likelihood) / sum(likelihood), atol=1e-5)


def test_soft_labels_are_wide_with_few_impressions_and_narrow_with_many():
    few, many = soft_labels([5, 50_000], [10, 100_000])
    assert few.sum() == pytest.approx(1, abs=1e-5)
    assert few.max() < 0.03
    # Half of the mass is on either side of 1/2, where two bins meet.
    np.testing.assert_allclose(many[[49, 50]], 0.5, atol=1e-3)


def test_scalar_labels_are_the_observed_rates():
    np.testing.assert_allclose(scalar_labels([1, 2.5], [4, 5]), [[0.25], [0.5]])
