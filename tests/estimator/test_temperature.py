import numpy as np
import pytest
from scipy import special, stats

from pirgan_tf.estimator.temperature import fit_temperature, log_likelihood

BINS = 20
CENTERS = (np.arange(BINS) + 0.5) / BINS


def logits_of(count, members=1):
    """Several humps for each image, so that the expectation moves with the temperature."""
    return np.random.default_rng(0).normal(0, 2, [members, count, BINS])


def rates_at(logits, temperature):
    return (special.softmax(logits / temperature, axis=-1) @ CENTERS).mean(axis=0)


def test_the_likelihood_is_binomial_with_the_mean_of_the_members():
    logits = logits_of(3, members=2)
    positives, impressions = np.array([2, 0, 7]), np.array([10, 3, 7])
    likelihoods = stats.binom.pmf(positives, impressions, rates_at(logits, 0.7))
    orders = special.binom(impressions, positives)
    assert log_likelihood(logits, positives, impressions, 0.7) == pytest.approx(
        np.mean(np.log(likelihoods / orders))
    )


@pytest.mark.parametrize("true", [0.3, 1.0, 3.0])
def test_the_temperature_is_found_at_which_rates_are_right(true):
    logits = logits_of(500, members=2)
    rates = rates_at(logits, true)
    # As many positives as are expected: the likelihood is then greatest at these very rates.
    assert fit_temperature(logits, 1000 * rates, np.full(500, 1000)) == pytest.approx(
        true, rel=1e-3
    )


def test_a_fit_ends_at_its_bounds():
    # The likeliest bin is right, and any other draws the rate away from it.
    logits = np.where(np.arange(BINS) == 0, 0.05, 0.0)[None, None].repeat(4, axis=1)
    assert fit_temperature(logits, np.zeros(4), np.full(4, 9)) == pytest.approx(0.01, rel=0.01)
    assert fit_temperature(logits, np.full(4, 9), np.full(4, 9)) == pytest.approx(100, rel=0.01)
