"""What --deterministic promises: the same bits in every run on one CPU, also in a resumed one."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from small_trainers import estimating, stabilized, tuning

from pirgan_tf.kernels import winograd
from pirgan_tf.training.devices import configure

# TensorFlow's AddN begins with an input that nothing else is still reading, for it may write to
# its memory. Where operations run side by side, that is another input at another time, and with
# three of them the order shows in the last bits.
SUMS = """
import tensorflow as tf
from pirgan_tf.training.devices import configure

configure(
    strategy="one", replicas=1, precision="float32", jit="off", seed=0, deterministic=True
)
x = tf.random.stateless_normal([3, 200, 300], [0, 0])

@tf.function
def add():
    terms = [tf.tanh(x * scale) for scale in (0.3, 1.0, 3.0)]
    return tf.add_n(terms), [tf.reduce_sum(tf.sin(term)) for term in terms]

print(len({add()[0].numpy().tobytes() for _ in range(300)}))
"""


@pytest.fixture(scope="module")
def devices():
    return configure(
        strategy="one", replicas=1, precision="float32", jit="off", seed=0, deterministic=True
    )


@pytest.fixture(autouse=True)
def any_depth_is_worth_fewer_multiplications(monkeypatch):
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)


def test_a_sum_of_three_has_the_same_bits_three_hundred_times(helpers):
    done = subprocess.run(
        [sys.executable, "-c", SUMS], env=helpers.environment(), capture_output=True, text=True
    )
    assert done.stdout == "1\n", done.stderr


# Tuning is pretraining, and more.
@pytest.mark.parametrize("make", [stabilized, tuning, estimating])
def test_training_gives_the_same_bits_again_and_when_it_is_resumed(make, devices, tmp_path):
    trainer = make(devices)
    checkpoint = tf.train.Checkpoint(**trainer.checkpoint_items())

    def train(first, count):
        trainer.train(tf.constant(first, tf.int64), tf.constant(count, tf.int64))
        return [variable.numpy() for variable in trainer.state()]

    beginning = checkpoint.write(str(tmp_path / "beginning"))
    straight = train(0, 4)
    checkpoint.read(beginning).assert_existing_objects_matched()
    train(0, 2)
    middle = checkpoint.write(str(tmp_path / "middle"))
    train(2, 1)
    checkpoint.read(middle).assert_existing_objects_matched()
    assert len(straight) > 20
    for value, resumed in zip(straight, train(2, 2), strict=True):
        np.testing.assert_array_equal(value, resumed)
