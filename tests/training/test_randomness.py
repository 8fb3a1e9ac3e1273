import itertools

import tensorflow as tf

from pirgan_tf.training.randomness import step_seeds, stream_seed


def seeds(*, seed=1, stream="test", step=3, draws=4, replica=0):
    drawn = step_seeds(stream_seed(seed, stream), step, draws, replica)
    return [tuple(pair.numpy().tolist()) for pair in drawn]


def test_seeds_repeat():
    assert seeds() == seeds()
    assert seeds(step=tf.constant(3, tf.int64)) == seeds(step=3)
    assert seeds(replica=tf.constant(1)) == seeds(replica=1)


def test_seeds_differ_between_draws_steps_replicas_streams_and_seeds():
    drawn = [
        pair
        for seed, stream, step, replica in itertools.product(
            (0, 1, 2**31 - 1), ("pretrain", "tune"), (0, 1, 2, 1_100_000), (0, 1, 2)
        )
        for pair in seeds(seed=seed, stream=stream, step=step, replica=replica)
    ]
    assert len(set(drawn)) == len(drawn) == 3 * 2 * 4 * 3 * 4


def test_seeds_are_the_same_in_a_traced_loop():
    @tf.function
    def last(steps):
        pair = tf.zeros([2], tf.int32)
        for step in tf.range(steps):
            pair = step_seeds(stream_seed(1, "test"), step, 4, 0)[2]
        return pair

    assert tuple(last(tf.constant(4, tf.int64)).numpy()) == seeds(step=3)[2]
