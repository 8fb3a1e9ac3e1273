"""Figures over seeds, with their intervals."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pirgan_tf.studies.outcome import Finding

CONFIDENCE = 0.95


def mean_over_seeds(name: str, seeds: Mapping[int, float], paper: str = "") -> Finding:
    """Returns the mean over seeds, with Student's interval from two seeds on.

    Args:
        name: what was measured.
        seeds: the figure of each seed.
        paper: what the paper says.
    """
    values = np.array(list(seeds.values()), float)
    mean, low, high = float(values.mean()), None, None
    if len(values) > 1:
        error = float(values.std(ddof=1) / np.sqrt(len(values)))
        # Student's interval of equal values has no width, which scipy calls NaN.
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
        low, high = mean - reach, mean + reach
    return Finding(name, mean, paper, low, high, dict(seeds))


def mean_seconds(name: str, seeds: Mapping[int, float], paper: str = "") -> Finding:
    """Returns the mean time over seeds, without an interval: it says how busy a machine was.

    Args:
        name, seeds, paper: as for `mean_over_seeds`.
    """
    return dataclasses.replace(mean_over_seeds(name, seeds, paper), low=None, high=None)


def share_of_seeds(name: str, seeds: Mapping[int, bool], paper: str = "") -> Finding:
    """Returns the share of seeds for which something holds, with Wilson's interval.

    Args:
        name: what holds.
        seeds: whether it does, for each seed.
        paper: what the paper says.
    """
    count = sum(seeds.values())
    low, high = proportion_confint(count, len(seeds), 1 - CONFIDENCE, method="wilson")
    values = {seed: float(holds) for seed, holds in seeds.items()}
    return Finding(name, count / len(seeds), paper, float(low), float(high), values)
