"""The exchange of a network's layers for equal, faster ones."""

from collections.abc import Callable

import keras

from pirgan_tf.kernels import filter_gradient, patterns, winograd
from pirgan_tf.kernels.batch_norm import FusedBatchNormalization
from pirgan_tf.kernels.dropout import StatelessDropout
from pirgan_tf.kernels.graph import Graph, nothing
from pirgan_tf.kernels.pointwise import PointwiseConv2D
from pirgan_tf.kernels.space_to_depth import SpaceToDepthConv2D
from pirgan_tf.kernels.upsampling import UpsampleConv2D
from pirgan_tf.kernels.weights import copy_weights
from pirgan_tf.kernels.winograd_layers import WinogradConv2D


def accelerate(model: keras.Model, *, synchronized: bool = False) -> keras.Model:
    """Returns a network that computes what another does, faster.

    Layers keep their names, dtype policies and weights. Exchanged are

    - `Conv2D`, 3x3 and 'same', of small images with many channels: `WinogradConv2D`;
    - the same in bfloat16: `ProductGradientConv2D`;
    - `Conv2D`, 7x7 with stride 2, of images of few channels: `SpaceToDepthConv2D`;
    - all 1x1 `Conv2D` of one input: a `PointwiseConv2D`, of which they are parts;
    - `UpSampling2D(2)` and a 3x3 `Conv2D` after it: `UpsampleConv2D`, of the latter's name;
    - `BatchNormalization` of images: `FusedBatchNormalization`;
    - `Dropout`: `StatelessDropout`, which needs `dropout_seed`.

    All others stay what they are, as do nested models.

    Args:
        model: a functional model; it is not changed.
        synchronized: whether batch statistics are taken over all replicas.

    Returns:
        A functional model with weights of its own, initially those of `model`;
        `copy_weights` brings them back. Without 1x1 convolutions their order is the same.
    """
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    graph = Graph(model)
    pointwise: dict[int, Callable] = {}
    dropouts = [layer for layer in model.layers if type(layer) is keras.layers.Dropout]

    def exchange(layer: keras.Layer) -> Callable:
        if not isinstance(layer, keras.Layer):
            return layer
        kind, config = type(layer), layer.get_config()
        if kind is keras.layers.Dropout:
            return StatelessDropout.from_config(config | {"number": dropouts.index(layer)})
        if kind is keras.layers.BatchNormalization:
            if patterns.is_batch_norm_of_images(layer):
                kind = FusedBatchNormalization
            return kind.from_config(config | {"synchronized": synchronized})
        images = graph.input(layer)
        if images is None:
            return kind.from_config(config)
        if patterns.is_upsampling_pair(layer, graph.after(layer)):
            return nothing
        if patterns.is_pointwise(layer):
            if id(layer) not in pointwise:
                pointwise.update(_join(layer, graph.beside(layer)))
            return pointwise[id(layer)]
        if patterns.is_upsampling_pair(graph.before(layer), layer):
            kind = UpsampleConv2D
        elif patterns.is_three_by_three(layer):
            kind = _three_by_three(layer, images.shape)
        elif patterns.is_strided_of_images(layer, images.shape):
            kind = SpaceToDepthConv2D
        return kind.from_config(config)

    faster = keras.models.clone_model(model, clone_function=exchange)
    copy_weights(model, faster)
    return faster


def _three_by_three(layer: keras.layers.Conv2D, shape: tuple) -> type[keras.layers.Conv2D]:
    """Returns the fastest kind of a 3x3 convolution of images of a shape."""
    if winograd.is_faster(shape, layer.filters, shape[1], layer.compute_dtype):
        return WinogradConv2D
    if filter_gradient.is_faster(shape, layer.filters, layer.compute_dtype):
        return filter_gradient.ProductGradientConv2D
    return keras.layers.Conv2D


def _join(layer: keras.layers.Conv2D, beside: list) -> dict[int, Callable]:
    """Returns what stands for each of the 1x1 convolutions beside a layer, itself included."""
    layers = [
        other
        for other in beside
        if patterns.is_pointwise(other)
        and (other.use_bias, other.dtype_policy) == (layer.use_bias, layer.dtype_policy)
    ]
    joined = PointwiseConv2D(
        [keras.layers.Conv2D.from_config(other.get_config()) for other in layers],
        dtype=layer.dtype_policy,
    )
    # All of them take the same tensor: the first to be called computes for all.
    outputs: list = []

    def part(index: int) -> Callable:
        def call(images):
            outputs.extend(joined(images) if not outputs else [])
            return outputs[index]

        return call

    return {id(other): part(index) for index, other in enumerate(layers)}
