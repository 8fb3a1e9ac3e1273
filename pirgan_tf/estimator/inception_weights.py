"""Weights of Inception v2 between plain networks, which are saved, and those built for speed.

A network here is what `build_inception_v2` returned, or a functional model of it and further
named layers, such as an output layer.
"""

from collections.abc import Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.estimator.inception_v2 import ALL_HEADS, BLOCKS, HEAD, STEM
from pirgan_tf.kernels.winograd import FrozenWinogradConv2D, kernel_factors


def import_weights(network: keras.Model, plain: keras.Model) -> None:
    """Set the weights of a network, plain, fused or frozen, to those of a plain one.

    Raises:
      ValueError: the plain network lacks a layer, or has other depths. Nothing in
        the network has changed then.
    """
    imported = []
    for layer, parts in _pairs(network, plain):
        pieces = zip(*(_weights_for(layer, part, plain) for part in parts), strict=True)
        joined = [np.concatenate(arrays, axis=-1) for arrays in pieces]
        imported.append((layer, _shaped(joined, layer)))
    for layer, weights in imported:
        layer.set_weights(weights)


def export_weights(network: keras.Model, plain: keras.Model) -> None:
    """Set the weights of a plain network to those of one of the same depths that is not frozen."""
    for layer, parts in _pairs(network, plain):
        ends = np.cumsum([part.weights[0].shape[-1] for part in parts])
        pieces = zip(*(np.split(w, ends[:-1], axis=-1) for w in layer.get_weights()), strict=True)
        for part, arrays in zip(parts, pieces, strict=True):
            part.set_weights(_shaped(arrays, part))


def _weights_for(layer: keras.Layer, part: keras.Layer, plain: keras.Model) -> list[np.ndarray]:
    """Return the weights that a part of a layer takes from a plain network.

    In a frozen network they include those of a batch norm or of a second kernel.
    """
    # Only what a frozen layer has absorbed changes the number of its weights.
    if len(layer.weights) == len(part.weights):
        return part.get_weights()
    if part.name == STEM:
        return _frozen_stem(*part.get_weights())
    batch_norm = plain.get_layer(part.name.replace(".Conv2D", ".BatchNorm"))
    beta, mean, variance = batch_norm.get_weights()
    scale = 1 / np.sqrt(variance + batch_norm.epsilon)
    kernel, bias = part.get_weights()[0] * scale, beta - mean * scale
    if isinstance(layer, FrozenWinogradConv2D):
        kernel = kernel_factors(tf.constant(kernel), layer.algorithm).numpy()
    return [kernel, bias]


def _frozen_stem(
    depthwise: np.ndarray, pointwise: np.ndarray, bias: np.ndarray
) -> list[np.ndarray]:
    """Return the weights of a frozen network's stem, which sees blocks of 2x2 pixels."""
    pointwise = pointwise.reshape(*depthwise.shape[2:], -1)
    kernel = np.einsum("hwcm,cmd->hwcd", depthwise, pointwise)
    kernel = np.pad(kernel, [(0, 1), (0, 1), (0, 0), (0, 0)])
    kernel = kernel.reshape(4, 2, 4, 2, 3, -1).transpose(0, 2, 1, 3, 4, 5)
    return [kernel.reshape(4, 4, 12, -1), bias]


def _shaped(arrays: Iterable[np.ndarray], layer: keras.Layer) -> list[np.ndarray]:
    """Give a kernel of a 1x1 convolution the rank of a dense layer's, or the other way round."""
    shaped = []
    for array, weight in zip(arrays, layer.weights, strict=True):
        if array.shape[-2:] != weight.shape[-2:]:
            raise ValueError(f"{weight.path} is {weight.shape}. Received: {array.shape}")
        shaped.append(array.reshape(weight.shape))
    return shaped


def _pairs(
    network: keras.Model, plain: keras.Model
) -> Iterator[tuple[keras.Layer, list[keras.Layer]]]:
    """Yield each layer that has weights, and those layers of `plain` that make it up."""
    for layer in network.layers:
        if layer.weights:
            yield layer, [plain.get_layer(name) for name in _parts(layer.name)]


def _parts(name: str) -> list[str]:
    block, _, layer = name.partition(f".{ALL_HEADS}.")
    if not layer:
        return [name]
    return [
        f"{block}.Branch_{index}.{HEAD}.{layer}"
        for index, specs in enumerate(BLOCKS[block])
        if specs[0].scope == HEAD
    ]
