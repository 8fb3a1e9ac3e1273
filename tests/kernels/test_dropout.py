"""Dropout's masks depend on the seed that is given, and on nothing else."""

import threading

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.kernels import StatelessDropout, accelerate, dropout_seed

SEED = tf.constant([3, 4])
ONES = tf.ones([64, 8, 8, 4])


def draw(layer, seed=SEED):
    with dropout_seed(seed):
        return layer(ONES, training=True).numpy()


@pytest.mark.parametrize("rate", [0.5, 0.3])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_share_becomes_zero_and_the_rest_keeps_the_mean(rate, dtype):
    outputs = draw(StatelessDropout(rate, dtype=dtype)).astype(np.float32)
    kept = outputs != 0
    # Some six standard deviations of 16384 draws.
    assert abs(kept.mean() - (1 - rate)) < 0.025
    np.testing.assert_allclose(outputs[kept], 1 / (1 - rate), rtol=2**-8)


def test_equal_seeds_give_equal_masks_and_others_others():
    layer = StatelessDropout(0.5)
    np.testing.assert_array_equal(draw(layer), draw(StatelessDropout(0.5)))
    for other in (draw(layer, tf.constant([3, 5])), draw(StatelessDropout(0.5, number=1))):
        assert 0.4 < np.mean(other != draw(layer)) < 0.6


def test_the_gradient_passes_where_the_output_does():
    layer = StatelessDropout(0.3)
    with dropout_seed(SEED), tf.GradientTape() as tape:
        tape.watch(ONES)
        outputs = layer(ONES, training=True)
    np.testing.assert_array_equal(tape.gradient(outputs, ONES), outputs)


def test_without_training_or_rate_nothing_is_dropped_and_no_seed_needed():
    np.testing.assert_array_equal(StatelessDropout(0.5)(ONES), ONES)
    np.testing.assert_array_equal(StatelessDropout(0.0)(ONES, training=True), ONES)


def test_training_outside_of_a_seed_is_refused():
    layer = StatelessDropout(0.5, name="third")
    draw(layer)
    with pytest.raises(ValueError, match=r"must be within .*Received: a call of third"):
        layer(ONES, training=True)


def test_seeds_nest_and_the_outer_one_returns():
    layer = StatelessDropout(0.5)
    with dropout_seed(SEED):
        inner = draw(layer, tf.constant([7, 7]))
        outer = layer(ONES, training=True).numpy()
    np.testing.assert_array_equal(outer, draw(layer))
    assert (inner != outer).any()


def test_each_thread_has_a_seed_of_its_own():
    layer = StatelessDropout(0.5)
    layer.build(ONES.shape)
    meet = threading.Barrier(2, timeout=60)
    found = {}

    def replica(number):
        with dropout_seed(tf.constant([number, 0])):
            meet.wait()
            found[number] = layer(ONES, training=True).numpy()
            meet.wait()

    threads = [threading.Thread(target=replica, args=[number]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, outputs in found.items():
        np.testing.assert_array_equal(outputs, draw(layer, tf.constant([number, 0])))


@pytest.mark.parametrize("jit", [False, True])
def test_an_accelerated_network_draws_other_masks_in_each_layer_and_step(jit):
    fast = accelerate(networks.discriminator())
    layers = [layer for layer in fast.layers if isinstance(layer, StatelessDropout)]
    assert [layer.number for layer in layers] == [0, 1]
    images = tf.random.stateless_normal([2, 16, 16, 3], [1, 2])

    @tf.function(jit_compile=jit)
    def judge(seed):
        with dropout_seed(seed):
            return fast(images, training=True)[0]

    first, second, again = judge(SEED), judge(SEED + 1), judge(SEED)
    np.testing.assert_array_equal(first, again)
    assert (first != second).numpy().any()


def test_noise_shape_shares_the_mask():
    outputs = draw(StatelessDropout(0.5, noise_shape=(None, 1, 1, 4)))
    np.testing.assert_array_equal(outputs, np.broadcast_to(outputs[:, :1, :1], outputs.shape))


def test_the_layer_survives_saving(tmp_path):
    network = keras.Sequential([keras.Input((8, 8, 4)), StatelessDropout(0.25, number=3)])
    network.save(tmp_path / "network.keras")
    layer = keras.models.load_model(tmp_path / "network.keras").layers[0]
    assert (layer.rate, layer.number) == (0.25, 3)
