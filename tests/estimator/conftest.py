import keras
import pytest

from pirgan_tf.estimator import pir_estimator
from pirgan_tf.training.devices import configure


@pytest.fixture(scope="session")
def devices():
    return configure(strategy="one", replicas=1, precision="float32", jit="off", seed=0)


def _build_small_network(image_size, *_, dtype, **__):
    """What the estimator needs of Inception v2, which takes ten times as long to trace."""
    images = keras.Input((image_size, image_size, 3))
    x = keras.layers.Conv2D(16, 3, 2, dtype=dtype, name="conv")(images)
    x = keras.layers.BatchNormalization(dtype=dtype, name="batch_norm")(x)
    x = keras.layers.ReLU(dtype=dtype)(x)
    return keras.Model(images, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x))


@pytest.fixture(scope="module")
def small_network():
    """Gives every estimator of the module a small network in place of Inception v2."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pir_estimator, "build_inception_v2", _build_small_network)
        yield
