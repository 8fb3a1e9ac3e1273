"""How many of the digits a generator makes, as a classifier sees it."""

from typing import NamedTuple

import numpy as np
from scipy.special import entr

# A digit that is covered has at least this share of the samples.
_LEAST_SHARE = 0.01


class Measures(NamedTuple):
    """Measures of sets of samples, each of shape `[...]`.

    Attributes:
        digits: how many classes are covered, that is, have at least 1 % of all samples.
        entropy: of the classes' shares, in nats; of ten equal ones, ln 10 = 2.303.
        sureness: mean probability of the class that a sample is counted for: images that are no
            digits are counted for some class too, but with less.
    """

    digits: np.ndarray
    entropy: np.ndarray
    sureness: np.ndarray


def measure(probabilities: np.ndarray) -> Measures:
    """Measures sets of samples by the classes' probabilities `[..., n, classes]`."""
    classes = np.arange(probabilities.shape[-1])
    shares = (probabilities.argmax(-1)[..., None] == classes).mean(-2)
    return Measures(
        digits=(shares >= _LEAST_SHARE).sum(-1),
        entropy=entr(shares).sum(-1),
        sureness=probabilities.max(-1).mean(-1),
    )
