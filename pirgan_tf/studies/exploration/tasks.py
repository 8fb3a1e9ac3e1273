"""Tasks whose reward is nothing but the goal."""

from typing import NamedTuple


class Task(NamedTuple):
    """An environment of which only the goal is rewarded, once, with 1.

    Attributes:
        gymnasium_id: what gymnasium calls it; its own rewards are not used.
        actions: how many actions there are; 0 for one continuous action.
        time_limit: steps of an episode.
    """

    gymnasium_id: str
    actions: int
    time_limit: int


TASKS = {
    # As long as the episodes of the authors.
    "MountainCar": Task("MountainCarContinuous-v0", 0, 500),
    "Acrobot": Task("Acrobot-v1", 3, 200),
}
