"""The training of a policy that explores, by information or by its own noise alone."""

import keras
import numpy as np

from pirgan_tf.studies import control
from pirgan_tf.studies.exploration.dynamics import Dynamics
from pirgan_tf.studies.exploration.tasks import TASKS

_BESIDE = 10
_POOL, _UPDATES, _BATCH = 100_000, 500, 10
# Batches whose median gain the gains are divided by.
_MEDIANS = 10


def explore(name: str, weight: float, *, iterations: int, steps: int, seed: int) -> np.ndarray:
    """Trains a policy for a goal that it must find first.

    In every iteration it plays, is rewarded for the goal and, if it has a weight, for the
    information that each step would give about the dynamics, and takes a step. Gains are divided
    by the mean of the medians of the last ten iterations (VIME, section 2.4), and the dynamics are
    then fitted to what was seen.

    Args:
        name: of a task.
        weight: eta, of the information; with 0 the policy explores by its own noise alone.
        iterations: how many.
        steps: of the environment in each, at least.
        seed: of weights and of every draw.

    Returns:
        The share of episodes that reach the goal, by iteration, `[iterations]`.
    """
    keras.utils.set_random_seed(seed)
    task = TASKS[name]
    environments = control.make_environments(task.gymnasium_id, _BESIDE, task.time_limit)
    space = environments[0].observation_space
    corners = np.stack([space.low, space.high]).astype(np.float32)
    policy: control.Policy
    if task.actions:
        policy = control.CategoricalPolicy(control.build_network(corners, task.actions))
    else:
        policy = control.GaussianPolicy(control.build_network(corners, 2))
    learner = control.Learner(policy, corners, seed)
    curiosity = _Curiosity(space.shape[0], task.actions, seed) if weight else None
    reached = []
    for iteration in range(iterations):
        random = np.random.default_rng([seed, 6, iteration])
        episodes = control.collect(environments, policy.actor(), random, steps=steps)
        rewards = np.zeros(len(episodes.rewards))
        rewards[(np.cumsum(episodes.lengths) - 1)[episodes.ended]] = 1.0
        if curiosity:
            rewards += weight * curiosity.rewards(episodes)
            curiosity.learn(episodes, random)
        # All of 0, they change nothing.
        if rewards.any():
            learner.learn(episodes, rewards)
        reached.append(episodes.ended.mean())
    return np.array(reached)


class _Curiosity:
    """The dynamics as they are known, and what was seen of them."""

    def __init__(self, size: int, actions: int, seed: int):
        self._dynamics = Dynamics(size + (actions or 1), size, seed)
        self._actions = actions
        self._pool = np.zeros((0, 2 * size + (actions or 1)), np.float32)
        self._medians: list[float] = []

    def rewards(self, episodes: control.Episodes) -> np.ndarray:
        """Returns the gain of each step in medians, `[n]`; nothing before anything was learned."""
        if not len(self._pool):
            return np.zeros(len(episodes.rewards))
        gains = self._dynamics.gains(*self._standardised(self._rows(episodes)))
        rewards = gains / np.mean(self._medians[-_MEDIANS:] or [np.median(gains)])
        self._medians.append(float(np.median(gains)))
        return rewards

    def learn(self, episodes: control.Episodes, random: np.random.Generator) -> None:
        """Fits the dynamics to what is in the pool."""
        self._pool = np.concatenate([self._pool, self._rows(episodes)])[-_POOL:]
        order = random.integers(len(self._pool), size=(_UPDATES, _BATCH))
        self._dynamics.fit(*self._standardised(self._pool), order)

    def _rows(self, episodes: control.Episodes) -> np.ndarray:
        """Returns states, actions and what followed, beside each other."""
        actions = episodes.actions
        if self._actions:
            actions = np.eye(self._actions, dtype=np.float32)[actions]
        return np.hstack([episodes.observations, actions, episodes.next_observations])

    def _standardised(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns inputs and outputs, by the pool's means and standard deviations."""
        size = (rows.shape[1] - (self._actions or 1)) // 2
        scaled = (rows - self._pool.mean(0)) / (self._pool.std(0) + 1e-8)
        return scaled[:, :-size], scaled[:, -size:]
