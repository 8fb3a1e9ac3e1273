"""The experts' trajectories."""

from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pirgan_tf.files.arrays import read_arrays
from pirgan_tf.studies.control.environments import TIME_LIMIT

ARRAYS = ("observations", "actions", "lengths", "returns")
"""The arrays of a file of trajectories."""

NUM_TRAJECTORIES = 10
"""How many each file has."""

BAD = "CartPole-bad"
"""An expert of CartPole that was trained to fall as soon as it can."""


class Pairs(NamedTuple):
    """Pairs of state and action.

    Attributes:
        states: observations `[n, size]`, float32.
        actions: `[n]`, int64.
        lasting: the share of the time limit for which the trajectories last, in mean.
    """

    states: np.ndarray
    actions: np.ndarray
    lasting: float


def read_expert(name: str) -> dict[str, np.ndarray]:
    """Returns the trajectories of an expert, one behind the other.

    Args:
        name: of an environment, or `BAD`.

    Returns:
        "observations" float32 `[n, size]`, "actions" `[n]`, and for each trajectory its number of
        steps, "lengths", and its return, "returns".
    """
    with resources.as_file(resources.files(__package__) / "experts" / f"{name}.npz") as path:
        return read_arrays(Path(path), ARRAYS, "an expert's file must be one of this package")


def choose_pairs(
    expert: dict[str, np.ndarray], trajectories: int, subsampling: int, seed: int
) -> Pairs:
    """Returns every so many pairs of the first trajectories, from a step on that is drawn.

    Each trajectory gives one pair at least, also a short one (decision).

    Args:
        expert: as from `read_expert`.
        trajectories: how many.
        subsampling: one pair in so many is kept.
        seed: of where in each trajectory it begins.
    """
    random = np.random.default_rng([seed, 2])
    lengths = expert["lengths"][:trajectories].astype(int)
    ends = np.cumsum(lengths)
    chosen = np.concatenate(
        [
            np.arange(end - length + random.integers(min(subsampling, length)), end, subsampling)
            for length, end in zip(lengths, ends, strict=True)
        ]
    )
    return Pairs(
        expert["observations"][chosen],
        expert["actions"][chosen].astype(np.int64),
        float(lengths.mean() / TIME_LIMIT),
    )
