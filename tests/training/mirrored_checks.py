"""Trains on two logical CPUs, and compares with one; a program for test_mirrored.py.

TensorFlow splits the CPU before its first operation only, hence a process of its
own. Writes what it saw as JSON to the file named on the command line.
"""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from conftest import LineTrainer
from small_trainers import (
    BATCH,
    IMAGES,
    estimating,
    networks,
    pretraining,
    small_networks,
    stabilized,
    weights,
)

from pirgan_tf.gan.trainer import GanTrainer
from pirgan_tf.kernels import winograd
from pirgan_tf.kernels.batch_norm import FusedBatchNormalization
from pirgan_tf.training.devices import Devices, configure

RNG = np.random.default_rng(0)


def copies(trainer):
    """Each variable's values on the two replicas."""
    return [
        (variable.path, [copy.numpy() for copy in variable.value.values])
        for network in networks(trainer)
        for variable in network.variables
    ]


def differing(trainer):
    return [path for path, (one, two) in copies(trainer) if not np.array_equal(one, two)]


def compare(single, mirrored, batch):
    """One update with the whole batch on one device and with a half on each of two."""
    for left, right in zip(networks(single), networks(mirrored), strict=True):
        right.set_weights(left.get_weights())
    before = weights(single)
    expected = single.update(batch)

    def update():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        half = slice(BATCH // 2 * replica, BATCH // 2 * (replica + 1))
        # The seeds of dropout are no part of the batch's images.
        return mirrored.update(
            tf.nest.map_structure(lambda x: x[half] if len(x) == BATCH else x, batch)
        )

    shares = mirrored.strategy.run(update)
    sums = {
        name: float(mirrored.strategy.reduce("SUM", share, axis=None))
        for name, share in shares.items()
    }
    errors = [
        np.abs(a - b).ravel() for a, b in zip(weights(single), weights(mirrored), strict=True)
    ]
    return {
        "losses": {name: [sums[name], float(value)] for name, value in expected.items()},
        "moved": min(
            float(np.abs(a - b).max()) for a, b in zip(weights(single), before, strict=True)
        ),
        "largest_error": float(np.concatenate(errors).max()),
        "quantile_error": float(np.quantile(np.concatenate(errors), 0.99)),
        "differing_variables": differing(mirrored),
    }


def compare_stabilized(one, two):
    # Halves of a batch would not drop what the whole drops.
    single, mirrored = stabilized(one, dropout=0.0), stabilized(two, dropout=0.0)
    seen = compare(single, mirrored, single.draw_batch(0, 0))
    pairs = zip(
        single.averaged_generator().get_weights(),
        mirrored.averaged_generator().get_weights(),
        strict=True,
    )
    return seen | {"averages": max(float(np.abs(a - b).max()) for a, b in pairs)}


def compare_batch_norm(strategy, dtype):
    """Outputs, gradients and statistics of halves on two devices, and of the whole on one.

    Returns the largest difference of each, as a share of the largest value.
    """
    shape = (BATCH, 6, 5, 3)
    whole, weights = RNG.normal(3, 2, (2, *shape)), RNG.uniform(0.5, 2, (4, 3))

    def differentiate(layer, x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        variables = [variable.value for variable in layer.trainable_variables]
        return [y, *tape.gradient(y, [x, *variables], tf.cast(upstream, y.dtype))]

    def build(synchronized):
        layer = FusedBatchNormalization(synchronized=synchronized, dtype=dtype)
        layer.build(shape)
        layer.set_weights(weights)
        return layer

    one = build(False)
    x, upstream = (tf.cast(values, one.compute_dtype) for values in whole)
    expected = [*differentiate(one, x, upstream), *one.get_weights()[2:]]
    with strategy.scope():
        two = build(True)

    @tf.function
    def replica():
        half = BATCH // 2
        start = half * tf.distribute.get_replica_context().replica_id_in_sync_group
        return differentiate(two, x[start : start + half], upstream[start : start + half])

    y, by_x, *by_weights = strategy.run(replica)
    found = [
        *(tf.concat(halves.values, axis=0) for halves in (y, by_x)),
        *(strategy.reduce("SUM", gradient, axis=None) for gradient in by_weights),
        *two.get_weights()[2:],
    ]
    pairs = [
        (tf.cast(a, "float32").numpy(), tf.cast(b, "float32").numpy())
        for a, b in zip(found, expected, strict=True)
    ]
    return [float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs]


def record_real_training(devices):
    """What the replicas draw inside `train`, and their variables after it."""
    seen = []

    class Recording(GanTrainer):
        def draw_batch(self, step, replica):
            batch = super().draw_batch(step, replica)
            tf.numpy_function(
                lambda *parts: seen.append(parts),
                [step, replica, batch.latents, batch.dropout_real, batch.images],
                [],
            )
            return batch

    trainer = pretraining(devices, Recording, networks=small_networks())
    before = weights(trainer)
    sums = trainer.train(tf.constant(0, tf.int64), tf.constant(2, tf.int64))
    drawn = {(int(step), int(replica)): parts for step, replica, *parts in seen}
    names = ("latents", "dropout", "images")
    return {
        "drawn_by": sorted(drawn),
        "images_a_replica": {len(parts[0]) for parts in drawn.values()}.pop(),
        "equal_draws": [
            names[i]
            for i in range(3)
            for step in (0, 1)
            if np.array_equal(drawn[step, 0][i], drawn[step, 1][i])
        ],
        "draws_of_the_step": all(
            np.array_equal(parts[0], trainer.batches.draw(step, replica, 2).latents)
            for (step, replica), parts in drawn.items()
        ),
        "finite": bool(np.isfinite([float(value) for value in sums.values()]).all()),
        "unmoved": sum(np.array_equal(a, b) for a, b in zip(weights(trainer), before, strict=True)),
        "differing_variables": differing(trainer),
    }


def compare_host_input(devices):
    """The largest difference of weights after steps whose batches the host has drawn ahead."""
    trained = []
    for host_input in (False, True):
        with devices.strategy.scope():
            trainer = LineTrainer(dataclasses.replace(devices, host_input=host_input))
        # The third call does not go on from the second, as after a checkpoint.
        for first, count in ((0, 1), (1, 2), (1, 1)):
            trainer.train(tf.constant(first, tf.int64), tf.constant(count, tf.int64))
        trained.append(trainer.values())
    return max(float(np.abs(a - b).max()) for a, b in zip(*trained, strict=True))


def record_epoch(trainer):
    """The rows that two replicas draw from the estimator's training images in 5 steps."""
    rows = []
    for step in range(5):
        for replica in range(2):
            images, _ = trainer.draw_batch(tf.constant(step, tf.int64), replica)
            rows += [
                int(np.argmin(np.abs(IMAGES[:, :16, :16] / 127.5 - 1 - image).sum((1, 2, 3))))
                for image in images.numpy()
            ]
    return rows


def main():
    # Networks this narrow would not use it.
    winograd.FEWEST_CHANNELS = 1
    # Before the first tensor, which starts the devices.
    two = configure(strategy="mirrored", replicas=2, precision="float32", jit="off", seed=0)
    one = Devices(tf.distribute.get_strategy(), "float32", False, "")
    images = tf.cast(IMAGES[:BATCH, :16, :16], tf.float32) / 127.5 - 1.0
    rated = images, tf.one_hot(tf.range(BATCH), 20)
    mirrored_estimator = estimating(two)
    seen = {
        "reason": two.reason,
        "stabilized": compare_stabilized(one, two),
        "batch_norm": {
            dtype: compare_batch_norm(two.strategy, dtype)
            for dtype in ("float32", "mixed_bfloat16")
        },
        "estimator": compare(estimating(one), mirrored_estimator, rated),
        "training": record_real_training(two),
        "epoch": record_epoch(mirrored_estimator),
        "host_input": compare_host_input(two),
    }
    Path(sys.argv[1]).write_text(json.dumps(seen, indent=1))


if __name__ == "__main__":
    main()
