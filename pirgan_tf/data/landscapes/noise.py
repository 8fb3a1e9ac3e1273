"""Random numbers and smooth random fields for batches of procedural images.

Everything is float32. Fields are `[n, rows, columns]`, one image each in a batch of n.
Colours come first, `[3, n, rows, columns]`, so that arithmetic with fields runs on long rows.
"""

from collections.abc import Iterable, Sequence

import numpy as np


class Draws:
    """Random numbers for a batch of images, each from its own generator.

    What an image draws depends on the seed and its own index only, so it is the same in
    every batch.
    """

    def __init__(self, seed: int, indices: Iterable[int]) -> None:
        self._generators = [np.random.default_rng((seed, index)) for index in indices]

    def uniform(self, low: float, high: float, shape: tuple[int, ...] = (1, 1)) -> np.ndarray:
        """Uniform numbers, `[n, *shape]`; by default one per image, ready for a field."""
        numbers = np.stack([g.random(shape, np.float32) for g in self._generators])
        return low + (high - low) * numbers

    def colour(self, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
        """A linear colour between two given as displayed, for each image; `[3, n, 1, 1]`."""
        ends = np.array((low, high), np.float32)[..., None, None, None]
        return (ends[0] + (ends[1] - ends[0]) * self.uniform(0.0, 1.0)) ** 2

    def chance(self, probability: float) -> np.ndarray:
        """1 with the given probability, else 0, for each image; float32 `[n, 1, 1]`."""
        return (self.uniform(0.0, 1.0) < probability).astype(np.float32)


def smoothstep(low: float | np.ndarray, high: float | np.ndarray, x: np.ndarray) -> np.ndarray:
    """0 up to `low`, 1 from `high`, smooth between."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def fractal(
    draws: Draws, rows: np.ndarray, columns: np.ndarray, octaves: int, gain: float = 0.5
) -> np.ndarray:
    """Fractal noise: smooth noise plus `gain` times the same at twice the frequency, and so on.

    Args:
        draws: The source of randomness.
        rows: Where to sample, in cells of the coarsest noise, from 0 up.
        columns: Likewise.
        octaves: Number of frequencies.
        gain: Amplitude of each relative to the one before.

    Returns:
        `[n, len(rows), len(columns)]`, of mean 0 and mostly within [-1, 1].
    """
    total = _smooth(draws, rows, columns)
    for octave in range(1, octaves):
        total += gain**octave * _smooth(draws, rows * 2**octave, columns * 2**octave)
    return total


def ridged(draws: Draws, rows: np.ndarray, columns: np.ndarray, octaves: int) -> np.ndarray:
    """Fractal noise with creases for crests and gullies between them, mostly within [0, 1].

    Finer creases grow on the coarser ones only, as spurs do on a mountain's ridge.
    """
    total = np.zeros(1, np.float32)
    weight: float | np.ndarray = 1.0
    for octave in range(octaves):
        crest = 1.0 - np.abs(_smooth(draws, rows * 2**octave, columns * 2**octave))
        crest *= crest
        total = total + 0.5**octave * weight * crest
        weight = np.clip(crest * weight * 1.6, 0.0, 1.0)
    return total / 1.6


def _smooth(draws: Draws, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Random numbers on a lattice, interpolated by splines; mostly within [-1, 1]."""
    cells = (int(rows.max()) + 4, int(columns.max()) + 4)
    # Splines average, which brings uniform numbers closer to 0 than their range.
    lattice = draws.uniform(-2.2, 2.2, cells)
    # Not a product with matrices of weights: BLAS would start threads for each of these
    # small products, which on a busy machine takes ten times as long as the work.
    first, weights = _spline(columns)
    wide = sum(weights[k] * lattice.take(first + k, axis=2) for k in range(4))
    first, weights = _spline(rows)
    return sum(weights[k][:, None] * wide.take(first + k, axis=1) for k in range(4))


def _spline(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of the four lattice points about each position, and their weights `[4, n]`."""
    first = positions.astype(np.intp)
    t = (positions - first).astype(np.float32)
    s = 1.0 - t
    inner = (2.0 / 3.0 - t * t + t * t * t / 2.0, 2.0 / 3.0 - s * s + s * s * s / 2.0)
    return first, np.stack([s * s * s / 6.0, *inner, t * t * t / 6.0])
