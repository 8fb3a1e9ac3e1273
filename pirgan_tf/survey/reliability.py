"""How reliable the images' mean rates are: how alike those of other raters would be."""

import numpy as np

# As many as split a thousand images a hundred times: more change nothing that is shown.
_DRAWS = 100_000
_MOST_SPLITS = 100


def split_half_reliability(counts: np.ndarray, worth: np.ndarray) -> float | None:
    """Returns the correlation of the images' mean rates with those of as many other ratings.

    Each image's ratings are split into halves by chance, many times; the mean correlation r of
    the halves' means gives 2 r / (1 + r) for all ratings (Spearman 1910, Brown 1910).

    Args:
        counts: int [images, stars], how often each image was given each number of stars.
        worth: [stars], from 0 to 1.

    Returns:
        From 0 to 1; None where fewer than three images have two ratings, or means do not
        differ.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    if len(counts) < 3:
        return None
    generator = np.random.default_rng(0)
    splits = min(max(_DRAWS // len(counts), 1), _MOST_SPLITS)
    means = [_half_means(counts, worth, generator) for _ in range(splits)]
    if min(half.std() for pair in means for half in pair) == 0:
        return None
    r = np.mean([np.corrcoef(*pair)[0, 1] for pair in means])
    return float(2 * r / (1 + r)) if r > 0 else 0.0


def _half_means(
    counts: np.ndarray, worth: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    every = counts.sum(axis=1)
    half = every // 2
    left, rest = half.copy(), every.copy()
    first = np.zeros_like(counts)
    # The multivariate hypergeometric distribution, one star after the other.
    for star in range(counts.shape[1]):
        rest -= counts[:, star]
        first[:, star] = generator.hypergeometric(counts[:, star], rest, left)
        left -= first[:, star]
    return first @ worth / half, (counts - first) @ worth / (every - half)
