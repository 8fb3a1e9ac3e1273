import pytest

from pirgan_tf.training.devices import configure


@pytest.fixture(scope="session")
def devices():
    return configure(strategy="one", replicas=1, precision="float32", jit="off", seed=0)
