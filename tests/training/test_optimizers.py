import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.training.optimizers import FusedAdam


@pytest.mark.parametrize("jit", [False, True])
def test_updates_are_those_of_keras(jit):
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype("float32") for shape in ((3, 4), (5,))]
    gradients = [[rng.normal(size=w.shape) * 10.0**-i for w in start] for i in range(6)]
    seen = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        variables = [keras.Variable(weight) for weight in start]
        optimizer = kind(0.01, beta_1=0.5)
        optimizer.build(variables)
        apply = tf.function(optimizer.apply, jit_compile=jit and kind is FusedAdam)
        for step in gradients:
            apply([tf.constant(g, tf.float32) for g in step])
        slots = {slot.path: np.asarray(slot) for slot in optimizer.variables}
        seen.append(([np.asarray(v) for v in variables], slots))
    (fused, fused_slots), (plain, plain_slots) = seen
    for left, right, before in zip(fused, plain, start, strict=True):
        assert np.abs(left - before).min() > 1e-3
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
    # The kernel rounds 1 - beta_2. Checkpoints of one are checkpoints of the other.
    assert list(map(np.shape, fused_slots.values())) == list(map(np.shape, plain_slots.values()))
    for left, right in zip(fused_slots.values(), plain_slots.values(), strict=True):
        np.testing.assert_allclose(left, right, rtol=5e-5, atol=1e-12)


def test_what_the_kernel_lacks_is_refused():
    with pytest.raises(ValueError, match="no amsgrad"):
        FusedAdam(0.01, amsgrad=True)
