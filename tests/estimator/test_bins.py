import numpy as np
import pytest

from pirgan_tf.estimator.bins import bin_centers, bin_rates


def test_290_of_1000_is_in_bin_29():
    assert int(100 * (290 / 1000)) == 28  # what floating point would say
    assert bin_rates([290], [1000]).tolist() == [29]


@pytest.mark.parametrize("impressions", [100, 1000, 7])
@pytest.mark.parametrize("num_bins", [100, 20, 3])
def test_every_count_is_in_the_bin_that_covers_its_rate(impressions, num_bins):
    positives = np.arange(impressions + 1)
    expected = [min(k * num_bins // impressions, num_bins - 1) for k in range(impressions + 1)]
    bins = bin_rates(positives, np.full(impressions + 1, impressions), num_bins)
    assert bins.tolist() == expected
    assert bins.dtype == np.int32


def test_the_ends_are_in_the_first_and_the_last_bin():
    assert bin_rates([0, 1000, 1, 3], [1000, 1000, 1, 3]).tolist() == [0, 99, 99, 99]


def test_fractional_positives_are_binned_as_they_are():
    # A weighted sum of ratings: 2.5 of 10 is .25, 2.49 of 10 is .249.
    assert bin_rates([2.5, 2.49, 9.999, 0.05], [10, 10, 10, 10]).tolist() == [25, 24, 99, 0]


def test_centers_lie_in_their_own_bins():
    centers = bin_centers()
    np.testing.assert_allclose(centers[[0, 29, 99]], [0.005, 0.295, 0.995], rtol=1e-6)
    np.testing.assert_allclose(bin_centers(4), [0.125, 0.375, 0.625, 0.875], rtol=1e-6)
    assert bin_rates(1000 * centers, np.full(100, 1000)).tolist() == list(range(100))
