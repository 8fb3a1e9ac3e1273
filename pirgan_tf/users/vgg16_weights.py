"""The weights of VGG16: `imagenet`, a file, or random ones for tests."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, explain, refusal
from pirgan_tf.users.vgg16_layers import TOP_LAYERS, VGG16_LAYERS

if TYPE_CHECKING:
    import h5py
    import keras

IMAGENET = "imagenet"
RANDOM = "random"

_CONVOLUTIONS = {
    f"block{block}_conv{index}": depth
    for block, (depth, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1)
    for index in range(1, count + 1)
}
_DENSE = {"fc1": 4096, "fc2": 4096, "predictions": 1000}
_FLAT = 7 * 7 * 512

# The names under which Keras 3 keeps the layers, whatever these are called.
_KERAS_3_GROUPS = (
    *("conv2d", *(f"conv2d_{index}" for index in range(1, len(_CONVOLUTIONS)))),
    *("dense", "dense_1", "dense_2"),
)

_URL = "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
_FILE_WITHOUT_TOP = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def weights_file(weights: str) -> str | None:
    """Return the file that names weights of VGG16, None for `imagenet` and `random`."""
    return None if weights in (IMAGENET, RANDOM) else weights


def check_vgg16_weights(weights: str, layers: Iterable[str]) -> None:
    """Check that weights of VGG16 suffice for some of its layers, without loading TensorFlow.

    Args:
        weights: "imagenet", of which it is not checked whether it can be downloaded;
            "random"; or the path of a file with the weights only, as
            `save_weights` of Keras 3 or 2 writes it, with or without the fully
            connected layers.
        layers: names of layers, such as "pool5".

    Raises:
        InputError: there is no such file, it is not of VGG16, it holds weights that are
            not finite, or it lacks a layer.
    """
    if weights_file(weights):
        with _arrays(weights) as arrays:
            for array in arrays:
                _finite(array, weights)
    check_layers(weights, layers)


def check_layers(weights: str, layers: Iterable[str]) -> None:
    """Check as `check_vgg16_weights` does, but for the numbers, which takes a second."""
    served = served_layers(weights)
    lacking = [layer for layer in layers if layer not in served]
    if lacking:
        raise InputError(
            f"vgg16_weights must have the fully connected layers for {', '.join(lacking)}. "
            f"Received: {weights!r}, which has none and suffices for {', '.join(served)}"
        )


def served_layers(weights: str) -> list[str]:
    """Return the layers for which weights suffice, in order; raises as `check_vgg16_weights`."""
    if weights == IMAGENET:
        top = True
    elif weights == RANDOM:
        top = False
    else:
        with _arrays(weights) as arrays:
            top = len(arrays) == len(_expected_shapes())
    return [layer for layer in VGG16_LAYERS if top or layer not in TOP_LAYERS]


def weights_digest(weights: str) -> bytes:
    """Return what tells weights from others."""
    if weights in (IMAGENET, RANDOM):
        return weights.encode()
    return hashlib.sha256(np.memmap(weights, mode="r").data).digest()


def load_vgg16(weights: str) -> "keras.Model":
    """Build keras.applications.VGG16 for images of 224x224, with logits if it has the top.

    Raises:
        InputError: `check_vgg16_weights` refuses the weights, or they cannot be
            downloaded.
    """
    import keras

    if weights == IMAGENET:
        try:
            return keras.applications.VGG16(classifier_activation=None)
        # Keras raises a plain Exception when a download fails.
        except Exception as error:
            raise InputError(
                "vgg16_weights=imagenet must be within reach; else fetch "
                f"{_URL}{_FILE} (or, for pool1 to pool5 only, {_FILE_WITHOUT_TOP} from there) on "
                "a machine that can, and give the file's path as vgg16_weights. "
                f"Received: {' '.join(str(error).split())}"
            ) from error
    network = keras.applications.VGG16(
        include_top="fc8" in served_layers(weights),
        weights=None,
        input_shape=(224, 224, 3),
        classifier_activation=None,
    )
    if weights == RANDOM:
        rng = np.random.default_rng(0)
        for variable in network.weights:
            # He's scale keeps activations from fading out layer by layer.
            scale = np.sqrt(2 / np.prod(variable.shape[:-1])) if len(variable.shape) > 1 else 0
            variable.assign(scale * rng.standard_normal(variable.shape, np.float32))
        return network
    with _arrays(weights) as arrays:
        for variable, array in zip(network.weights, arrays, strict=True):
            variable.assign(_finite(array, weights))
    return network


@contextmanager
def _arrays(path: str) -> Iterator[list["h5py.Dataset"]]:
    """Open a file of weights: kernel and bias of each layer, in the order of the network."""
    import h5py

    wanted = f"vgg16_weights must be {IMAGENET}, {RANDOM} or the path of an .h5 file"
    check_file(path, wanted)
    try:
        file = h5py.File(path, "r")
    except OSError:
        raise refusal(wanted, repr(path), "is not HDF5") from None
    with file:
        try:
            arrays = _find_arrays(file)
            shapes = [array.shape for array in arrays]
        except (KeyError, TypeError, AttributeError):
            arrays, shapes = [], []
        _check_shapes(shapes, path)
        yield arrays


def _finite(array: "h5py.Dataset", path: str) -> np.ndarray:
    """Return the numbers of a layer, or raise InputError."""
    wanted = "vgg16_weights must hold finite numbers"
    try:
        values = np.asarray(array[()], np.float32)
    # Damaged blocks, texts in place of numbers.
    except (OSError, ValueError, TypeError) as error:
        raise refusal(wanted, repr(path), f"cannot be read ({explain(error)})") from None
    if not np.isfinite(values).all():
        raise refusal(wanted, repr(path), f"has NaN or infinity in {array.name}")
    return values


def _find_arrays(file: "h5py.File") -> list["h5py.Dataset"]:
    if "layers" in file:
        names = [f"layers/{group}/vars/{index}" for group in _KERAS_3_GROUPS for index in (0, 1)]
        return [file[name] for name in names if name in file]
    groups = [file[name] for name in file.attrs["layer_names"]]
    return [group[name] for group in groups for name in group.attrs["weight_names"]]


def _expected_shapes() -> list[tuple[str, tuple[int, ...]]]:
    shapes: list[tuple[str, tuple[int, ...]]] = []
    inputs = 3
    for name, depth in _CONVOLUTIONS.items():
        shapes += [(f"{name} kernel", (3, 3, inputs, depth)), (f"{name} bias", (depth,))]
        inputs = depth
    inputs = _FLAT
    for name, units in _DENSE.items():
        shapes += [(f"{name} kernel", (inputs, units)), (f"{name} bias", (units,))]
        inputs = units
    return shapes


def _check_shapes(received: list[tuple[int, ...]], path: str) -> None:
    expected = _expected_shapes()
    if len(received) == 2 * len(_CONVOLUTIONS):
        expected = expected[: len(received)]
    for wanted, shape in zip_longest(expected, received):
        if wanted is None or shape != wanted[1]:
            right = f"{wanted[0]} of shape {list(wanted[1])}" if wanted else "nothing more"
            wrong = "nothing" if shape is None else f"shape {list(shape)}"
            raise InputError(
                "vgg16_weights must hold the weights of VGG16's 13 convolutions, with or without "
                f"its 3 dense layers. Received: {path!r} with {wrong} in place of {right}"
            )
