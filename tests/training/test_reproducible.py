"""Operations run side by side, and a step still gives the same bits.

TensorFlow's AddN begins with whichever input's memory it may write to, which is another one at
another time. Two summands give the same bits in either order; three do not. Of a sum that goes
straight into another, TensorFlow makes one AddN.
"""

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.estimator.trainer import EstimatorTrainer
from pirgan_tf.kernels import freeze, winograd

SHAPE = EstimatorShape(depth_multiplier=0.1)
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def any_depth_is_worth_fewer_multiplications(monkeypatch):
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)


def tuning(devices):
    judge = PirEstimator(SHAPE, freeze(build_estimator(SHAPE))).expected_pir
    batches = gan.GanBatches(
        IMAGES,
        np.arange(len(IMAGES)) % 2,
        num_classes=2,
        batch_size=2,
        latent_size=64,
        seed=0,
        stream="s",
    )
    return gan.GanTrainer(
        gan.build_networks(gan.GanShape(("a", "b"), width=1 / 16)),
        gan.acgan(),
        batches,
        gan.paper_optimizers(),
        devices,
        rate_function=judge,
    )


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


def is_inexact_sum(node):
    """Whole numbers, such as steps, have the same sum in any order."""
    return node.op in ("Add", "AddV2", "AddN") and tf.as_dtype(node.attr["T"].type).is_floating


@pytest.mark.parametrize("trainer", [tuning, estimating])
def test_no_sum_has_more_than_two_summands(trainer, devices):
    made, one = trainer(devices), tf.constant(1, tf.int64)
    graph = made.train.get_concrete_function(one, one).graph.as_graph_def()
    bodies = [graph.node, *(function.node_def for function in graph.library.function)]
    sums = [list(filter(is_inexact_sum, body)) for body in bodies]
    assert sum(node.op == "AddN" for body in sums for node in body) > 5
    for body in sums:
        names = {node.name for node in body}
        for node in body:
            assert node.attr["N"].i <= 2, node.name
            inputs = {name.split(":")[0] for name in node.input}
            assert not inputs & names, node.name
