"""What a study knows of an image before anybody has looked at it, and afterwards."""

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

# Beyond these no rate can be told from 0 or 1, nor a prior from one of rates of 0 and 1.
_MAX_LOGIT = 12.0
_MIN_STRENGTH = 1e-2

# Raters who always agree would else make a few answers count as infinitely many.
_MIN_DISPERSION = 0.01


def fit_beta_prior(impressions: np.ndarray, positives: np.ndarray) -> tuple[float, float]:
    """Fits the Beta distribution of the images' true rates, by maximum likelihood.

    The counts are taken as Binomial given an image's rate, so the likelihood is that of
    the Beta-binomial distribution; its binomial coefficient does not depend on the prior
    and is left out, which lets positives be fractional.

    Args:
        impressions: [n] numbers from 0.
        positives: [n] from 0 to impressions.

    Returns:
        Both parameters of the distribution. It weighs as much as all impressions together
        at most, which it does where images do not differ; 1, 1, every rate alike, where all
        impressions are positive or none is, from which no distribution can be fitted.
    """
    total = impressions.sum()
    if positives.sum() in (0, total):
        return 1.0, 1.0
    seen = impressions > 0
    n, s = impressions[seen], positives[seen]

    def parameters(free: np.ndarray) -> tuple[float, float]:
        mean, strength = special.expit(free[0]), np.exp(free[1])
        return mean * strength, (1 - mean) * strength

    def loss(free: np.ndarray) -> float:
        a, b = parameters(free)
        return -np.mean(special.betaln(a + s, b + n - s) - special.betaln(a, b))

    bounds = [(-_MAX_LOGIT, _MAX_LOGIT), np.log((_MIN_STRENGTH, total))]
    mean = special.logit(s.sum() / total)
    # The likelihood may be flat towards either bound of the strength.
    starts = [(mean, np.log(min(strength, total))) for strength in (1, 10, 100)]
    fits = [optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    a, b = parameters(min(fits, key=lambda fit: fit.fun).x)
    return float(a), float(b)


def dispersion(impressions: np.ndarray, positives: np.ndarray, squares: np.ndarray) -> float:
    """Estimates how much answers to one image vary, over what yes or no would.

    Stars worth 0 to 1 vary less than answers worth 0 or 1 of the same mean, so each says
    more of the rate. This is the ratio of both sums of squares within images, and 1
    where answers are worth 0 or 1.

    Args:
        impressions: [n] whole numbers from 0.
        positives: [n] sums of what the answers are worth, each from 0 to 1.
        squares: [n] sums of the squares of the same.

    Returns:
        From 0.01 to 1; 1 where no image has two answers, and so nothing can be told.
    """
    several = impressions > 1
    explained = positives[several] ** 2 / impressions[several]
    binary = np.sum(positives[several] - explained)
    if binary <= 0:
        return 1.0
    ratio = np.sum(squares[several] - explained) / binary
    return float(np.clip(ratio, _MIN_DISPERSION, 1.0))


def add_posterior(table: pd.DataFrame) -> pd.DataFrame:
    """Adds what a table's counts say of each image's true rate.

    Answers count as 1 / dispersion answers worth 0 or 1 each.

    Args:
        table: impressions, positives and squares; see `dispersion`.

    Returns:
        The table, without squares, with posterior_mean, and with low and high, between
        which the rate lies with a probability of 95 %, under the prior that is fitted to
        the whole table.
    """
    columns = ("impressions", "positives", "squares")
    n, s, squares = (table[name].to_numpy(np.float64) for name in columns)
    answers = 1 / dispersion(n, s, squares)
    n, s = answers * n, answers * s
    a, b = fit_beta_prior(n, s)
    posterior = stats.beta(a + s, b + n - s)
    return table.drop(columns="squares").assign(
        posterior_mean=posterior.mean(), low=posterior.ppf(0.025), high=posterior.ppf(0.975)
    )
