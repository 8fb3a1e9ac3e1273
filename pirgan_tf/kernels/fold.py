"""Batch norm as a part of the convolution before it, for networks that learn no more."""

import keras
import numpy as np

from pirgan_tf.kernels.graph import Graph, nothing
from pirgan_tf.kernels.patterns import is_folding_pair, is_separable_of_images


def fold(model: keras.Model) -> keras.Model:
    """Returns a network of plain layers that computes what another does when not training.

    A `Conv2D` takes in the `BatchNormalization` that alone follows it, and has a bias then. A
    `SeparableConv2D` of images of few channels becomes one convolution: more multiplications,
    in less time.

    Args:
        model: a functional model; it is not changed.

    Returns:
        A functional model with weights of its own. Layers keep their names.
    """
    graph = Graph(model)
    weights: list[tuple[keras.Layer, list[np.ndarray]]] = []

    def exchange(layer: keras.Layer):
        if not isinstance(layer, keras.Layer):
            return layer
        images, after = graph.input(layer), graph.after(layer)
        if is_folding_pair(graph.before(layer), layer):
            return nothing
        if is_folding_pair(layer, after):
            new, values = _convolution(layer), _fold(layer, after)
        elif images is not None and is_separable_of_images(layer, images.shape):
            new, values = _convolution(layer), _unseparated(layer)
        else:
            new, values = type(layer).from_config(layer.get_config()), layer.get_weights()
        weights.append((new, values))
        return new

    folded = keras.models.clone_model(model, clone_function=exchange)
    for layer, values in weights:
        layer.set_weights(values)
    return folded


def _convolution(layer: keras.layers.Conv2D | keras.layers.SeparableConv2D) -> keras.layers.Conv2D:
    """Returns a plain convolution with bias, of the size and depth of another."""
    kept = ("filters", "kernel_size", "strides", "padding", "dilation_rate", "activation")
    config = layer.get_config()
    return keras.layers.Conv2D(
        **{name: config[name] for name in (*kept, "name", "dtype")}, groups=config.get("groups", 1)
    )


def _fold(
    layer: keras.layers.Conv2D, batch_norm: keras.layers.BatchNormalization
) -> list[np.ndarray]:
    """Returns the kernel and bias of both together."""
    mean, variance = batch_norm.moving_mean.numpy(), batch_norm.moving_variance.numpy()
    slope = 1 / np.sqrt(variance + batch_norm.epsilon)
    if batch_norm.scale:
        slope = slope * batch_norm.gamma.numpy()
    kernel, *bias = layer.get_weights()
    offset = (sum(bias) - mean) * slope
    if batch_norm.center:
        offset = offset + batch_norm.beta.numpy()
    return [kernel * slope, offset]


def _unseparated(layer: keras.layers.SeparableConv2D) -> list[np.ndarray]:
    """Returns the kernel and bias of both steps together."""
    depthwise, pointwise, *bias = layer.get_weights()
    pointwise = pointwise.reshape(*depthwise.shape[2:], -1)
    kernel = np.einsum("hwcm,cmd->hwcd", depthwise, pointwise)
    return [kernel, bias[0] if bias else np.zeros(kernel.shape[-1])]
