"""Steps of a plain and of an accelerated network on two logical CPUs; for test_replicas.py.

TensorFlow splits the CPU before its first operation only, hence a process of its own. Writes
what it found as JSON to the file named on the command line.
"""

import json
import sys
from pathlib import Path

import keras
import networks
import numpy as np
import tensorflow as tf

from pirgan_tf import kernels

BATCH = 8


def updated(model, strategy, images):
    """Returns the weights and statistics after two steps of descent on all replicas."""
    with strategy.scope():
        optimizer = keras.optimizers.SGD(0.01)
        optimizer.build(model.trainable_variables)

    def step(images):
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            loss = tf.add_n([tf.reduce_sum(tf.sin(3 * x + 1)) for x in outputs]) / BATCH
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    shards = tf.split(images, strategy.num_replicas_in_sync)
    share = strategy.experimental_distribute_values_from_function(
        lambda context: shards[context.replica_id_in_sync_group]
    )
    run = tf.function(lambda: strategy.run(step, args=(share,)))
    for _ in range(2):
        run()
    return model.get_weights()


def masks_of_replicas(strategy):
    """Returns what each replica's dropout gives of ones, with seeds by replica."""
    layer = kernels.StatelessDropout(0.5)

    def draw():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        with kernels.dropout_seed(tf.stack([7, tf.cast(replica, tf.int32)])):
            return layer(tf.ones([1000]), training=True)

    masks = [mask.numpy() for mask in strategy.run(tf.function(draw)).values]
    alone = []
    for replica in range(2):
        with kernels.dropout_seed(tf.constant([7, replica])):
            alone.append(layer(tf.ones([1000]), training=True).numpy())
    return masks, alone


def main():
    """Compares both networks, and masks with those drawn alone."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    images = tf.random.stateless_normal([BATCH, 16, 16, 3], [1, 2])
    keras.utils.set_random_seed(0)
    plain = networks.stir(networks.discriminator(dropout=0.0))
    with strategy.scope():
        fast = kernels.accelerate(plain, synchronized=True)
    before = plain.get_weights()
    one = tf.distribute.get_strategy()
    alone = updated(plain, one, images)
    found = updated(fast, strategy, images)
    moved = [np.abs(x - y).max() for x, y in zip(alone, before, strict=True)]
    off = [np.abs(x - y).max() for x, y in zip(found, alone, strict=True)]
    masks, expected = masks_of_replicas(strategy)
    results = {
        "off": [float(x / y) for x, y in zip(off, moved, strict=True)],
        "masks as alone": bool(np.array_equal(masks, expected)),
        "masks alike": bool(np.array_equal(*masks)),
    }
    Path(sys.argv[1]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
