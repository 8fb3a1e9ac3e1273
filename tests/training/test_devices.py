import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.training import devices as devices_module
from pirgan_tf.training.devices import configure

DEFAULTS = {"strategy": "auto", "replicas": 0, "precision": "float32", "jit": "auto", "seed": 0}

pytestmark = pytest.mark.skipif(
    bool(tf.config.list_physical_devices("GPU")), reason="what auto means on a CPU"
)


def resolved(**options):
    return configure(**DEFAULTS | options)


def test_auto_on_a_cpu_is_one_replica_without_xla():
    devices = resolved()
    assert devices.num_replicas == 1
    assert not devices.jit
    assert devices.reason.startswith("one CPU; float32; XLA off")


@pytest.mark.parametrize(
    ("flags", "fast"),
    [
        ("fpu avx2 avx512_bf16", True),
        ("fpu amx_bf16 avx2", True),
        ("fpu avx2 avx512f", False),
        (None, False),
    ],
)
def test_the_precision_is_the_one_asked_for_and_the_flags_of_the_cpu_give_advice(
    monkeypatch, flags, fast
):
    def read(_):
        if flags is None:
            raise OSError
        return f"flags\t: {flags}\n"

    monkeypatch.setattr(devices_module.Path, "read_text", read)
    faster, slower = ("bfloat16", "float32") if fast else ("float32", "bfloat16")
    advice = f"{faster} would be faster on this CPU: --precision={faster}"
    assert advice in resolved(precision=slower).reason
    assert "faster" not in resolved(precision=faster).reason
    devices = resolved(precision="float32")
    assert (devices.precision, devices.dtype) == ("float32", "float32")
    devices = resolved(precision="bfloat16")
    assert (devices.precision, devices.dtype) == ("bfloat16", "mixed_bfloat16")


def test_choices_are_obeyed():
    devices = resolved(precision="float32", jit="on", strategy="one")
    assert (devices.precision, devices.jit) == ("float32", True)
    assert "warning" not in devices.reason


def test_a_mirror_of_one_device_is_that_device():
    devices = resolved(strategy="mirrored", replicas=1, jit="on")
    assert devices.reason.startswith("one CPU; float32; XLA on")
    assert devices.strategy is tf.distribute.get_strategy()


# In a process of its own, in which TensorFlow has not started yet.
REFUSALS = f"""
from pirgan_tf.errors import InputError
from pirgan_tf.training.devices import configure

def tell(**options):
    try:
        print(configure(**{DEFAULTS} | options).reason)
    except InputError as error:
        print(error)

tell(jit="on", replicas=2)
tell(replicas=2)
tell(deterministic=True)
"""


def test_several_replicas_are_not_compiled_and_a_started_process_not_made_deterministic(helpers):
    done = subprocess.run(
        [sys.executable, "-c", REFUSALS],
        env=helpers.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    compiled, mirrored, deterministic = done.stdout.splitlines()
    assert compiled == "jit must be off or auto with several replicas. Received: 2"
    assert mirrored.startswith("2 CPUs, mirrored; float32; XLA off")
    assert deterministic.startswith("deterministic must be set before TensorFlow starts")


def test_a_deterministic_process_serves_any_number_of_runs():
    # As this one does, by conftest.py.
    reasons = [resolved(deterministic=wanted).reason for wanted in (True, False, True)]
    assert ["deterministic" in reason for reason in reasons] == [True, False, True]
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1


def test_more_replicas_than_a_started_process_has_are_refused():
    tf.zeros([])  # starts TensorFlow with one CPU
    with pytest.raises(InputError, match=r"before TensorFlow starts.* 3"):
        resolved(strategy="mirrored", replicas=3)


def test_initial_weights_come_from_the_seed():
    def weights(seed):
        resolved(seed=seed)
        layer = keras.layers.Dense(4)
        layer.build((None, 3))
        return layer.kernel.numpy()

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_xla_does_not_change_what_is_learned(make_line_trainer):
    """The step is the same program, compiled or not, up to rounding."""

    def trained(jit):
        trainer = make_line_trainer()
        trainer._jit = jit
        trainer.train(tf.constant(0, tf.int64), tf.constant(5, tf.int64))
        return trainer.values()

    for plain, compiled in zip(trained(False), trained(True), strict=True):
        np.testing.assert_allclose(plain, compiled, rtol=1e-5, atol=1e-7)


def test_without_a_tpu_its_strategy_is_refused(monkeypatch):
    monkeypatch.delenv("TPU_NAME", raising=False)
    with pytest.raises(InputError, match=r"strategy=tpu must find a TPU, .*TPU_NAME"):
        resolved(strategy="tpu")
