"""Ways between latents, sums of latents, and what their images look like."""

import numpy as np
from scipy import stats

ATTRIBUTES = ("brightness", "red against blue")
"""What `measure` sees."""

EXEMPLARS = 3
"""Latents whose mean stands for what their images have in common."""

# Of all images, from which exemplars are drawn.
_NEAREST = 0.03


def interpolate(first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """Returns latents on the way from some to others, `[n, count, size]`.

    They are cos(t) first + sin(t) second, with t from 0 to a right angle: as normal as both
    ends, where those on a straight line are too short.

    Args:
        first, second: latents `[n, size]`.
        count: with both ends.
    """
    angle = np.linspace(0, np.pi / 2, count)[:, None]
    return np.cos(angle) * first[:, None] + np.sin(angle) * second[:, None]


def combine(exemplars: np.ndarray) -> np.ndarray:
    """Returns mean A - mean B + mean C, `[n, size]`, of latents `[n, A B C, exemplars, size]`.

    Of three normal exemplars each, they have the variance of one latent.
    """
    first, second, third = np.moveaxis(exemplars.mean(axis=2), 1, 0)
    return first - second + third


def measure(images: np.ndarray) -> np.ndarray:
    """Returns the `ATTRIBUTES` of images in uint8, `[n, 2]`: mean grey, mean red less mean blue."""
    red, green, blue = images.mean(axis=(1, 2)).T
    return np.stack([(red + green + blue) / 3, red - blue], axis=1)


def percentiles(attributes: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Returns the share of `among` that is below each attribute, `[n, 2]` of `[n, 2]`, `[m, 2]`."""
    columns = zip(among.T, attributes.T, strict=True)
    return np.stack([stats.percentileofscore(a, v) / 100 for a, v in columns], axis=1)


def draw_exemplars(
    ranks: np.ndarray, corners: np.ndarray, trials: int, random: np.random.Generator
) -> np.ndarray:
    """Draws images that have some attributes and lack others.

    Args:
        ranks: percentiles of all images, `[n, 2]`.
        corners: for each of A, B and C, whether each attribute is there, `[3, 2]`.
        trials: how many times.
        random: draws them from the 3 % of all images that are nearest to the corner.

    Returns:
        Rows of the images, `[trials, 3, EXEMPLARS]`, different ones in a trial.
    """
    nearest = max(EXEMPLARS, round(_NEAREST * len(ranks)))
    rows = []
    for corner in corners:
        nearness = np.where(corner, ranks, 1 - ranks).min(axis=1)
        rows.append(np.argsort(-nearness, kind="stable")[:nearest])
    return np.array(
        [[random.choice(pool, EXEMPLARS, replace=False) for pool in rows] for _ in range(trials)]
    )


def largest_step(images: np.ndarray) -> np.ndarray:
    """Returns the share of the longest step in the whole way, `[n]`.

    Args:
        images: ways, uint8 `[n, count, size, size, channels]`.
    """
    steps = np.sqrt(np.square(np.diff(images.astype(np.float32), axis=1)).sum(axis=(2, 3, 4)))
    return steps.max(axis=1) / np.maximum(steps.sum(axis=1), 1e-9)
