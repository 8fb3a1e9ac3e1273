"""The environments: gymnasium's classic control, with the time limits of the papers."""

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pirgan_tf.errors import InputError, check_name
from pirgan_tf.studies.numbers import check_different

if TYPE_CHECKING:
    import gymnasium


class Environment(NamedTuple):
    """An environment with discrete actions.

    Attributes:
        gymnasium_id: what gymnasium calls it.
        actions: how many actions there are.
        ends_well: whether an episode that ends before the limit has reached its goal; otherwise
            it has failed.
        potential: of observations `[n, size]`, `[n]`, 0 at the goal. Its discounted growth is
            added to the reward when an expert is trained, which leaves the best policies as they
            are (Ng et al. 1999); without it, a reward that is -1 until the goal teaches nothing
            until chance has found the goal.
        subsampling: a pair of state and action in so many is kept of an expert's trajectory.
    """

    gymnasium_id: str
    actions: int
    ends_well: bool
    potential: Callable[[np.ndarray], np.ndarray]
    subsampling: int


TIME_LIMIT = 200
"""Steps of an episode (CartPole-v0, MountainCar-v0 and Acrobot-v0 had this limit)."""


def _no_potential(observations: np.ndarray) -> np.ndarray:
    return np.zeros(len(observations))


def _car_energy(observations: np.ndarray) -> np.ndarray:
    """Returns how far the car's energy is above that of resting at the goal."""
    position, velocity = observations.T
    # In units of height of gymnasium's equations, whose gravity is 0.0025.
    kinetic = velocity**2 / 2 / (0.0025 / 3)
    return _SCALE * (np.sin(3 * position) + kinetic - np.sin(3 * 0.5)) / 2


def _tip_height(observations: np.ndarray) -> np.ndarray:
    """Returns how far the tip is above the goal."""
    cos1, sin1, cos2, sin2 = observations[:, :4].T
    height = -cos1 - (cos1 * cos2 - sin1 * sin2)
    return _SCALE * (height - 1) / 3


# How much the way to the goal is worth, beside rewards of -1 per step.
_SCALE = 20.0

# The subsampling is that of the authors' code for these environments.
ENVIRONMENTS = {
    "CartPole": Environment("CartPole-v1", 2, False, _no_potential, 10),
    "MountainCar": Environment("MountainCar-v0", 3, True, _car_energy, 5),
    "Acrobot": Environment("Acrobot-v1", 3, True, _tip_height, 5),
}


def check_environments(names: Sequence[str], known: Iterable[str]) -> None:
    """Checks the environments that an option lists, and that gymnasium is there.

    Raises:
        InputError: if one is not known or stands there twice, or there is none, or no gymnasium.
    """
    for name in names:
        check_name("environment", name, known)
    check_different("environment", names)
    if importlib.util.find_spec("gymnasium") is None:
        raise InputError(
            "environments need gymnasium: pip install 'pirgan-tf[control]'. "
            "Received: no such module"
        )


def make_environments(
    gymnasium_id: str, count: int, time_limit: int = TIME_LIMIT
) -> "list[gymnasium.Env]":
    """Makes several environments of one kind, to be stepped beside each other.

    Args:
        gymnasium_id: what gymnasium calls it.
        count: how many.
        time_limit: steps after which an episode is cut off.
    """
    import gymnasium

    # The checker looks at every step, and takes as long as the step itself.
    return [
        gymnasium.make(gymnasium_id, max_episode_steps=time_limit, disable_env_checker=True)
        for _ in range(count)
    ]
