"""How strongly each filter of VGG16 responds to each image.

One pass through the network is used for all objectives, whatever its layer and
filters, so the responses of all filters are kept beside the images.
"""

import gc
import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from pirgan_tf.errors import InputError
from pirgan_tf.files.arrays import read_arrays
from pirgan_tf.users.images import checked_images, unit_pixels
from pirgan_tf.users.vgg16_layers import KERAS_NAMES, VGG16_LAYERS
from pirgan_tf.users.vgg16_weights import load_vgg16, served_layers, weights_digest

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

VGG16_BATCH = 32
"""Images that go through the network at once."""

_SIZE = 224

# Part of the hash: another number makes the program compute stored tables again.
_VERSION = b"1"


@dataclass(frozen=True)
class FilterTable:
    """Squared norms of the activations of VGG16's filters.

    Attributes:
        norms: float32 [n, 10664], or [n, 1472] without the fully connected layers:
            the filters of pool1, then those of pool2, and so on. Each is the sum over
            all positions of the squared activation; the activations are the outputs
            of the pooling layers, those of fc6 and fc7 after ReLU, and fc8's logits.
    """

    norms: np.ndarray

    def layer(self, name: str) -> np.ndarray:
        """Return the columns of a layer such as "pool5", float32 [n, filters].

        Raises:
            InputError: the table has no such layer.
        """
        if name not in VGG16_LAYERS:
            raise InputError(f"layer must be one of {', '.join(VGG16_LAYERS)}. Received: {name!r}")
        names = list(VGG16_LAYERS)
        start = _num_filters(names[: names.index(name)])
        if start >= self.norms.shape[1]:
            raise InputError(
                "table must be of weights with the fully connected layers. "
                f"Received: one without {name}"
            )
        return self.norms[:, start : start + VGG16_LAYERS[name]]

    def total(self, name: str) -> np.ndarray:
        """Return the squared norm of a whole layer, float64 [n]; raises as `layer`."""
        return self.layer(name).sum(axis=1, dtype=np.float64)


def filter_norms(images: ArrayLike, weights: str, keep_in: Path | None = None) -> FilterTable:
    """Measure the response of every filter of VGG16 to every image (section 3.1).

    Images are resized bilinearly to 224x224 and go through VGG16's own
    preprocessing. The paper does not say how it resizes; the fully connected
    layers need this size.

    Args:
        images: [n, height, width, 3], uint8 in 0..255 or floating in [-1, 1].
        weights: "imagenet", "random" or the path of a file; see
            `check_vgg16_weights`.
        keep_in: an existing folder in which the table is kept, as vgg16-HASH.npz, and
            found again for the same images and weights. A folder that cannot be
            written to costs time only.

    Raises:
        InputError: images of another shape, type or range; weights that cannot be
            had.
    """
    images = checked_images(images)
    layers = served_layers(weights)
    path = keep_in / f"vgg16-{_content_hash(images, weights)}.npz" if keep_in else None
    norms = _read(path, (len(images), _num_filters(layers))) if path else None
    if norms is None:
        norms = _compute(images, weights, layers)
        # Networks refer to themselves: half a gigabyte each would pile up until Python looks.
        gc.collect()
        if path:
            _write(norms, path)
    return FilterTable(norms)


def _num_filters(layers: list[str]) -> int:
    return sum(VGG16_LAYERS[layer] for layer in layers)


def norms_function(weights: str) -> "tuple[Callable[[tf.Tensor], tf.Tensor], keras.Model]":
    """Return the norms of `FilterTable` as a TensorFlow function, and the network that it calls.

    Args:
        weights: as for `filter_norms`.

    Returns:
        A function of float32 pixels [n, height, width, 3] in 0..255, and VGG16.
    """
    import keras
    import tensorflow as tf

    from pirgan_tf import kernels

    network = kernels.accelerate(load_vgg16(weights))
    # Networks refer to themselves: the one that was copied would stay beside the activations.
    gc.collect()
    outputs = [network.get_layer(KERAS_NAMES[layer]).output for layer in served_layers(weights)]
    to_activations = keras.Model(network.input, outputs)

    def squared_norms(pixels):
        pixels = tf.image.resize(pixels, [_SIZE, _SIZE])
        pixels = keras.applications.vgg16.preprocess_input(pixels)
        squares = [tf.square(activations) for activations in to_activations(pixels, training=False)]
        return tf.concat(
            [tf.reduce_sum(s, axis=range(1, len(s.shape) - 1)) for s in squares], axis=1
        )

    return squared_norms, network


def trace_norms(weights: str) -> Callable[[np.ndarray], "tf.Tensor"]:
    """Return the function from images to the norms of `FilterTable`, ready to be called.

    Args:
        weights: as for `filter_norms`.

    Returns:
        A function of images [n, height, width, 3], as for `filter_norms`.
    """
    import tensorflow as tf

    signature = [tf.TensorSpec([None, None, None, 3], tf.float32)]
    squared_norms = tf.function(
        norms_function(weights)[0], input_signature=signature, autograph=False
    )
    # Called by itself, tf.function would warn of being traced for every table.
    traced = squared_norms.get_concrete_function()
    return lambda images: traced(tf.constant(255 * unit_pixels(images), tf.float32))


def _compute(images: np.ndarray, weights: str, layers: list[str]) -> np.ndarray:
    squared_norms = trace_norms(weights)
    norms = np.empty((len(images), _num_filters(layers)), np.float32)
    for start in tqdm(range(0, len(images), VGG16_BATCH), "VGG16", unit="batch", disable=None):
        batch = slice(start, start + VGG16_BATCH)
        norms[batch] = squared_norms(images[batch])
    return norms


def _content_hash(images: np.ndarray, weights: str) -> str:
    images = np.ascontiguousarray(images)
    shape = f"{images.dtype.str} {images.shape}".encode()
    content = hashlib.sha256(b" ".join((_VERSION, weights_digest(weights), shape)))
    content.update(images.data)
    return content.hexdigest()[:16]


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """Return a kept table; None if there is none, or a damaged one."""
    try:
        norms = read_arrays(path, ["norms"], "table of norms must be one that was kept")["norms"]
    except InputError:
        return None
    return norms if norms.shape == shape and norms.dtype == np.float32 else None


def _write(norms: np.ndarray, path: Path) -> None:
    # Written beside and renamed: other processes may be about to read or write it.
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    with suppress(OSError):
        try:
            with beside.open("wb") as file:
                np.savez(file, norms=norms)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
