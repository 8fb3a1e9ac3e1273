"""Inception v2 written with TF-slim's own layers, and checkpoints saved from it.

It is a second description of the network, kept apart from the package's: one
line a convolution, each under the name that TF-slim gives its variables.
"""

import sys

import numpy as np
import tensorflow as tf
import tf_slim as slim
from tf_keras.src.legacy_tf_layers import normalization

v1 = tf.compat.v1

# Where TensorFlow looks for the layer behind slim.batch_norm; tf_keras has moved it since.
sys.modules["tf_keras.legacy_tf_layers.normalization"] = normalization

_MIXED = """
Mixed_3b 0 Conv2d_0a_1x1 64
Mixed_3b 1 Conv2d_0a_1x1 64 Conv2d_0b_3x3 64
Mixed_3b 2 Conv2d_0a_1x1 64 Conv2d_0b_3x3 96 Conv2d_0c_3x3 96
Mixed_3b 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 32
Mixed_3c 0 Conv2d_0a_1x1 64
Mixed_3c 1 Conv2d_0a_1x1 64 Conv2d_0b_3x3 96
Mixed_3c 2 Conv2d_0a_1x1 64 Conv2d_0b_3x3 96 Conv2d_0c_3x3 96
Mixed_3c 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 64
Mixed_4a 0 Conv2d_0a_1x1 128 Conv2d_1a_3x3 160
Mixed_4a 1 Conv2d_0a_1x1 64 Conv2d_0b_3x3 96 Conv2d_1a_3x3 96
Mixed_4a 2 MaxPool_1a_3x3 -
Mixed_4b 0 Conv2d_0a_1x1 224
Mixed_4b 1 Conv2d_0a_1x1 64 Conv2d_0b_3x3 96
Mixed_4b 2 Conv2d_0a_1x1 96 Conv2d_0b_3x3 128 Conv2d_0c_3x3 128
Mixed_4b 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 128
Mixed_4c 0 Conv2d_0a_1x1 192
Mixed_4c 1 Conv2d_0a_1x1 96 Conv2d_0b_3x3 128
Mixed_4c 2 Conv2d_0a_1x1 96 Conv2d_0b_3x3 128 Conv2d_0c_3x3 128
Mixed_4c 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 128
Mixed_4d 0 Conv2d_0a_1x1 160
Mixed_4d 1 Conv2d_0a_1x1 128 Conv2d_0b_3x3 160
Mixed_4d 2 Conv2d_0a_1x1 128 Conv2d_0b_3x3 160 Conv2d_0c_3x3 160
Mixed_4d 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 96
Mixed_4e 0 Conv2d_0a_1x1 96
Mixed_4e 1 Conv2d_0a_1x1 128 Conv2d_0b_3x3 192
Mixed_4e 2 Conv2d_0a_1x1 160 Conv2d_0b_3x3 192 Conv2d_0c_3x3 192
Mixed_4e 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 96
Mixed_5a 0 Conv2d_0a_1x1 128 Conv2d_1a_3x3 192
Mixed_5a 1 Conv2d_0a_1x1 192 Conv2d_0b_3x3 256 Conv2d_1a_3x3 256
Mixed_5a 2 MaxPool_1a_3x3 -
Mixed_5b 0 Conv2d_0a_1x1 352
Mixed_5b 1 Conv2d_0a_1x1 192 Conv2d_0b_3x3 320
Mixed_5b 2 Conv2d_0a_1x1 160 Conv2d_0b_3x3 224 Conv2d_0c_3x3 224
Mixed_5b 3 AvgPool_0a_3x3 - Conv2d_0b_1x1 128
Mixed_5c 0 Conv2d_0a_1x1 352
Mixed_5c 1 Conv2d_0a_1x1 192 Conv2d_0b_3x3 320
Mixed_5c 2 Conv2d_0a_1x1 192 Conv2d_0b_3x3 224 Conv2d_0c_3x3 224
Mixed_5c 3 MaxPool_0a_3x3 - Conv2d_0b_1x1 128
"""


def _build(images, depth_multiplier):
    """Return TF-slim's endpoints, the mean of the last and the logits of 10 classes."""

    def depth(channels):
        return max(int(channels * depth_multiplier), 16)

    batch_norm = {"epsilon": 0.001, "is_training": False}
    ends = {}
    with v1.variable_scope("InceptionV2"):
        x = ends["Conv2d_1a_7x7"] = slim.separable_conv2d(
            images,
            depth(64),
            [7, 7],
            depth_multiplier=min(int(depth(64) / 3), 8),
            stride=2,
            scope="Conv2d_1a_7x7",
        )
        with slim.arg_scope(
            [slim.conv2d], normalizer_fn=slim.batch_norm, normalizer_params=batch_norm
        ):
            x = ends["MaxPool_2a_3x3"] = slim.max_pool2d(x, [3, 3], stride=2, padding="SAME")
            x = ends["Conv2d_2b_1x1"] = slim.conv2d(x, depth(64), [1, 1], scope="Conv2d_2b_1x1")
            x = ends["Conv2d_2c_3x3"] = slim.conv2d(x, depth(192), [3, 3], scope="Conv2d_2c_3x3")
            x = ends["MaxPool_3a_3x3"] = slim.max_pool2d(x, [3, 3], stride=2, padding="SAME")
            branches: dict = {}
            for line in _MIXED.split("\n")[1:-1]:
                block, branch, *steps = line.split()
                branches.setdefault(block, []).append((branch, steps))
            for block, lines in branches.items():
                outputs = []
                for branch, steps in lines:
                    y = x
                    with v1.variable_scope(f"{block}/Branch_{branch}"):
                        for scope, channels in zip(steps[::2], steps[1::2], strict=True):
                            stride = 2 if "_1a_" in scope else 1
                            if scope.startswith("MaxPool"):
                                y = slim.max_pool2d(y, [3, 3], stride=stride, padding="SAME")
                            elif scope.startswith("AvgPool"):
                                y = slim.avg_pool2d(y, [3, 3], stride=stride, padding="SAME")
                            else:
                                size = int(scope[-1])
                                y = slim.conv2d(
                                    y, depth(int(channels)), [size] * 2, stride=stride, scope=scope
                                )
                    outputs.append(y)
                x = ends[block] = tf.concat(outputs, 3)
        mean = tf.reduce_mean(x, [1, 2], keepdims=True)
        ends["features"] = tf.squeeze(mean, [1, 2])
        with v1.variable_scope("Logits"):
            slim.conv2d(mean, 10, [1, 1], activation_fn=None, scope="Conv2d_1c_1x1")
    return ends


def _random_value(name, shape, rng):
    if name.endswith("moving_variance"):
        return rng.uniform(0.5, 2.0, shape)
    if name.endswith("weights"):
        fan_in = np.prod(shape[:2] if name.endswith("depthwise_weights") else shape[:3])
        return rng.normal(0.0, np.sqrt(2.0 / fan_in), shape)
    return rng.normal(0.0, 0.3, shape)


def save_random(path, images, depth_multiplier):
    """Save a network with random weights to `path`; return its activations by endpoint."""
    rng = np.random.default_rng(7)
    with tf.Graph().as_default(), v1.Session() as session:
        # Tests before may have asked for determinism, which every random operation then needs.
        v1.set_random_seed(7)
        v1.train.get_or_create_global_step()
        ends = _build(tf.constant(images), depth_multiplier)
        session.run(v1.global_variables_initializer())
        variables = slim.get_model_variables()
        session.run(
            [variable.initializer for variable in variables],
            {v.initial_value: _random_value(v.op.name, v.shape, rng) for v in variables},
        )
        v1.train.Saver().save(session, str(path), write_meta_graph=False)
        return session.run(ends)


def read(path):
    """Return all variables of a checkpoint by name."""
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def write(path, variables, version=2):
    """Save arrays by name as a checkpoint in TensorFlow's format 1 (one file) or 2."""
    names, tensors = list(variables), list(variables.values())
    if version == 1:
        tf.raw_ops.Save(filename=str(path), tensor_names=names, data=tensors)
    else:
        tf.raw_ops.SaveV2(
            prefix=str(path),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=tensors,
        )
