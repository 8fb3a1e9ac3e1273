"""The adversary, which tells pairs of the expert from those of the policy."""

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.errors import TrainingError
from pirgan_tf.gan import losses
from pirgan_tf.studies.control.environments import TIME_LIMIT
from pirgan_tf.studies.control.policy import build_network
from pirgan_tf.studies.imitation.experts import Pairs

# The authors' code: one step of Adam for each update of the policy.
_RATE, _ENTROPY = 0.01, 1e-3


class Discriminator:
    """A network of D, the probability that a pair of state and action is the expert's.

    Its loss is the mean cross-entropy on the expert's pairs plus that on the policy's, minus 0.001
    times the entropy of its decisions (algorithm 1; the latter only in the authors' code).

    Args:
        pairs: the expert's, by whose states the inputs are standardised.
        actions: how many actions there are.
    """

    def __init__(self, pairs: Pairs, actions: int):
        model = build_network(pairs.states, actions)
        variables = model.trainable_variables
        optimizer = keras.optimizers.Adam(_RATE)
        optimizer.build(variables)
        states = tf.TensorSpec((None, pairs.states.shape[1]))
        chosen = tf.TensorSpec((None,), tf.int64)
        weight = tf.TensorSpec(())

        def logits_of(states, actions):
            return tf.gather(model(states), actions[:, None], batch_dims=1)

        @tf.function(input_signature=[states, chosen])
        def logits(states, actions):
            return logits_of(states, actions)[:, 0]

        def mean_entropy(logits):
            return tf.reduce_mean(tf.nn.softplus(logits) - logits * tf.sigmoid(logits))

        def mean_value(log_probability, logits):
            entropy = tf.nn.softplus(logits) - logits * tf.sigmoid(logits)
            return tf.reduce_mean(log_probability(logits)) + _ENTROPY * tf.reduce_mean(entropy)

        @tf.function(input_signature=[states, chosen, weight, weight])
        def fit(states, actions, expert_weight, policy_weight):
            with tf.GradientTape() as tape:
                cost = -(
                    expert_weight * mean_value(losses.real_image, logits_of(*pairs[:2]))
                    + policy_weight * mean_value(losses.fake_image, logits_of(states, actions))
                )
            optimizer.apply(tape.gradient(cost, variables), variables)
            return cost

        self._logits, self._fit = logits, fit

    def logits(self, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Returns the logits of D for pairs of `[n, size]` and `[n]`, `[n]`."""
        return self._logits(states, actions).numpy().astype(float)

    def fit(
        self,
        states: np.ndarray,
        actions: np.ndarray,
        expert_weight: float = 1.0,
        policy_weight: float = 1.0,
    ) -> float:
        """Takes one step against the policy's pairs, and returns the loss before.

        Args:
            states: of the policy, `[n, size]`.
            actions: `[n]`.
            expert_weight: of the mean over the expert's pairs.
            policy_weight: of the mean over the policy's.

        Raises:
            TrainingError: if the loss is not finite.
        """
        loss = float(self._fit(states, actions, expert_weight, policy_weight))
        if not np.isfinite(loss):
            raise TrainingError(f"the discriminator's loss must stay finite. Received: {loss}")
        return loss


def reward(logits: np.ndarray, kind: str) -> np.ndarray:
    """Returns what the policy is rewarded with for pairs, given D's logits `[n]`.

    Args:
        logits: of D.
        kind: "positive" is -log(1 - D), never below 0, so that it pays to live; "negative" is
            log D, never above 0, so that it pays to end; "signed" is their sum log D - log(1 - D),
            the logit itself (Fu et al. 2018), of either sign; "endings" is the positive one, where
            the end of an episode is rewarded too, as `ending_logit` says.
    """
    if kind in ("positive", "endings"):
        return np.logaddexp(0.0, logits)
    if kind == "negative":
        return -np.logaddexp(0.0, -logits)
    return logits


def ending_logit(expert_lasting: float, policy_lasting: float) -> float:
    """Returns the logit of the best D for the time after an episode has ended.

    That time, up to the limit, is a state of its own (Kostrikov et al. 2019), in which expert and
    policy spend shares that are known: the best D is the expert's share over the sum of both.
    Shares count as half a step at least.

    Args:
        expert_lasting: the share of the time limit for which the expert's episodes last.
        policy_lasting: the same for the policy's.
    """
    expert, policy = (
        max(1 - share, 0.5 / TIME_LIMIT) for share in (expert_lasting, policy_lasting)
    )
    return float(np.log(expert / policy))
