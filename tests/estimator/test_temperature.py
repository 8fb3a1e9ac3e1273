import numpy as np
import pytest
from scipy import special, stats

from pirgan_tf.estimator.temperature import fit_temperature, log_likelihood

BINS = 20
CENTERS = (np.arange(BINS) + 0.5) / BINS


def logits_of(count, members=1):
    """Humps at other places of the scale for each image, and for each member a little apart."""
    rng = np.random.default_rng(0)
    middles = rng.uniform(0.2, 0.8, [1, count, 1]) + rng.normal(0, 0.02, [members, count, 1])
    return -(((CENTERS - middles) / 0.1) ** 2)


def test_the_likelihood_is_of_a_mixture_of_binomial_distributions():
    logits = logits_of(3, members=2)
    positives, impressions = np.array([2, 0, 7]), np.array([10, 3, 7])
    bins = special.softmax(logits / 0.7, axis=-1).mean(axis=0)
    likelihoods = [
        bins[row] @ stats.binom.pmf(positives[row], impressions[row], CENTERS) for row in range(3)
    ]
    orders = special.binom(impressions, positives)
    assert log_likelihood(logits, positives, impressions, 0.7) == pytest.approx(
        np.mean(np.log(likelihoods / orders))
    )


@pytest.mark.parametrize("true", [0.3, 1.0, 3.0])
def test_the_temperature_is_found_at_which_rates_were_drawn(true):
    logits = logits_of(3000)
    rng = np.random.default_rng(1)
    bins = special.softmax(logits[0] / true, axis=-1)
    rates = np.array([rng.choice(CENTERS, p=row) for row in bins])
    positives = rng.binomial(50, rates)
    assert fit_temperature(logits, positives, np.full(3000, 50)) == pytest.approx(true, rel=0.15)


def test_the_fitted_temperature_is_the_likeliest():
    logits = logits_of(200, members=3)
    positives = np.random.default_rng(2).binomial(10, 0.5, 200)
    impressions = np.full(200, 10)
    fitted = fit_temperature(logits, positives, impressions)
    best = log_likelihood(logits, positives, impressions, fitted)
    for factor in (0.5, 0.9, 1.1, 2):
        assert log_likelihood(logits, positives, impressions, factor * fitted) < best


def test_few_impressions_of_sure_estimates_do_not_change_them_beyond_bounds():
    # Counts that are further from all bins than chance: the flattest distribution is best.
    logits = np.where(np.arange(BINS) == 0, 50.0, 0.0)[None, None].repeat(8, axis=1)
    fitted = fit_temperature(logits, np.full(8, 90), np.full(8, 100))
    assert 20 < fitted <= 100
