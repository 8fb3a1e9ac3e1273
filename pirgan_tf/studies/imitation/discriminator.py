"""The adversary, which tells pairs of the expert from those of the policy."""

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.errors import TrainingError
from pirgan_tf.gan import losses
from pirgan_tf.studies.control.policy import build_network
from pirgan_tf.studies.imitation.experts import Pairs

# The authors' code: one step of Adam for each update of the policy.
_RATE, _ENTROPY = 0.01, 1e-3


class Discriminator:
    """A network of D, the probability that a pair of state and action is the expert's.

    Its loss is the cross-entropy on as much weight of the expert's pairs as of the policy's,
    minus 0.001 times the entropy of its decisions (equation 17; the latter only in the authors'
    code).

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

        def logits_of(states, actions):
            return tf.gather(model(states), actions[:, None], batch_dims=1)

        @tf.function(input_signature=[states, chosen])
        def logits(states, actions):
            return logits_of(states, actions)[:, 0]

        def mean_entropy(logits):
            return tf.reduce_mean(tf.nn.softplus(logits) - logits * tf.sigmoid(logits))

        @tf.function(input_signature=[states, chosen])
        def fit(states, actions):
            with tf.GradientTape() as tape:
                expert = logits_of(pairs.states, pairs.actions)
                policy = logits_of(states, actions)
                value = tf.reduce_mean(losses.real_image(expert)) + tf.reduce_mean(
                    losses.fake_image(policy)
                )
                value += _ENTROPY * (mean_entropy(expert) + mean_entropy(policy))
                cost = -value
            optimizer.apply(tape.gradient(cost, variables), variables)
            return cost

        self._logits, self._fit = logits, fit

    def logits(self, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Returns the logits of D for pairs of `[n, size]` and `[n]`, `[n]`."""
        return self._logits(states, actions).numpy().astype(float)

    def fit(self, states: np.ndarray, actions: np.ndarray) -> float:
        """Takes one step against the policy's pairs, and returns the loss before.

        Raises:
            TrainingError: if the loss is not finite.
        """
        loss = float(self._fit(states, actions))
        if not np.isfinite(loss):
            raise TrainingError(f"the discriminator's loss must stay finite. Received: {loss}")
        return loss


def reward(logits: np.ndarray, kind: str) -> np.ndarray:
    """Returns what the policy is rewarded with for pairs, given D's logits `[n]`.

    Args:
        logits: of D.
        kind: "positive" is -log(1 - D), never below 0, so that it pays to live; "negative" is
            log D, never above 0, so that it pays to end; "signed" is their sum log D - log(1 - D),
            the logit itself (Fu et al. 2018), of either sign.
    """
    if kind == "positive":
        return np.logaddexp(0.0, logits)
    if kind == "negative":
        return -np.logaddexp(0.0, -logits)
    return logits
