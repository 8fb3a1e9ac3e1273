"""What learns from episodes: a policy, its trust region and its baseline."""

import numpy as np

from pirgan_tf.studies.control.policy import Policy, build_network
from pirgan_tf.studies.control.rollouts import Episodes
from pirgan_tf.studies.control.trpo import TrustRegion, Update
from pirgan_tf.studies.control.values import Baseline, advantages

DISCOUNT = 0.995
"""Of rewards per step: that of the authors of GAIL, as the decay."""

_DECAY = 0.97


class Learner:
    """A policy that learns by trust region policy optimisation.

    Args:
        policy: is trained in place.
        states: observations `[n, size]` by which the baseline's inputs are standardised.
        seed: of the order in which the baseline sees states.
    """

    def __init__(self, policy: Policy, states: np.ndarray, seed: int):
        self._region = TrustRegion(policy)
        self._baseline = Baseline(build_network(states, 1), seed)

    def learn(self, episodes: Episodes, rewards: np.ndarray, end_value: float = 0.0) -> Update:
        """Updates the policy and the baseline, once.

        Args:
            episodes: of the policy as it is.
            rewards: for every step, `[n]`, in place of those of the environment.
            end_value: what comes after an episode that ended.
        """
        values = self._baseline.predict(episodes.observations)
        gains = advantages(
            episodes,
            rewards,
            values,
            self._baseline.predict(episodes.last),
            discount=DISCOUNT,
            decay=_DECAY,
            end_value=end_value,
        )
        scaled = (gains - gains.mean()) / (gains.std() + 1e-8)
        update = self._region.update(episodes.observations, episodes.actions, scaled)
        self._baseline.fit(episodes.observations, gains + values)
        return update
