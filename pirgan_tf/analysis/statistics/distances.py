"""The measures of Metz et al. 2017, section 3.4, of how much of the data a generator covers."""

import numpy as np
from numpy.typing import ArrayLike

from pirgan_tf.errors import InputError


def pairwise_distances(images: ArrayLike, pairs: int, seed: int) -> np.ndarray:
    """Return the Euclidean distances of random pairs of different images, float64 [pairs].

    A generator that has collapsed makes images which are nearer to each other than those of
    the data are.

    Args:
        images: [n, ...] arrays of any shape, n at least 2.
        pairs: how many, drawn with replacement.
        seed: decides which.

    Raises:
        InputError: there are fewer than two images, or no pairs are asked for.
    """
    flat = np.asarray(images)
    if len(flat) < 2 or pairs < 1:
        raise InputError(
            "distances must be of at least 1 pair, from at least 2 images. "
            f"Received: {pairs} pairs from {len(flat)}"
        )
    flat = flat.reshape(len(flat), -1)
    rng = np.random.default_rng(seed)
    first = rng.integers(len(flat), size=pairs)
    # Another one than the first.
    second = (first + rng.integers(1, len(flat), size=pairs)) % len(flat)
    # Pair by pair: all at once, pairs of photographs would fill the memory.
    return np.array(
        [
            np.linalg.norm(flat[i].astype(np.float64) - flat[j])
            for i, j in zip(first, second, strict=True)
        ]
    )


def distance_histograms(
    distances: dict[str, np.ndarray], bins: int = 50
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return histograms of sets of distances, such as of each generator and of the data.

    Args:
        distances: by name.
        bins: how many, equally wide, from 0 to the largest of all distances.

    Returns:
        The edges of the bins [bins + 1], and the densities [bins] by name: an integral is 1.
    """
    edges = np.linspace(0, max(values.max() for values in distances.values()) or 1.0, bins + 1)
    densities = {
        name: np.histogram(values, edges, density=True)[0] for name, values in distances.items()
    }
    return edges, densities


def best_shares(errors: ArrayLike) -> np.ndarray:
    """Return by how many images each generator is the best, as a share; ties are split.

    Args:
        errors: [generators, n], such as those of `gan.infer_latents`.

    Returns:
        Shares [generators], whose sum is 1.
    """
    errors = np.asarray(errors)
    best = errors == errors.min(axis=0)
    return (best / best.sum(axis=0)).mean(axis=1)
