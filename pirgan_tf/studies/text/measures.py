"""Quality and diversity of samples."""

import numpy as np
from scipy import sparse

_ORDER = 4


def bleu(samples: np.ndarray, references: np.ndarray) -> float:
    """Returns BLEU-4 of samples: how much of them stands in some reference as well.

    Source: Papineni et al. 2002, over all samples at once, every reference for each of them.
    All have one length, so that there is no penalty for short ones.

    Args:
        samples, references: numbers of words, `[n, length]` and `[m, length]`.

    Returns:
        From 0 to 1, the geometric mean for 1 to 4 words in a row.
    """

    def matches(order: int) -> float:
        counts = _count(np.concatenate([samples, references]), order)
        limits = counts[len(samples) :].max(axis=0).toarray().ravel()
        mine = counts[: len(samples)]
        return float(np.minimum(mine.data, limits[mine.indices]).sum())

    return _geometric_mean(matches, samples)


def self_bleu(samples: np.ndarray) -> float:
    """Returns BLEU-4 of each sample with all others as its references: how alike they are.

    Source: Zhu et al. 2018 (Texygen).

    Args:
        samples: numbers of words, `[n, length]`.

    Returns:
        From 0 to 1.
    """

    def matches(order: int) -> float:
        counts = _count(samples, order).tocsc()
        total = 0.0
        for begin, end in zip(counts.indptr[:-1], counts.indptr[1:], strict=True):
            held = np.sort(counts.data[begin:end])
            # The highest count is limited by the second, and all others by the highest.
            total += held[:-1].sum() + (held[-2] if len(held) > 1 else 0)
        return total

    return _geometric_mean(matches, samples)


def _geometric_mean(matches, samples: np.ndarray) -> float:
    count, length = samples.shape
    shares = [matches(order) / (count * (length - order + 1)) for order in range(1, _ORDER + 1)]
    return float(np.prod(shares) ** (1 / _ORDER))


def _count(sequences: np.ndarray, order: int) -> sparse.csr_array:
    """Returns how often each run of words stands in each sequence."""
    runs = np.lib.stride_tricks.sliding_window_view(sequences, order, axis=1)
    _, kinds = np.unique(runs.reshape(-1, order), axis=0, return_inverse=True)
    rows = np.repeat(np.arange(len(sequences)), runs.shape[1])
    ones = np.ones(len(rows), np.int64)
    counts = sparse.coo_array((ones, (rows, kinds.ravel()))).tocsr()
    counts.sum_duplicates()
    return counts
