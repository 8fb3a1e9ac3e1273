"""Approximate posteriors: a diagonal Gaussian, one with all covariances, and a flow.

Source: Kingma et al. 2016, "Improved Variational Inference with Inverse Autoregressive Flow".
"""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from pirgan_tf.studies.vae.masked import build_masked_network
from pirgan_tf.studies.vae.names import read_flow

_CONTEXT_SIZE = 64
# The gates of a flow begin near 1 (section 4 of the paper: a bias of 1 or 2).
_GATE_BIAS = 2.0


class Diagonal(keras.Layer):
    """Independent Gaussians.

    A posterior is called with parameters `[n, num_parameters]`, which the encoder gives, and a
    stateless seed. It returns samples `[n, size]` and the logarithm of its density there, `[n]`.

    Args:
        size: number of latent variables.
        settings: those of `keras.Layer`.

    Attributes:
        num_parameters: how many numbers the encoder gives.
    """

    def __init__(self, size: int, **settings):
        super().__init__(**settings)
        self.size = size
        self.num_parameters = 2 * size

    def call(self, parameters, seed):
        """Returns samples and their log-density."""
        mean, spread = tf.split(parameters, 2, axis=1)
        return _sample(tfp.distributions.MultivariateNormalDiag(mean, _positive(spread)), seed)


class Linear(keras.Layer):
    """A Gaussian with all covariances.

    The noise of `Diagonal` goes through a triangular matrix, which is the linear case of an
    inverse autoregressive flow (section 5 of the paper). Arguments and call as of `Diagonal`.
    """

    def __init__(self, size: int, **settings):
        super().__init__(**settings)
        self.size = size
        self.num_parameters = size + size * (size + 1) // 2

    def call(self, parameters, seed):
        """Returns samples and their log-density."""
        mean, matrix = (
            parameters[:, : self.size],
            tfp.math.fill_triangular(parameters[:, self.size :]),
        )
        diagonal = _positive(tf.linalg.diag_part(matrix))
        scale = tf.linalg.set_diag(matrix, diagonal)
        return _sample(tfp.distributions.MultivariateNormalTriL(mean, scale), seed)


class InverseAutoregressive(keras.Layer):
    """An inverse autoregressive flow of a diagonal Gaussian (algorithm 1, equations 12 to 14).

    Each step is z <- g z + (1 - g) m with g = sigmoid(s), m and s from an autoregressive network
    of z and the context; the order of the variables is reversed between steps. Written out: in
    tfp's bijectors each step would run its network twice, for the sample and for the density.

    Args:
        size: number of latent variables.
        depth: steps.
        width: hidden units of each network.
        settings: those of `keras.Layer`.

    Attributes:
        num_parameters: how many numbers the encoder gives.
        networks: one for each step.
    """

    def __init__(self, size: int, depth: int, width: int, **settings):
        super().__init__(**settings)
        self.size = size
        self.num_parameters = 2 * size + _CONTEXT_SIZE
        self.networks = [build_masked_network(size, _CONTEXT_SIZE, width) for _ in range(depth)]
        self._base = Diagonal(size)

    def call(self, parameters, seed):
        """Returns samples and their log-density."""
        z, log_density = self._base(parameters[:, : 2 * self.size], seed=seed)
        context = parameters[:, 2 * self.size :]
        for number, network in enumerate(self.networks):
            if number:
                z = tf.reverse(z, [1])
            z, log_determinant = flow_step(network, z, context)
            log_density -= log_determinant
        return z, log_density


def flow_step(network: keras.Model, z, context):
    """Returns one step of the flow, `[n, size]`, and the log-determinant of its Jacobian `[n]`."""
    m, s = network([z, context])
    gate = tf.sigmoid(s + _GATE_BIAS)
    log_determinant = tf.reduce_sum(-tf.nn.softplus(-(s + _GATE_BIAS)), axis=1)
    return gate * z + (1 - gate) * m, log_determinant


def build_posterior(name: str, size: int) -> keras.Layer:
    """Builds the posterior that a name stands for, of `size` variables; see `read_flow`."""
    flow = read_flow(name)
    if flow:
        return InverseAutoregressive(size, *flow)
    return Diagonal(size) if name == "diagonal" else Linear(size)


def _sample(distribution, seed):
    z = distribution.sample(seed=seed)
    return z, distribution.log_prob(z)


def _positive(numbers):
    """Returns positive numbers, 1 where these are 0."""
    return tf.nn.softplus(numbers + 0.5413)
