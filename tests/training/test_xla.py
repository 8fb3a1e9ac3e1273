"""The step that XLA compiles is the one that TensorFlow runs operation by operation."""

import dataclasses
import re

import numpy as np
import pytest
import tensorflow as tf
from small_trainers import estimating, stabilized, tuning, weights


# Tuning is pretraining, and more.
@pytest.mark.parametrize("make", [tuning, stabilized, estimating])
def test_a_compiled_step_gives_the_losses_and_weights_of_a_plain_one(
    make, devices, small_inception
):
    # XLA's random numbers are others than those of TensorFlow's kernels for CPUs.
    dropout = {} if make is estimating else {"dropout": 0.0}
    plain = make(devices, **dropout)
    compiled = make(dataclasses.replace(devices, jit=True), **dropout)
    for variable, value in zip(
        [v for item in compiled.checkpoint_items().values() for v in item.variables],
        [v for item in plain.checkpoint_items().values() for v in item.variables],
        strict=True,
    ):
        variable.assign(value)
    before = weights(plain)
    first, one = tf.constant(0, tf.int64), tf.constant(1, tf.int64)
    expected, losses = plain.train(first, one), compiled.train(first, one)
    assert set(losses) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(losses[name], value, rtol=1e-4, err_msg=name)
    moved = min(np.abs(a - b).max() for a, b in zip(weights(plain), before, strict=True))
    errors = np.concatenate(
        [np.abs(a - b).ravel() for a, b in zip(weights(plain), weights(compiled), strict=True)]
    )
    # Steps are about the learning rate of 1e-3. Adam divides a gradient by its own size, so
    # that of a gradient of about 0 rounding decides the sign, and near 0 the size.
    assert moved > 1e-6
    assert np.quantile(errors, 0.99) < 5e-5
    assert errors.max() < 2.5e-3


@pytest.mark.parametrize("make", [stabilized, estimating])
def test_a_step_is_one_program_without_the_host(make, devices, small_inception):
    """As a TPU takes it, which has nothing else. With all random draws, unlike above."""
    trainer = make(devices)
    batch = trainer.draw_batch(tf.constant(0, tf.int64), 0)
    step = tf.function(trainer.update, jit_compile=True)
    program = step.experimental_get_compiler_ir(batch)(stage="hlo")
    assert "ENTRY" in program
    assert not re.findall(r"custom_call_target=\S+|\b(?:in|out)feed\b|\bsend\(|\brecv\(", program)


def test_a_program_with_the_host_is_told(devices):
    """What the test above looks for is there where a step leaves the device."""

    def update(x):
        return tf.numpy_function(np.sin, [x], tf.float32)

    step = tf.function(update, jit_compile=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="PyFunc"):
        step(tf.zeros(2))
