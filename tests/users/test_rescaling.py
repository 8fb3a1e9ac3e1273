import numpy as np
import pytest

from pirgan_tf.users import rescale_rates


def test_rates_get_mean_one_half_and_a_quarter_of_spread():
    # None is two standard deviations from the mean, so nothing is clipped.
    rates = np.random.default_rng(0).permutation(np.linspace(0.89, 0.91, 1000))
    rescaled = rescale_rates(rates)
    assert rescaled.mean() == pytest.approx(0.5)
    assert rescaled.std() == pytest.approx(0.25)
    np.testing.assert_array_equal(np.argsort(rescaled), np.argsort(rates))


def test_outliers_are_clipped():
    # Mean 0.1, standard deviation 0.3: the last is 3 of them above, and 0.5 + 0.75 > 1.
    rescaled = rescale_rates([0.0] * 9 + [1.0])
    np.testing.assert_allclose(rescaled, [0.5 - 0.25 / 3] * 9 + [1.0])


def test_rates_that_are_all_alike_become_one_half():
    np.testing.assert_array_equal(rescale_rates([0.3, 0.3]), [0.5, 0.5])
