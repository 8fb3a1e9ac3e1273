"""Perplexity of text under a generator."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from pirgan_tf.studies.text.costs import log_probabilities
from pirgan_tf.studies.text.networks import RecurrentNetwork


def make_perplexity(
    generator: RecurrentNetwork, tokens: np.ndarray, *, rows: int, length: int
) -> Callable[[], float]:
    """Returns a function that measures the perplexity of a text, exp of the mean of -log p.

    The text is read in parts of `length` words, and the state is carried from each to the next.

    Args:
        generator: the network, as it is when the function is called.
        tokens: int32 `[n]`, of which the first is not predicted.
        rows: into how many pieces the text is cut, which are read side by side, each from a
            state of zeros, the mean of z.
        length: words at once.
    """
    count = len(tokens) - 1
    parts = -(-count // (rows * length))
    shape = (rows, parts * length)

    def cut(values: np.ndarray) -> tf.Tensor:
        padded = np.zeros(np.prod(shape), values.dtype)
        padded[:count] = values
        return tf.constant(padded.reshape(rows, parts, length).swapaxes(0, 1))

    inputs, targets = cut(tokens[:-1]), cut(tokens[1:])
    counted = cut(np.ones(count, np.float32))

    # With a signature, TensorFlow does not warn of many such functions.
    @tf.function(input_signature=[])
    def total():
        state = tf.zeros((rows, generator.units))
        # Single precision has too few digits for a sum over so many words.
        surprise = tf.zeros((), tf.float64)
        for part in tf.range(parts):
            logits, state = generator(inputs[part], state)
            likelihoods = log_probabilities(logits, targets[part]) * counted[part]
            surprise -= tf.cast(tf.reduce_sum(likelihoods), tf.float64)
        return surprise

    return lambda: float(np.exp(total().numpy() / count))
