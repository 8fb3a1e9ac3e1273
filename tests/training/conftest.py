import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.training.devices import configure
from pirgan_tf.training.randomness import step_seeds, stream_seed
from pirgan_tf.training.trainer import Trainer


@pytest.fixture(scope="session")
def devices():
    return configure(strategy="one", replicas=1, precision="float32", jit="off", seed=0)


class LineTrainer(Trainer):
    """Learns a line from two random points per step: the loop's smallest customer.

    Its loss "loss/step" is the number of the step, counted from 0, for sums and means
    that a test can work out.

    Args:
        devices: where to train.
        at: what to do in `evaluate` of a step, by step.
        poisoned_loss: the step, counted from 0, whose loss is not a number.
        finishes_at: the step after which it wants no more.
    """

    def __init__(self, devices, at=None, poisoned_loss=-1, finishes_at=None):
        super().__init__(devices, batch_size=2, num_images=2, loss_names=("loss/line", "loss/step"))
        self.model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        self.model.layers[0].kernel.assign([[0.1], [0.2], [0.3]])
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build(self.model.trainable_variables)
        self.at, self.poisoned_loss, self.finishes_at = at or {}, poisoned_loss, finishes_at
        self.traces = 0
        self.evaluated = []

    def draw_batch(self, step, replica):
        self.traces += 1  # Python runs while TensorFlow traces, and not when it computes
        seed = step_seeds(stream_seed(0, "line"), step, 1, replica)[0]
        return tf.random.stateless_normal([2, 3], seed), tf.cast(step, tf.float32)

    def update(self, batch):
        points, step = batch
        with tf.GradientTape() as tape:
            errors = self.model(points)[:, 0] - tf.reduce_sum(points, 1)
            loss = tf.reduce_sum(errors**2) / self.batch_size
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        poisoned = tf.where(step == self.poisoned_loss, np.nan, 0.0)
        return {"loss/line": loss + poisoned, "loss/step": step}

    def checkpoint_items(self):
        return {"model": self.model, "optimizer": self.optimizer}

    def evaluate(self, step):
        self.evaluated.append(step)
        if step in self.at:
            self.at[step](self)
        return {"heldout/step": float(step)}

    def draw_images(self):
        """A picture as bright as the number of steps made."""
        return np.full((2, 2, 3), self.steps_made(), np.uint8)

    def steps_made(self):
        return int(self.optimizer.iterations)

    def is_finished(self):
        return self.finishes_at is not None and self.optimizer.iterations >= self.finishes_at

    def values(self):
        return [v.numpy() for item in (self.model, self.optimizer) for v in item.variables]


@pytest.fixture(scope="session")
def make_line_trainer(devices):
    def make(**settings):
        return LineTrainer(devices, **settings)

    return make


def crash(_):
    raise RuntimeError("the machine is gone")


def terminate(_):
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(params=[crash, terminate], ids=["crash", "SIGTERM"])
def stop(request):
    """What ends a run in the middle."""
    return request.param
