"""Inception v2, the network of the PIR estimator (paper, section 2.1.3).

The batch-normalised Inception of Ioffe & Szegedy 2015, "Batch Normalization:
Accelerating Deep Network Training by Reducing Internal Covariate Shift", with
the depths, padding and names of TF-slim's `nets/inception_v2.py`, so that
checkpoints written by TF-slim fit it (see `slim_checkpoint`).
"""

import itertools
import math
from typing import Any, NamedTuple

import keras

from pirgan_tf.errors import InputError
from pirgan_tf.kernels.batch_norm import FusedBatchNormalization
from pirgan_tf.kernels.winograd import FrozenWinogradConv2D, WinogradConv2D, is_faster

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

STEM = ENDPOINTS[0]
"""The layer of the stem."""

HEAD = "Conv2d_0a_1x1"
"""The scope of a branch's convolution of the block's own input."""

ALL_HEADS = f"Branches.{HEAD}"
"""The scope, in a fused network, of all heads of a block together."""

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
        (_Conv(HEAD, single, 1),),
        (_Conv(HEAD, double[0], 1), _Conv("Conv2d_0b_3x3", double[1], 3)),
        (
            _Conv(HEAD, triple[0], 1),
            _Conv("Conv2d_0b_3x3", triple[1], 3),
            _Conv("Conv2d_0c_3x3", triple[1], 3),
        ),
        (pool, _Conv("Conv2d_0b_1x1", pooled, 1)),
    )


def _reduction(double: tuple[int, int], triple: tuple[int, int]) -> _Branches:
    """Return the branches of a block which halves the size; pairs are (1x1, 3x3) depths."""
    return (
        (_Conv(HEAD, double[0], 1), _Conv("Conv2d_1a_3x3", double[1], 3, 2)),
        (
            _Conv(HEAD, triple[0], 1),
            _Conv("Conv2d_0b_3x3", triple[1], 3),
            _Conv("Conv2d_1a_3x3", triple[1], 3, 2),
        ),
        (_Pool("MaxPool_1a_3x3", keras.layers.MaxPooling2D, 2),),
    )


_AVERAGE = _Pool("AvgPool_0a_3x3", keras.layers.AveragePooling2D)
_MAXIMUM = _Pool("MaxPool_0a_3x3", keras.layers.MaxPooling2D)

# The order of branches is the order of channels that a checkpoint's next layer expects.
BLOCKS: dict[str, _Branches] = {
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
    fused: bool = False,
    frozen: bool = False,
    synchronized: bool = False,
    dtype: str | None = None,
) -> keras.Model:
    """Return Inception v2 without an output layer, randomly initialised.

    The model maps images [n, image_size, image_size, 3] in [-1, 1] to features
    [n, 1024 * depth_multiplier], the mean of Mixed_5c over all positions
    (TF-slim takes the same mean up to 224x224, where Mixed_5c is 7x7). At
    depth_multiplier 1 it has 10,173,112 parameters, moving statistics included
    (unless `frozen`).

    Unless `fused` or `frozen`, it consists of ordinary Keras layers. They are named by TF-slim's
    scopes with "." for "/". The output of a scope bears the scope's own name, so
    `model.get_layer(name).output` is TF-slim's endpoint for every name in
    `ENDPOINTS`; inside, a convolution and its batch norm are for example
    "Mixed_3b.Branch_0.Conv2d_0a_1x1.Conv2D" and "....BatchNorm". If `fused`, the
    endpoints are the same, and all "Mixed_3b.Branch_N.Conv2d_0a_1x1" are one,
    "Mixed_3b.Branches.Conv2d_0a_1x1".

    As in TF-slim, unless `frozen`: 'same' padding; the stem is a separable convolution with bias
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
      fused: whether to build for speed: batch norm in one operation, 1x1
        convolutions as matrix products, those of one input in one layer, and deep
        3x3 convolutions with fewer multiplications (`WinogradConv2D`). The
        weights are the same in another arrangement (`import_weights`, `export_weights`).
      frozen: whether to build for use alone: batch norm is part of the convolutions,
        which have biases, the stem is one convolution, and if `fused`, kernels may be
        kept as `FrozenWinogradConv2D` keeps them. The weights come from
        `import_weights`, and cannot be exported.
      synchronized: whether batch statistics are taken over all replicas.
      dtype: Keras dtype policy of every layer, for example "mixed_bfloat16";
        None is the global policy.

    Raises:
      InputError: an argument is outside what is said above.

    Source: paper, section 2.1.3; Ioffe & Szegedy 2015; TF-slim.
    """
    _check(image_size, depth_multiplier, batch_norm_momentum, dtype)
    conv2d = WinogradConv2D if fused else keras.layers.Conv2D
    batch_norm = FusedBatchNormalization if fused else keras.layers.BatchNormalization

    def depth(channels: int) -> int:
        return max(int(channels * depth_multiplier), _MIN_DEPTH)

    def conv(x: Any, channels: int, kernel: int, name: str, stride: int = 1) -> Any:
        common: dict[str, Any] = {
            "use_bias": frozen,
            "kernel_initializer": "he_normal",
            "dtype": dtype,
            "name": f"{name}.Conv2D",
        }
        if fused and kernel == 1:
            x = keras.layers.Dense(channels, **common)(x)
        elif fused and frozen and (kernel, stride) == (3, 1) and is_faster(x, channels, x.shape[1]):
            x = FrozenWinogradConv2D(channels, dtype=dtype, name=common["name"])(x)
        else:
            x = conv2d(channels, kernel, strides=stride, padding="same", **common)(x)
        if not frozen:
            x = batch_norm(
                momentum=batch_norm_momentum,
                epsilon=0.001,
                scale=False,
                synchronized=synchronized,
                dtype=dtype,
                name=f"{name}.BatchNorm",
            )(x)
        return keras.layers.ReLU(dtype=dtype, name=name)(x)

    def apply(x: Any, spec: _Conv | _Pool, prefix: str = "") -> Any:
        name = prefix + spec.scope
        if isinstance(spec, _Conv):
            return conv(x, depth(spec.depth), spec.kernel, name, spec.stride)
        return spec.layer(3, strides=spec.stride, padding="same", dtype=dtype, name=name)(x)

    def begin(x: Any, block: str, branches: _Branches) -> list[Any]:
        """Returns what the first layer of each branch gives."""
        if not fused:
            return [apply(x, specs[0], f"{block}.Branch_{i}.") for i, specs in enumerate(branches)]
        heads = [specs[0] for specs in branches if isinstance(specs[0], _Conv)]
        *ends, total = itertools.accumulate(depth(spec.depth) for spec in heads)
        y = conv(x, total, 1, f"{block}.{ALL_HEADS}")
        parts = iter(keras.ops.split(y, ends, axis=-1))
        return [
            next(parts) if specs[0] in heads else apply(x, specs[0], f"{block}.Branch_{i}.")
            for i, specs in enumerate(branches)
        ]

    images = keras.Input((image_size, image_size, 3), name="images")
    if frozen:
        x = _frozen_stem(images, depth(64), dtype)
    else:
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
            name=STEM,
        )(images)
    x = apply(x, _Pool("MaxPool_2a_3x3", keras.layers.MaxPooling2D, 2))
    x = apply(x, _Conv("Conv2d_2b_1x1", 64, 1))
    x = apply(x, _Conv("Conv2d_2c_3x3", 192, 3))
    x = apply(x, _Pool("MaxPool_3a_3x3", keras.layers.MaxPooling2D, 2))
    for block, branches in BLOCKS.items():
        outputs = []
        for index, (y, specs) in enumerate(zip(begin(x, block, branches), branches, strict=True)):
            for spec in specs[1:]:
                y = apply(y, spec, f"{block}.Branch_{index}.")
            outputs.append(y)
        x = keras.layers.Concatenate(dtype=dtype, name=block)(outputs)
    features = keras.layers.GlobalAveragePooling2D(dtype=dtype, name="features")(x)
    return keras.Model(images, features, name="InceptionV2")


def _frozen_stem(images: Any, depth: int, dtype: str | None) -> Any:
    """Apply a 7x7 convolution with stride 2 as one of 4x4 with stride 1.

    It sees blocks of 2x2 pixels as pixels of 12 channels (space to depth). The gradient of
    the images takes half the time.
    """
    size = images.shape[1]
    # Those of 'same' padding, and one at the end for the last block's second pixel.
    before, after = 2 + size % 2, 4
    blocks = (before + size + after) // 2
    x = keras.layers.ZeroPadding2D(((before, after), (before, after)), dtype=dtype)(images)
    x = keras.layers.Reshape((blocks, 2, blocks, 2, 3), dtype=dtype)(x)
    x = keras.layers.Permute((1, 3, 2, 4, 5), dtype=dtype)(x)
    x = keras.layers.Reshape((blocks, blocks, 12), dtype=dtype)(x)
    return keras.layers.Conv2D(depth, 4, activation="relu", dtype=dtype, name=STEM)(x)


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
