"""Inception v2, the network of the PIR estimator (paper, section 2.1.3).

The batch-normalised Inception of Ioffe & Szegedy 2015, "Batch Normalization:
Accelerating Deep Network Training by Reducing Internal Covariate Shift", with
the depths, padding and names of TF-slim's `nets/inception_v2.py`, so that
checkpoints written by TF-slim fit it (see `slim_checkpoint`).
"""

import math
from typing import Any, NamedTuple

import keras

from pirgan_tf.errors import InputError

ENDPOINTS = (
    "Conv2d_1a_7x7",
    "MaxPool_2a_3x3",
    "Conv2d_2b_1x1",
    "Conv2d_2c_3x3",
    "MaxPool_3a_3x3",
    "Mixed_3b",
    "Mixed_3c",
    "Mixed_4a",
    "Mixed_4b",
    "Mixed_4c",
    "Mixed_4d",
    "Mixed_4e",
    "Mixed_5a",
    "Mixed_5b",
    "Mixed_5c",
)
"""TF-slim's endpoints from the image to the features; each is also a layer's name."""

_MIN_DEPTH = 16


class _Conv(NamedTuple):
    scope: str
    depth: int
    kernel: int
    stride: int = 1


class _Pool(NamedTuple):
    scope: str
    layer: type
    stride: int = 1


_Branches = tuple[tuple[_Conv | _Pool, ...], ...]


def _mixed(
    single: int, double: tuple[int, int], triple: tuple[int, int], pool: _Pool, pooled: int
) -> _Branches:
    """Return the branches of a block which keeps the size; pairs are (1x1, 3x3) depths."""
    return (
        (_Conv("Conv2d_0a_1x1", single, 1),),
        (_Conv("Conv2d_0a_1x1", double[0], 1), _Conv("Conv2d_0b_3x3", double[1], 3)),
        (
            _Conv("Conv2d_0a_1x1", triple[0], 1),
            _Conv("Conv2d_0b_3x3", triple[1], 3),
            _Conv("Conv2d_0c_3x3", triple[1], 3),
        ),
        (pool, _Conv("Conv2d_0b_1x1", pooled, 1)),
    )


def _reduction(double: tuple[int, int], triple: tuple[int, int]) -> _Branches:
    """Return the branches of a block which halves the size; pairs are (1x1, 3x3) depths."""
    return (
        (_Conv("Conv2d_0a_1x1", double[0], 1), _Conv("Conv2d_1a_3x3", double[1], 3, 2)),
        (
            _Conv("Conv2d_0a_1x1", triple[0], 1),
            _Conv("Conv2d_0b_3x3", triple[1], 3),
            _Conv("Conv2d_1a_3x3", triple[1], 3, 2),
        ),
        (_Pool("MaxPool_1a_3x3", keras.layers.MaxPooling2D, 2),),
    )


_AVERAGE = _Pool("AvgPool_0a_3x3", keras.layers.AveragePooling2D)
_MAXIMUM = _Pool("MaxPool_0a_3x3", keras.layers.MaxPooling2D)

# The order of branches is the order of channels that a checkpoint's next layer expects.
_BLOCKS: dict[str, _Branches] = {
    "Mixed_3b": _mixed(64, (64, 64), (64, 96), _AVERAGE, 32),
    "Mixed_3c": _mixed(64, (64, 96), (64, 96), _AVERAGE, 64),
    "Mixed_4a": _reduction((128, 160), (64, 96)),
    "Mixed_4b": _mixed(224, (64, 96), (96, 128), _AVERAGE, 128),
    "Mixed_4c": _mixed(192, (96, 128), (96, 128), _AVERAGE, 128),
    "Mixed_4d": _mixed(160, (128, 160), (128, 160), _AVERAGE, 96),
    "Mixed_4e": _mixed(96, (128, 192), (160, 192), _AVERAGE, 96),
    "Mixed_5a": _reduction((128, 192), (192, 256)),
    "Mixed_5b": _mixed(352, (192, 320), (160, 224), _AVERAGE, 128),
    "Mixed_5c": _mixed(352, (192, 320), (192, 224), _MAXIMUM, 128),
}


def build_inception_v2(
    image_size: int = 64,
    depth_multiplier: float = 1.0,
    *,
    batch_norm_momentum: float = 0.99,
    dtype: str | None = None,
) -> keras.Model:
    """Return Inception v2 without an output layer, randomly initialised.

    The model maps images [n, image_size, image_size, 3] in [-1, 1] to features
    [n, 1024 * depth_multiplier], the mean of Mixed_5c over all positions
    (TF-slim takes the same mean up to 224x224, where Mixed_5c is 7x7). At
    depth_multiplier 1 it has 10,173,112 parameters, moving statistics included.

    Layers are named by TF-slim's scopes with "." for "/". The output of a scope bears
    the scope's own name, so `model.get_layer(name).output` is TF-slim's endpoint for
    every name in `ENDPOINTS`; inside, a convolution and its batch norm are for example
    "Mixed_3b.Branch_0.Conv2d_0a_1x1.Conv2D" and "....BatchNorm".

    As in TF-slim: 'same' padding; the stem is a separable convolution with bias
    and no batch norm; every other convolution has no bias, but batch norm
    without gamma and with epsilon 0.001. Kernels start as He normal, which is
    TF-slim's default; that the stem and the 1x1 convolutions do so too, instead
    of from TF-slim's hand-picked deviations, is our decision.

    Args:
      image_size: height and width in pixels, any positive integer: with 'same'
        padding no stage is smaller than 1x1.
      depth_multiplier: positive factor of all depths; like TF-slim, depths are
        rounded down and at least 16.
      batch_norm_momentum: share of the old moving statistics kept at each
        training step, in [0, 1). Our decision: TF-slim's 0.9997 needs some
        10,000 steps to forget the initial statistics.
      dtype: Keras dtype policy of every layer, for example "mixed_bfloat16";
        None is the global policy.

    Raises:
      InputError: an argument is outside what is said above.

    Source: paper, section 2.1.3; Ioffe & Szegedy 2015; TF-slim.
    """
    _check(image_size, depth_multiplier, batch_norm_momentum, dtype)

    def depth(channels: int) -> int:
        return max(int(channels * depth_multiplier), _MIN_DEPTH)

    def apply(x: Any, spec: _Conv | _Pool, prefix: str = "") -> Any:
        name = prefix + spec.scope
        if isinstance(spec, _Pool):
            return spec.layer(3, strides=spec.stride, padding="same", dtype=dtype, name=name)(x)
        x = keras.layers.Conv2D(
            depth(spec.depth),
            spec.kernel,
            strides=spec.stride,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            dtype=dtype,
            name=f"{name}.Conv2D",
        )(x)
        x = keras.layers.BatchNormalization(
            momentum=batch_norm_momentum,
            epsilon=0.001,
            scale=False,
            dtype=dtype,
            name=f"{name}.BatchNorm",
        )(x)
        return keras.layers.ReLU(dtype=dtype, name=name)(x)

    images = keras.Input((image_size, image_size, 3), name="images")
    x = keras.layers.SeparableConv2D(
        depth(64),
        7,
        strides=2,
        padding="same",
        # More would make the pair of kernels larger than the full kernel it stands for.
        depth_multiplier=min(depth(64) // 3, 8),
        activation="relu",
        depthwise_initializer="he_normal",
        pointwise_initializer="he_normal",
        dtype=dtype,
        name=ENDPOINTS[0],
    )(images)
    x = apply(x, _Pool("MaxPool_2a_3x3", keras.layers.MaxPooling2D, 2))
    x = apply(x, _Conv("Conv2d_2b_1x1", 64, 1))
    x = apply(x, _Conv("Conv2d_2c_3x3", 192, 3))
    x = apply(x, _Pool("MaxPool_3a_3x3", keras.layers.MaxPooling2D, 2))
    for block, branches in _BLOCKS.items():
        outputs = []
        for index, specs in enumerate(branches):
            y = x
            for spec in specs:
                y = apply(y, spec, f"{block}.Branch_{index}.")
            outputs.append(y)
        x = keras.layers.Concatenate(dtype=dtype, name=block)(outputs)
    features = keras.layers.GlobalAveragePooling2D(dtype=dtype, name="features")(x)
    return keras.Model(images, features, name="InceptionV2")


def _check(
    image_size: int, depth_multiplier: float, batch_norm_momentum: float, dtype: str | None
) -> None:
    if not isinstance(image_size, int) or isinstance(image_size, bool) or image_size < 1:
        raise InputError(f"image_size must be a positive integer. Received: {image_size!r}")
    if not 0 < depth_multiplier < math.inf:
        raise InputError(f"depth_multiplier must be positive. Received: {depth_multiplier!r}")
    if not 0 <= batch_norm_momentum < 1:
        raise InputError(f"batch_norm_momentum must be in [0, 1). Received: {batch_norm_momentum}")
    try:
        keras.dtype_policies.get(dtype)
    except (TypeError, ValueError):
        raise InputError(
            'dtype must be None or the name of a Keras dtype policy, such as "float32" or'
            f' "mixed_bfloat16". Received: {dtype!r}'
        ) from None
