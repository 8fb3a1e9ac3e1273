"""The exchange of a network's layers for equal, faster ones."""

from collections.abc import Callable

import keras

from pirgan_tf.kernels.batch_norm import FusedBatchNormalization
from pirgan_tf.kernels.dropout import StatelessDropout
from pirgan_tf.kernels.graph import Graph
from pirgan_tf.kernels.upsampling import UpsampleConv2D
from pirgan_tf.kernels.weights import copy_weights
from pirgan_tf.kernels.winograd import WinogradConv2D


def accelerate(model: keras.Model, *, synchronized: bool = False) -> keras.Model:
    """Returns a network that computes what another does, faster.

    Layers keep their names, dtype policies and weights. Exchanged are

    - `Conv2D`, 3x3 and 'same', of small images with many channels: `WinogradConv2D`;
    - `UpSampling2D(2)` and a 3x3 `Conv2D` after it: `UpsampleConv2D`, of the latter's name;
    - `BatchNormalization` of images: `FusedBatchNormalization`;
    - `Dropout`: `StatelessDropout`, which needs `dropout_seed`.

    All others stay what they are, as do nested models.

    Args:
        model: a functional model; it stays as it is.
        synchronized: whether batch statistics are taken over all replicas.

    Returns:
        A functional model with weights of its own, which begin as those of `model`;
        `copy_weights` brings them back.
    """
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    graph = Graph(model)
    dropouts = [layer for layer in model.layers if type(layer) is keras.layers.Dropout]

    def exchange(layer: keras.Layer) -> Callable:
        if not isinstance(layer, keras.Layer):
            return layer
        config = layer.get_config()
        kind = type(layer)
        if kind is keras.layers.UpSampling2D and _is_pair(layer, graph.after(layer)):
            return _nothing
        if kind is keras.layers.Conv2D:
            pair = _is_pair(graph.before(layer), layer)
            return (UpsampleConv2D if pair else WinogradConv2D).from_config(config)
        if kind is keras.layers.BatchNormalization:
            return _batch_norm(layer, config | {"synchronized": synchronized})
        if kind is keras.layers.Dropout:
            return StatelessDropout.from_config(config | {"number": dropouts.index(layer)})
        return kind.from_config(config)

    faster = keras.models.clone_model(model, clone_function=exchange)
    copy_weights(model, faster)
    return faster


def _nothing(images):
    """Stands for a layer whose work another one does."""
    return images


def _is_pair(before: object, after: object) -> bool:
    """Returns whether `UpsampleConv2D` does the work of both."""
    return (
        type(before) is keras.layers.UpSampling2D
        and type(after) is keras.layers.Conv2D
        and (before.size, before.interpolation) == ((2, 2), "nearest")
        and (after.kernel_size, after.strides, after.padding) == ((3, 3), (1, 1), "same")
        and (after.dilation_rate, after.groups) == ((1, 1), 1)
        and before.data_format == after.data_format == "channels_last"
    )


def _batch_norm(layer: keras.layers.BatchNormalization, config: dict) -> keras.Layer:
    """Returns the fused layer where there is a kernel for it."""
    rank = len(layer.input.shape)
    fused = rank == 4 and layer.axis in (-1, 3) and not getattr(layer, "renorm", False)
    return (FusedBatchNormalization if fused else keras.layers.BatchNormalization).from_config(
        config
    )
