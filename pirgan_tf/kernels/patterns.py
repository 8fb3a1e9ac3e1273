"""Which layers of Keras's have a faster equal in this package."""

from typing import Any

import keras

_FEW_CHANNELS = 4
# Blocks of pixels were found faster for the 7x7 kernel of Inception's stem.
_LARGE_KERNEL = 7


def is_three_by_three(layer: Any) -> bool:
    """Returns whether a layer is a 3x3 'same' convolution."""
    return (
        _is_convolution(layer)
        and (layer.kernel_size, layer.strides, layer.padding) == ((3, 3), (1, 1), "same")
        and layer.dilation_rate == (1, 1)
    )


def is_upsampling_pair(before: Any, after: Any) -> bool:
    """Returns whether `UpsampleConv2D` does the work of two layers, one after the other."""
    return (
        type(before) is keras.layers.UpSampling2D
        and (before.size, before.interpolation) == ((2, 2), "nearest")
        and before.data_format == "channels_last"
        and is_three_by_three(after)
    )


def is_pointwise(layer: Any) -> bool:
    """Returns whether a layer can be a part of `PointwiseConv2D`."""
    return (
        _is_convolution(layer)
        and layer.kernel_size == layer.strides == layer.dilation_rate == (1, 1)
        and layer.activation is keras.activations.linear
    )


def is_strided_of_images(layer: Any, shape: tuple) -> bool:
    """Returns whether `SpaceToDepthConv2D` does the work of a layer.

    Args:
        layer: any.
        shape: of its input.
    """
    return (
        _is_convolution(layer)
        and (layer.strides, layer.padding) == ((2, 2), "same")
        and min(layer.kernel_size) >= _LARGE_KERNEL
        and layer.dilation_rate == (1, 1)
        and None not in shape[1:]
        and shape[-1] <= _FEW_CHANNELS
    )


def is_batch_norm_of_images(layer: Any) -> bool:
    """Returns whether `FusedBatchNormalization` does the work of a layer of a model."""
    return (
        type(layer) is keras.layers.BatchNormalization
        and len(layer.input.shape) == 4
        and layer.axis in (-1, 3)
        and not getattr(layer, "renorm", False)
    )


def is_folding_pair(before: Any, after: Any) -> bool:
    """Returns whether batch norm can be a part of the convolution before it."""
    return (
        _is_convolution(before)
        and before.activation is keras.activations.linear
        and type(after) is keras.layers.BatchNormalization
        and after.axis in (-1, 3)
    )


def is_separable_of_images(layer: Any, shape: tuple) -> bool:
    """Returns whether a separable convolution is faster as a single one.

    Args:
        layer: any.
        shape: of its input.
    """
    return (
        type(layer) is keras.layers.SeparableConv2D
        and layer.data_format == "channels_last"
        and shape[-1] <= _FEW_CHANNELS
    )


def _is_convolution(layer: Any) -> bool:
    return (
        type(layer) is keras.layers.Conv2D
        and layer.groups == 1
        and layer.data_format == "channels_last"
    )
