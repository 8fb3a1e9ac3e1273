import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.training import devices as devices_module
from pirgan_tf.training.devices import configure

DEFAULTS = {"strategy": "auto", "replicas": 0, "precision": "auto", "jit": "auto", "seed": 0}

pytestmark = pytest.mark.skipif(
    bool(tf.config.list_physical_devices("GPU")), reason="what auto means on a CPU"
)


def resolved(**options):
    return configure(**DEFAULTS | options)


def test_auto_on_a_cpu_is_one_replica_without_xla():
    devices = resolved()
    assert devices.num_replicas == 1
    assert not devices.jit
    assert devices.reason.startswith("one CPU")
    assert devices.reason.endswith("XLA off")


@pytest.mark.parametrize(
    ("flags", "precision", "dtype"),
    [
        ("fpu avx2 avx512_bf16", "bfloat16", "mixed_bfloat16"),
        ("fpu amx_bf16 avx2", "bfloat16", "mixed_bfloat16"),
        ("fpu avx2 avx512f", "float32", "float32"),
    ],
)
def test_auto_precision_follows_the_flags_of_the_cpu(monkeypatch, flags, precision, dtype):
    monkeypatch.setattr(devices_module.Path, "read_text", lambda _: f"flags\t: {flags}\n")
    devices = resolved()
    assert (devices.precision, devices.dtype) == (precision, dtype)
    assert precision in devices.reason


def test_unknown_flags_mean_float32(monkeypatch):
    def unreadable(_):
        raise OSError

    monkeypatch.setattr(devices_module.Path, "read_text", unreadable)
    assert resolved().precision == "float32"


def test_a_slow_bfloat16_is_warned_of_but_obeyed(monkeypatch):
    monkeypatch.setattr(devices_module, "_bfloat16_is_fast", lambda _: False)
    devices = resolved(precision="bfloat16")
    assert devices.precision == "bfloat16"
    assert "warning" in devices.reason


def test_choices_are_obeyed():
    devices = resolved(precision="float32", jit="on", strategy="one")
    assert (devices.precision, devices.jit) == ("float32", True)
    assert "warning" not in devices.reason


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
