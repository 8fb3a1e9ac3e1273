"""A Bayesian network of the dynamics, and what an observation tells about it."""

import itertools
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from pirgan_tf.training.randomness import step_seeds, stream_seed

# The authors' settings (VIME, appendix A), where they are given.
_RATE = 1e-3
_SAMPLES = 10


class _Layer(NamedTuple):
    """The means and the inverse softplus of the standard deviations of a layer's weights.

    Attributes:
        mean, spread: `[inputs + 1, units]`; the last row is of the biases.
    """

    mean: tf.Variable
    spread: tf.Variable


class Dynamics:
    """A network whose weights are independent Gaussians, fitted by variational inference.

    Args:
        inputs, outputs: how many.
        seed: of the initial means and of every draw.
        hidden: units of the layers of rectifiers.
        prior_sd: standard deviation of every weight, before any observation.
        likelihood_sd: of every output, given the weights.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        seed: int,
        hidden: tuple[int, ...] = (32,),
        prior_sd: float = 0.5,
        likelihood_sd: float = 5.0,
    ):
        random = np.random.default_rng([seed, 5])
        sizes = [inputs, *hidden, outputs]
        self.layers = [
            _Layer(
                tf.Variable(prior_sd * random.standard_normal((size + 1, units)), dtype=tf.float32),
                tf.Variable(tf.fill((size + 1, units), np.float32(np.log(np.expm1(prior_sd))))),
            )
            for size, units in itertools.pairwise(sizes)
        ]
        self._prior_sd, self._likelihood_sd = prior_sd, likelihood_sd
        self._streams = [stream_seed(seed, f"dynamics_{name}") for name in ("fit", "gain")]
        self._steps = tf.Variable(0)
        self._calls = 0
        variables = [variable for layer in self.layers for variable in layer]
        self._optimizer = keras.optimizers.Adam(_RATE)
        self._optimizer.build(variables)
        pair = [tf.TensorSpec((None, inputs)), tf.TensorSpec((None, outputs))]
        order = tf.TensorSpec((None, None), tf.int64)

        @tf.function(input_signature=[*pair, order])
        def fit(x, y, order):
            for row in tf.range(tf.shape(order)[0]):
                chosen = order[row]
                share = tf.cast(tf.size(chosen), tf.float32) / tf.cast(len(x), tf.float32)
                seed = step_seeds(self._streams[0], self._steps, 1)[0]
                with tf.GradientTape() as tape:
                    likelihood = self._likelihood(tf.gather(x, chosen), tf.gather(y, chosen), seed)
                    cost = share * self.divergence() - tf.reduce_sum(likelihood)
                self._optimizer.apply(tape.gradient(cost, variables), variables)
                self._steps.assign_add(1)

        @tf.function(input_signature=[*pair, tf.TensorSpec((), tf.int32)])
        def gains(x, y, call):
            seeds = step_seeds(self._streams[1], call, len(self.layers))
            total = 0.0
            for sds, means_slope, sds_slope in self._slopes(x, y, seeds):
                # Of KL(new || old), the second derivative by a mean is 1 / sd^2, and by an sd
                # 2 / sd^2.
                halves = tf.square(means_slope) / 2 + tf.square(sds_slope) / 4
                total += tf.reduce_sum(tf.square(sds) * halves, (1, 2))
            return total

        self._fit, self._gains = fit, gains

    def divergence(self):
        """Returns KL(weights || prior), in nats."""
        prior = tfp.distributions.Normal(0.0, self._prior_sd)
        return tf.add_n(
            [
                tf.reduce_sum(
                    tfp.distributions.Normal(
                        layer.mean, tf.nn.softplus(layer.spread)
                    ).kl_divergence(prior)
                )
                for layer in self.layers
            ]
        )

    def fit(self, x: np.ndarray, y: np.ndarray, order: np.ndarray) -> None:
        """Takes steps down the variational bound of all observations (equation 5).

        Args:
            x: inputs `[n, inputs]`.
            y: outputs `[n, outputs]`.
            order: which of them each step sees, `[steps, batch]`.
        """
        self._fit(x, y, order)

    def gains(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Returns how much each observation alone would tell about the weights, in nats.

        KL(weights after it || weights before), to second order in the step that a Newton method
        takes from here (section 2.3 and appendix; the authors scale the step by 0.01, which
        cancels where gains are divided by their median).

        Args:
            x: inputs `[n, inputs]`.
            y: outputs `[n, outputs]`.

        Returns:
            `[n]`.
        """
        self._calls += 1
        return self._gains(x, y, self._calls).numpy().astype(float)

    def _likelihood(self, x, y, seed):
        """Log-likelihoods `[n]`, mean over samples of the activations (local reparametrisation)."""
        x = tf.tile(x[None], (_SAMPLES, 1, 1))
        seeds = tf.unstack(tf.random.split(seed, len(self.layers)))
        for number, (layer, each) in enumerate(zip(self.layers, seeds, strict=True)):
            x = tf.nn.relu(x) if number else x
            x = tf.concat([x, tf.ones_like(x[..., :1])], -1)
            variances = tf.square(x) @ tf.square(tf.nn.softplus(layer.spread))
            noise = tf.random.stateless_normal(tf.shape(variances), each)
            x = x @ layer.mean + tf.sqrt(variances) * noise
        return tf.reduce_mean(self._log_probability(y, x), 0)

    def _slopes(self, x, y, seeds):
        """Differentiates the log-likelihood of each observation by the weights of each layer.

        Yields:
            The standard deviations `[inputs + 1, units]`, and the slopes by the means and by the
            standard deviations, `[n, inputs + 1, units]`.
        """
        x = tf.tile(x[None], (_SAMPLES, 1, 1))
        parts = []
        with tf.GradientTape() as tape:
            for number, (layer, seed) in enumerate(zip(self.layers, seeds, strict=True)):
                x = tf.nn.relu(x) if number else x
                x = tf.concat([x, tf.ones_like(x[..., :1])], -1)
                # Of opposite samples, what is odd in the noise cancels: the slope by a mean, were
                # the network linear, is then exact.
                half = tf.random.stateless_normal((_SAMPLES // 2, *layer.mean.shape), seed)
                noise = tf.concat([half, -half], 0)
                sds = tf.nn.softplus(layer.spread)
                activations = x @ (layer.mean + sds * noise)
                parts.append((x, noise, sds, activations))
                x = activations
            likelihood = tf.reduce_mean(self._log_probability(y, x), 0)
        # An observation's slope by a weight is that by its activation times its input.
        deltas = tape.gradient(likelihood, [part[-1] for part in parts])
        for (x, noise, sds, _), delta in zip(parts, deltas, strict=True):
            yield (
                sds,
                tf.einsum("sni,snj->nij", x, delta),
                tf.einsum("sni,snj,sij->nij", x, delta, noise),
            )

    def _log_probability(self, y, outputs):
        distribution = tfp.distributions.Normal(outputs, self._likelihood_sd)
        return tf.reduce_sum(distribution.log_prob(y), -1)
