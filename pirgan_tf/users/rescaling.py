"""Rates of low variance, spread over [0, 1] (section 5.2)."""

import numpy as np
from numpy.typing import ArrayLike

MEAN, SD = 0.5, 0.25


def rescale_rates(rates: ArrayLike) -> np.ndarray:
    """Shift and scale rates to mean 0.5 and standard deviation 0.25, clipped to [0, 1].

    What the paper tried without much success, perhaps because outliers are clipped.
    Rates that are all alike become 0.5.

    Args:
        rates: [n] rates.

    Returns:
        [n], float64.
    """
    rates = np.asarray(rates, np.float64)
    spread = rates.std()
    return np.clip(MEAN + SD * (rates - rates.mean()) / (spread if spread > 0 else 1.0), 0, 1)
