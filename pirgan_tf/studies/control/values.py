"""How good states are, and how much better actions were than expected."""

import keras
import numpy as np
import tensorflow as tf
from scipy.signal import lfilter

from pirgan_tf.studies.control.rollouts import Episodes

_RATE, _EPOCHS, _BATCH = 1e-3, 5, 256


def discounted_sums(values: np.ndarray, discount: float) -> np.ndarray:
    """Returns the sum of each value and of all after it, discounted once per step, `[n]`."""
    return lfilter([1.0], [1.0, -discount], values[::-1])[::-1]


def advantages(
    episodes: Episodes,
    rewards: np.ndarray,
    values: np.ndarray,
    last_values: np.ndarray,
    *,
    discount: float,
    decay: float,
    end_value: float = 0.0,
) -> np.ndarray:
    """Estimates generalised advantages (Schulman et al. 2016, equation 16).

    Where an episode was cut off by the time limit, its last state is worth what the baseline
    says.

    Args:
        episodes: what was done.
        rewards: for it, `[n]`.
        values: of the states, `[n]`.
        last_values: of the states after the last steps, `[episodes]`.
        discount: gamma, per step.
        decay: lambda: 1 has the least bias, 0 the least variance.
        end_value: what comes after an episode that ended.

    Returns:
        `[n]`.
    """
    after = np.where(episodes.ended, end_value, last_values)
    following = np.append(values[1:], 0.0)
    following[np.cumsum(episodes.lengths) - 1] = after
    errors = rewards + discount * following - values
    parts = np.split(errors, episodes.starts[1:])
    return np.concatenate([discounted_sums(part, discount * decay) for part in parts])


class Baseline:
    """A network of the value of states, which is fitted anew to every batch of episodes.

    Args:
        model: from observations `[n, size]` to `[n, 1]`, in standard deviations of the last
            batch's targets from their mean.
        seed: of the order in which states are seen.
    """

    def __init__(self, model: keras.Model, seed: int):
        self._model = model
        self._random = np.random.default_rng([seed, 1])
        self._mean, self._scale = 0.0, 0.0
        variables = model.trainable_variables
        optimizer = keras.optimizers.Adam(_RATE)
        optimizer.build(variables)
        states = tf.TensorSpec((None, model.input_shape[1]))

        @tf.function(input_signature=[states])
        def predict(states):
            return model(states)[:, 0]

        @tf.function(
            input_signature=[
                states,
                tf.TensorSpec((None,)),
                tf.TensorSpec((None, None), tf.int64),
            ]
        )
        def fit(states, targets, order):
            for row in tf.range(tf.shape(order)[0]):
                chosen = order[row]
                with tf.GradientTape() as tape:
                    errors = model(tf.gather(states, chosen))[:, 0] - tf.gather(targets, chosen)
                    cost = tf.reduce_mean(tf.square(errors))
                optimizer.apply(tape.gradient(cost, variables), variables)

        self._predict, self._fit = predict, fit

    def predict(self, states: np.ndarray) -> np.ndarray:
        """Returns the values of observations `[n, size]`, `[n]`."""
        return self._predict(states).numpy() * self._scale + self._mean

    def fit(self, states: np.ndarray, targets: np.ndarray) -> None:
        """Fits the network to targets `[n]` of observations `[n, size]`."""
        # Anew, because rewards may become many times as large: those of an adversary, and those of
        # a goal once it is found.
        self._mean, self._scale = float(targets.mean()), float(targets.std()) + 1e-8
        count = max(1, len(states) // _BATCH)
        orders = [
            self._random.permutation(len(states))[: count * _BATCH].reshape(count, -1)
            for _ in range(_EPOCHS)
        ]
        scaled = ((targets - self._mean) / self._scale).astype(np.float32)
        self._fit(states, scaled, np.concatenate(orders))
