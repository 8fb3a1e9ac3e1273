"""Trust region policy optimisation (Schulman et al. 2015)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.sparse.linalg import LinearOperator, cg

from pirgan_tf.errors import TrainingError
from pirgan_tf.studies.control.policy import Policy

_ITERATIONS = 10
_BACKTRACKS = 10
# The Fisher information needs fewer states than the gradient (appendix C.1).
_EVERY = 5


class Update(NamedTuple):
    """What came of an update.

    Attributes:
        divergence: KL(old policy || new policy), mean over the states, in nats; 0 if no step was
            good enough.
        improvement: the growth of the expected advantage, as the surrogate has it.
    """

    divergence: float
    improvement: float


def natural_step(
    gradient: np.ndarray, product: Callable[[np.ndarray], np.ndarray], max_divergence: float
) -> np.ndarray:
    """Returns the step up a gradient that is the best within a trust region (appendix C).

    To first order in the objective and second in the divergence: the step s with
    s F s / 2 = `max_divergence` which makes gradient * s the largest, along F^-1 gradient, by
    conjugate gradients.

    Args:
        gradient: of the objective, `[weights]`.
        product: from a vector to F times it, with a positive definite F, the Fisher information.
        max_divergence: the size of the region, in nats.
    """
    size = len(gradient)
    operator = LinearOperator((size, size), matvec=product, dtype=gradient.dtype)
    # Ten iterations, or fewer where they have converged.
    direction, _ = cg(operator, gradient, rtol=1e-6, maxiter=_ITERATIONS)
    curvature = direction @ product(direction)
    if curvature <= 0.0:
        return np.zeros(size)
    return np.sqrt(2 * max_divergence / curvature) * direction


class TrustRegion:
    """The updates of a policy, each within a trust region.

    Args:
        policy: is trained in place.
        max_divergence: KL(old || new) that an update may have, mean over the states, in nats.
        damping: is added to the diagonal of the Fisher information.
    """

    def __init__(
        self,
        policy: Policy,
        max_divergence: float = 0.01,
        damping: float = 0.1,
    ):
        self._policy = policy
        self._max_divergence = max_divergence
        self._damping = damping
        variables = [variable.value for variable in policy.variables]
        states = tf.TensorSpec((None, policy.model.input_shape[1]))
        actions = tf.TensorSpec((None, *policy.action.shape), policy.action.dtype)
        number = tf.TensorSpec((None,))
        parameters = tf.TensorSpec((None, policy.model.output_shape[1]))

        def divergence(states, parameters):
            old, new = map(policy.distribution, (parameters, policy.model(states)))
            return tf.reduce_mean(old.kl_divergence(new))

        def surrogate(states, actions, advantages, parameters):
            old, new = map(policy.distribution, (parameters, policy.model(states)))
            ratios = tf.exp(new.log_prob(actions) - old.log_prob(actions))
            return tf.reduce_mean(ratios * advantages)

        @tf.function(input_signature=[states, actions, number])
        def gradient(states, actions, advantages):
            with tf.GradientTape() as tape:
                tape.watch(variables)
                parameters = tf.stop_gradient(policy.model(states))
                value = surrogate(states, actions, advantages, parameters)
            return _flatten(tape.gradient(value, variables)), value, parameters

        @tf.function(input_signature=[states, number])
        def fisher_product(states, vector):
            with tf.GradientTape() as outer, tf.GradientTape() as inner:
                parameters = tf.stop_gradient(policy.model(states))
                value = divergence(states, parameters)
                slope = _flatten(inner.gradient(value, variables))
                along = tf.reduce_sum(slope * vector)
            return _flatten(outer.gradient(along, variables))

        @tf.function(input_signature=[states, actions, number, parameters])
        def measure(states, actions, advantages, parameters):
            return (
                surrogate(states, actions, advantages, parameters),
                divergence(states, parameters),
            )

        self._gradient, self._fisher_product, self._measure = gradient, fisher_product, measure

    def fisher_product(self, states: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """Returns the Fisher information, mean over the states, times a vector `[weights]`."""
        return self._fisher_product(states, vector.astype(np.float32)).numpy().astype(float)

    def update(self, states: np.ndarray, actions: np.ndarray, advantages: np.ndarray) -> Update:
        """Takes one step, or none if none improves the surrogate within the region.

        Args:
            states: observations `[n, size]`.
            actions: drawn by the policy as it is, `[n, ...]`.
            advantages: of these, `[n]`.

        Raises:
            TrainingError: if the gradient is not finite.
        """
        scaled = advantages.astype(np.float32)
        gradient, before, parameters = self._gradient(states, actions, scaled)
        if not np.isfinite(gradient).all():
            raise TrainingError(
                "the gradient of a policy must be finite. Received: one that is not"
            )

        def product(vector):
            return self.fisher_product(states[::_EVERY], vector) + self._damping * vector

        step = natural_step(gradient.numpy().astype(float), product, self._max_divergence)
        start = self._weights()
        for power in range(_BACKTRACKS):
            self._set_weights(start + 0.5**power * step)
            after, divergence = self._measure(states, actions, scaled, parameters)
            if after > before and divergence <= self._max_divergence:
                return Update(float(divergence), float(after - before))
        self._set_weights(start)
        return Update(0.0, 0.0)

    def _weights(self) -> np.ndarray:
        return np.concatenate([np.ravel(variable) for variable in self._policy.variables])

    def _set_weights(self, weights: np.ndarray) -> None:
        sizes = np.cumsum([np.size(variable) for variable in self._policy.variables])[:-1]
        parts = np.split(weights, sizes)
        for variable, part in zip(self._policy.variables, parts, strict=True):
            variable.assign(part.reshape(variable.shape))


def _flatten(tensors):
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)
