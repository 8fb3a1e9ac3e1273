"""Episodes of a policy in an environment."""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import gymnasium

Actor = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""From observations `[n, size]` and a generator to actions `[n, ...]`."""


class Episodes(NamedTuple):
    """Whole episodes, one behind the other.

    Attributes:
        observations: `[n, size]`, float32, that an action was chosen for.
        actions: `[n, ...]`.
        rewards: `[n]`, float64.
        lengths: the number of steps of each episode, `[episodes]`; their sum is n.
        last: what was observed after the last step of each, `[episodes, size]`.
        ended: whether it ended by itself, and was not cut off by the time limit, `[episodes]`.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    lengths: np.ndarray
    last: np.ndarray
    ended: np.ndarray

    @property
    def returns(self) -> np.ndarray:
        """The sum of the rewards of each episode, `[episodes]`."""
        return np.add.reduceat(self.rewards, self.starts)

    @property
    def starts(self) -> np.ndarray:
        """Where each episode begins, `[episodes]`."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def next_observations(self) -> np.ndarray:
        """What was observed after each step, `[n, size]`."""
        following = np.roll(self.observations, -1, axis=0)
        following[np.cumsum(self.lengths) - 1] = self.last
        return following


def collect(
    environments: "list[gymnasium.Env]",
    actor: Actor,
    random: np.random.Generator,
    *,
    steps: int = 1,
    episodes: int = 1,
) -> Episodes:
    """Plays whole episodes until there are enough.

    All environments take a step together, so that the policy is computed for all at once. Which
    episodes there are does not depend on how long they take: they are begun in order, and all
    that were begun are finished.

    Args:
        environments: of one kind; each is reset before its first episode.
        actor: the policy.
        random: draws actions, and a seed for each environment.
        steps: how many there must be before no more episodes are begun.
        episodes: how many must have begun, likewise.
    """
    for environment in environments:
        environment.reset(seed=int(random.integers(2**31)))
    numbers = itertools.count()
    begun = len(environments)
    current = {next(numbers): e for e in environments}
    seen = {n: e.reset()[0] for n, e in current.items()}
    ticks: list[tuple[list[int], np.ndarray, np.ndarray, list[float]]] = []
    ends: dict[int, tuple[np.ndarray, bool]] = {}
    taken = 0
    while current:
        names = list(current)
        observations = np.stack([seen[n] for n in names])
        actions = actor(observations, random)
        rewards = []
        taken += len(names)
        for n, action in zip(names, actions, strict=True):
            environment = current[n]
            seen[n], reward, ended, cut_off, _ = environment.step(action)
            rewards.append(float(reward))
            if ended or cut_off:
                ends[n] = (seen.pop(n), ended)
                del current[n]
                if taken < steps or begun < episodes:
                    begun += 1
                    number = next(numbers)
                    current[number] = environment
                    seen[number] = environment.reset()[0]
        ticks.append((names, observations, actions, rewards))
    return _in_order(ticks, ends)


def _in_order(ticks: list, ends: dict) -> Episodes:
    names, observations, actions, rewards = (
        np.concatenate(part) for part in zip(*ticks, strict=True)
    )
    order = np.argsort(names, kind="stable")
    last, ended = zip(*(ends[n] for n in sorted(ends)), strict=True)
    return Episodes(
        observations[order].astype(np.float32),
        actions[order],
        rewards[order],
        np.bincount(names),
        np.stack(last).astype(np.float32),
        np.array(ended),
    )


def evaluate(
    environments: "list[gymnasium.Env]", actor: Actor, episodes: int, seed: int
) -> np.ndarray:
    """Returns the returns of as many episodes, `[episodes]`, of starts that the seed draws."""
    random = np.random.default_rng([seed, episodes])
    return collect(environments, actor, random, episodes=episodes).returns[:episodes]
