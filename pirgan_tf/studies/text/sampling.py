"""Sentences that a generator makes."""

import tensorflow as tf

from pirgan_tf.studies.text.networks import RecurrentNetwork


def draw_states(count: int, units: int, seed):
    """Draws z, the first state, uniform on [-1, 1], where states lie; the paper is silent."""
    return tf.random.stateless_uniform((count, units), seed, -1.0, 1.0)


def draw_tokens(generator: RecurrentNetwork, states, length: int, seed, temperature: float = 1.0):
    """Draws words one after another, each from the softmax after those before.

    Args:
        generator: the network.
        states: z `[n, units]`.
        length: how many words for each.
        seed: of the draws.
        temperature: what logits are divided by; near 0, the likeliest word is taken.

    Returns:
        Numbers of words, int32 `[n, length]`.
    """

    def follow(before, seed):
        tokens, state = before
        logits, state = generator(tokens[:, None], state)
        drawn = tf.random.stateless_categorical(logits[:, 0] / temperature, 1, seed, dtype=tf.int32)
        return drawn[:, 0], state

    # Number 0 is the end of the sentence before.
    first = tf.zeros(tf.shape(states)[0], tf.int32)
    tokens, _ = tf.scan(follow, tf.random.split(seed, length), (first, states))
    return tf.transpose(tokens)
