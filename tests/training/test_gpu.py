"""Training on a GPU: `PIRGAN_TEST_GPU=1 pytest -m gpu`."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from small_trainers import estimating, pretraining, tuning, weights

from pirgan_tf.training.devices import configure

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def gpu():
    # Factors are not to be rounded to TF32, in which the CPU does not compute.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    yield configure(strategy="one", replicas=1, precision="float32", jit="off", seed=0)
    tf.config.experimental.enable_tensor_float_32_execution(True)


def test_auto_takes_every_gpu_and_compiles_on_one():
    count = len(tf.config.list_physical_devices("GPU"))
    devices = configure(strategy="auto", replicas=0, precision="float32", jit="auto", seed=0)
    assert (devices.kind, devices.num_replicas, devices.jit) == ("GPU", count, count == 1)


@pytest.mark.parametrize("jit", [False, True], ids=["plain", "compiled"])
@pytest.mark.parametrize("make", [pretraining, tuning, estimating])
def test_a_step_has_the_losses_and_weights_that_a_cpu_gives(make, jit, gpu):
    on_gpu = make(dataclasses.replace(gpu, jit=jit))
    with tf.device("CPU:0"):
        cpu = dataclasses.replace(gpu, strategy=tf.distribute.OneDeviceStrategy("CPU:0"))
        on_cpu = make(cpu)
    for left, right in zip(
        (v for item in on_gpu.checkpoint_items().values() for v in item.variables),
        (v for item in on_cpu.checkpoint_items().values() for v in item.variables),
        strict=True,
    ):
        left.assign(right.numpy())
    first, one = tf.constant(0, tf.int64), tf.constant(1, tf.int64)
    expected, losses = on_cpu.train(first, one), on_gpu.train(first, one)
    for name, value in expected.items():
        np.testing.assert_allclose(losses[name], value, rtol=1e-3, err_msg=name)
    errors = [np.abs(a - b).ravel() for a, b in zip(weights(on_cpu), weights(on_gpu), strict=True)]
    # As in test_xla.py: rounding decides the sign of Adam's step where a gradient is about 0.
    assert np.quantile(np.concatenate(errors), 0.99) < 1e-5
    assert np.concatenate(errors).max() < 2.5e-3


@pytest.mark.parametrize("make", [pretraining, tuning, estimating])
def test_bfloat16_and_xla_give_finite_losses(make, gpu):
    trainer = make(dataclasses.replace(gpu, precision="bfloat16", jit=True))
    losses = trainer.train(tf.constant(0, tf.int64), tf.constant(3, tf.int64))
    assert all(np.isfinite(value) for value in losses.values())
