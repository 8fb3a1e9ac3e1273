"""Operations run side by side, and a step still gives the same bits.

TensorFlow's AddN begins with whichever input's memory it may write to, which is another one at
another time. Two summands give the same bits in either order; three do not.
"""

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.estimator.trainer import EstimatorTrainer
from pirgan_tf.gan.trainer import GanSettings, GanTrainer

SHAPE = EstimatorShape(depth_multiplier=0.1)
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3)).astype(np.uint8)


def tuning(devices):
    settings = GanSettings(num_classes=2, width=1 / 16, batch_size=2)
    judge = PirEstimator(SHAPE, fused=True).expected_pir
    labels = np.arange(len(IMAGES)) % 2
    return GanTrainer(settings, devices, IMAGES, labels, seed=0, stream="s", rate_function=judge)


def estimating(devices):
    rated = RatedImages(IMAGES, np.full(len(IMAGES), 10), np.arange(len(IMAGES)) % 10)
    learned, heldout = rated.split(0.5, 0)
    return EstimatorTrainer(
        SHAPE,
        devices,
        learned,
        heldout,
        batch_size=2,
        learning_rate=1e-3,
        patience=0,
        temperature=0.01,
        seed=0,
    )


@pytest.mark.parametrize("trainer", [tuning, estimating])
def test_no_sum_has_more_than_two_summands(trainer, devices):
    made, one = trainer(devices), tf.constant(1, tf.int64)
    graph = made.train.get_concrete_function(one, one).graph.as_graph_def()
    nodes = [node for function in graph.library.function for node in function.node_def]
    sums = [node for node in nodes if node.op == "AddN"]
    assert len(sums) > 5
    assert [node.name for node in sums if node.attr["N"].i > 2] == []
