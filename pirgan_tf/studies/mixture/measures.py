"""How much of a mixture a generator covers."""

from typing import NamedTuple

import numpy as np

from pirgan_tf.studies.mixture.settings import Setting

# What the study calls a good sample, and a mode that is covered.
_STANDARD_DEVIATIONS = 3
_LEAST_SHARE = 0.01


class Measures(NamedTuple):
    """Measures of sets of samples, each of shape `[...]`.

    Attributes:
        modes: how many modes are covered, that is, have at least 1 % of all samples within 3
            standard deviations.
        good: the share of samples within 3 standard deviations of any mode; of the data 0.989.
        divergence: KL divergence of the modes' shares from the data's, in nats, each sample
            counted for the nearest mode.
    """

    modes: np.ndarray
    good: np.ndarray
    divergence: np.ndarray


def measure(samples: np.ndarray, setting: Setting) -> Measures:
    """Measures sets of samples `[..., n, 2]`."""
    centers, shares = setting.modes
    distances = np.linalg.norm(samples[..., None, :] - centers, axis=-1)
    nearest = distances.argmin(-1)[..., None] == np.arange(len(centers))
    close = distances <= _STANDARD_DEVIATIONS * setting.sd
    found = nearest.mean(-2)
    # 0 log 0 is 0.
    ratios = np.where(found > 0, found, 1.0) / shares
    return Measures(
        modes=((nearest & close).mean(-2) >= _LEAST_SHARE).sum(-1),
        good=close.any(-1).mean(-1),
        divergence=np.where(found > 0, found * np.log(ratios), 0.0).sum(-1),
    )
