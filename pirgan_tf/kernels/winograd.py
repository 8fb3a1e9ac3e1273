"""3x3 convolutions of small images with fewer multiplications, by Winograd's algorithm.

Of a row of pixels x and a filter w, a convolution is `outputs @ ((kernel @ w) * (inputs @ x))`,
with three constant matrices and fewer products `*` than the convolution has; applied to the
rows and to the columns, the matrices do the same for images. With channels each `*` is a matrix
product, and so all is matrix products, which a CPU computes at a higher rate than
convolutions. Rounding errors are about twice those of oneDNN's convolutions.

Source: Winograd 1980, "Arithmetic Complexity of Computations"; Lavin & Gray 2016, "Fast
Algorithms for Convolutional Neural Networks".
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

LARGEST_SIZE = 28
"""Height and width of the outputs up to which the algorithm is faster."""

FEWEST_CHANNELS = 64
"""Channels of inputs and of outputs from which on it is."""

# The points, besides infinity, at which Toom's and Cook's method evaluates polynomials, by
# their number. Of the sets that were tried, these have the smallest rounding errors.
_POINTS: dict[int, tuple[float, ...]] = {
    3: (0.0, 1.0, -1.0),
    4: (0.4, -0.4, 1.2, -1.2),
    5: (0.0, 0.5**0.5, -(0.5**0.5), 2**0.5, -(2**0.5)),
}
_TILE = 4


class Algorithm(NamedTuple):
    """How to convolve one axis of images of one size.

    Attributes:
        inputs: what products take of pixels, shape `[products, tiles, size]`.
        kernel: what products take of a kernel, shape `[products, 3]`.
        outputs: what pixels take of products, shape `[pixels, products, tiles]`.
    """

    inputs: np.ndarray
    kernel: np.ndarray
    outputs: np.ndarray


def only_cpus() -> bool:
    """Returns whether TensorFlow sees no other device; a GPU's library has its own algorithms."""
    return all(device.device_type == "CPU" for device in tf.config.list_logical_devices())


def is_faster(shape: Sequence[Any], depth: int, output_size: int | None, dtype: Any) -> bool:
    """Returns whether `convolve` is faster than TensorFlow's convolution, and exact enough.

    Only on CPUs, and only with 32 bits or more, as every step of it is rounded.

    Args:
        shape: of the images, `[n, height, width, channels]`; height and width may be unknown.
        depth: channels of the outputs.
        output_size: height and width of the outputs.
        dtype: of the images.
    """
    _, height, width, channels = shape
    return (
        height is not None
        and output_size is not None
        and height == width
        and 2 <= output_size <= LARGEST_SIZE
        and min(channels, depth) >= FEWEST_CHANNELS
        and tf.as_dtype(dtype).size >= 4
        and only_cpus()
    )


@functools.cache
def same_size(size: int) -> Algorithm:
    """Returns the algorithm of a zero-padded convolution of images of a size of 2 or more."""
    tile = 2 if size == 2 else _TILE
    inputs, kernel, outputs = _filter(tile, 3)
    return Algorithm(_take(inputs, size, tile, -1), kernel, _place(outputs, size))


@functools.cache
def upsampled(size: int) -> Algorithm:
    """Returns the algorithm of nearest-neighbour upsampling and a zero-padded convolution.

    Where taps of the filter meet the same pixel, their sum is one tap: even pixels of the
    output are a filter of two taps of the small row, and odd pixels are another.

    Args:
        size: of the small image.
    """
    inputs, kernel, outputs = _filter(_TILE, 2)
    even, odd = np.array([[1, 0, 0], [0, 1, 1]]), np.array([[1, 1, 0], [0, 0, 1]])
    placed = _place(outputs, size)
    nothing = np.zeros_like(placed)
    rows = np.stack([np.hstack([placed, nothing]), np.hstack([nothing, placed])], axis=1)
    return Algorithm(
        np.concatenate([_take(inputs, size, _TILE, -1), _take(inputs, size, _TILE, 0)]),
        np.concatenate([kernel @ even, kernel @ odd]),
        rows.reshape(2 * size, *rows.shape[2:]),
    )


def _filter(outputs: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the matrices `inputs`, `kernel` and `outputs` of one tile, by Toom and Cook.

    Two polynomials are multiplied by multiplying their values at some points; a filter is the
    transpose of that.
    """
    products = outputs + taps - 1

    def values(terms: int) -> np.ndarray:
        at_infinity = np.eye(terms)[-1:]
        return np.vstack([np.vander(_POINTS[products - 1], terms, increasing=True), at_infinity])

    return np.linalg.inv(values(products)).T, values(taps), values(outputs).T


def _take(inputs: np.ndarray, size: int, tile: int, first: int) -> np.ndarray:
    """Returns `Algorithm.inputs`: a pixel's first tap meets the one `first` pixels further."""
    begins = np.arange(0, size, tile) + first
    pixels = begins[:, None] + np.arange(len(inputs))
    return np.einsum("pi,tis->pts", inputs, pixels[..., None] == np.arange(size))


def _place(outputs: np.ndarray, size: int) -> np.ndarray:
    """Returns `Algorithm.outputs`: the tiles beside each other, the last one cut at the size."""
    tile, products = outputs.shape
    tiles = -(-size // tile)
    placed = np.einsum("ip,ts->tips", outputs, np.eye(tiles))
    return placed.reshape(-1, products, tiles)[:size]


def convolve(images: tf.Tensor, kernel: tf.Tensor, algorithm: Algorithm) -> tf.Tensor:
    """Convolves images.

    Args:
        images: shape `[n, size, size, channels]`.
        kernel: shape `[3, 3, channels, depth]`.
        algorithm: of that size.

    Returns:
        Shape `[n, pixels, pixels, depth]`.
    """
    return convolve_by_factors(images, kernel_factors(kernel, algorithm), algorithm)


def kernel_factors(kernel: tf.Tensor, algorithm: Algorithm) -> tf.Tensor:
    """Returns the factors that a kernel gives to the products, Lavin & Gray's transformed filter.

    Args:
        kernel: shape `[3, 3, channels, depth]`.
        algorithm: of the images' size.

    Returns:
        Shape `[products**2, channels, depth]`.
    """
    products, (channels, depth) = len(algorithm.kernel), kernel.shape[2:]
    factors = _transform(algorithm.kernel, tf.reshape(kernel, [3, 3, -1]))
    return tf.reshape(factors, [products**2, channels, depth])


def convolve_by_factors(images: tf.Tensor, factors: tf.Tensor, algorithm: Algorithm) -> tf.Tensor:
    """Convolves images, as `convolve` does, with a kernel's `kernel_factors`."""
    products, tiles, size = algorithm.inputs.shape
    pixels, (channels, depth) = len(algorithm.outputs), factors.shape[1:]
    # With the images after the axes, every step is a product of matrices as they lie in memory.
    x = tf.reshape(tf.transpose(images, [1, 2, 0, 3]), [size, size, -1])
    x = _transform(algorithm.inputs.reshape(-1, size), x)
    x = tf.transpose(tf.reshape(x, [products, tiles, products, tiles, -1]), [0, 2, 1, 3, 4])
    y = tf.matmul(tf.reshape(x, [products**2, -1, channels]), factors)
    y = tf.transpose(tf.reshape(y, [products, products, tiles, tiles, -1]), [0, 2, 1, 3, 4])
    y = tf.reshape(y, [products * tiles, products * tiles, -1])
    y = _transform(algorithm.outputs.reshape(pixels, -1), y)
    return tf.transpose(tf.reshape(y, [pixels, pixels, -1, depth]), [2, 0, 1, 3])


def _transform(matrix: np.ndarray, x: tf.Tensor) -> tf.Tensor:
    """Applies a matrix to rows and columns: from `[size, size, m]` to `[rows, rows, m]`."""
    rows, size = matrix.shape
    constant = tf.constant(matrix, x.dtype)
    x = tf.matmul(constant, tf.reshape(x, [size, -1]))
    return tf.matmul(constant, tf.reshape(x, [rows, size, -1]))
