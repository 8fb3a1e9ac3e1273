"""The costs of section 4.1, for sequences; all are sums over a sequence's words."""

import numpy as np
import tensorflow as tf


def log_probabilities(logits, tokens):
    """Returns log G(y_t | Y_{t-1}) of words.

    It is taken from the logits: the logarithm of a softmax is -inf where that is 0 in float32,
    which is what the paper's MixedGan came to.

    Args:
        logits: `[n, length, words]`.
        tokens: the words, `[n, length]`.

    Returns:
        `[n, length]`, in nats.
    """
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)


def action_values(rewards, discount: float):
    """Returns Q_t = r_t + discount r_{t+1} + ... + discount^{T-t} r_T.

    Args:
        rewards: log D(Y_{0:t}), `[n, length]`. The paper writes D and says that its logarithm
            is the reward.
        discount: lambda, in [0, 1].

    Returns:
        `[n, length]`.
    """
    length = rewards.shape[1]
    ahead = np.arange(length)[:, None] - np.arange(length)
    weights = np.where(ahead >= 0, float(discount) ** np.maximum(ahead, 0), 0.0)
    return tf.matmul(rewards, tf.constant(weights, rewards.dtype))


def likelihood_cost(log_likelihoods):
    """Returns the negative log-likelihood of real text, the mean over sequences `[n, length]`."""
    return -tf.reduce_mean(tf.reduce_sum(log_likelihoods, axis=1))


def policy_cost(log_likelihoods, values):
    """Returns a cost whose gradient is REINFORCE's, the negative of that of J.

    Args:
        log_likelihoods: log G(y_t | Y_{t-1}) of words that G has drawn, `[n, length]`.
        values: Q_t, `[n, length]`; constants.
    """
    return -tf.reduce_mean(tf.reduce_sum(log_likelihoods * tf.stop_gradient(values), axis=1))


def discriminator_cost(real_logits, fake_logits):
    """Returns the usual cost of a discriminator that answers after each word.

    Args:
        real_logits: of text, `[n, length, 1]`.
        fake_logits: of what is none, `[n, length, 1]`.
    """
    costs = tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)
    return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2)))
