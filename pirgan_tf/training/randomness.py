"""Stateless randomness: every draw is a function of (seed, stream, step, replica)."""

import zlib

import tensorflow as tf


def stream_seed(seed: int, stream: str) -> tf.Tensor:
    """Returns the seed `[2]` of a named stream of draws, such as `"pretrain"`."""
    return tf.constant([seed, zlib.crc32(stream.encode()) & 0x7FFFFFFF], tf.int32)


def step_seeds(stream: tf.Tensor, step, num_draws: int, replica=0) -> list[tf.Tensor]:
    """Returns one seed for each of the draws that a replica makes in a step.

    A run that was stopped and resumed draws what it would have drawn anyway,
    which the state of a generator in a checkpoint would not guarantee.

    Args:
        stream: the stream's seed, from `stream_seed`.
        step: the training step, an integer or a scalar tensor.
        num_draws: how many seeds.
        replica: the replica's id; replicas draw different values.
    """
    seed = tf.random.fold_in(stream, tf.cast(step, tf.int32))
    seed = tf.random.fold_in(seed, tf.cast(replica, tf.int32))
    return tf.unstack(tf.random.split(seed, num_draws))
