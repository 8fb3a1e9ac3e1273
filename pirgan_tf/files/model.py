"""The gate for Keras's .keras files: weights for a network that is built already.

The network that the file describes is never built, so that no code which the file names
can run: only the weights are read, and must have the shapes of the network given.
"""

import collections
import io
import math
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, explain, refusal

if TYPE_CHECKING:
    import h5py
    import keras

_MEMBER = "model.weights.h5"
# HDF5's own structures, and the optimizer's variables where a file holds them.
_SPARE_BYTES, _MAX_FACTOR = 2**24, 4


def load_weights(network: "keras.Model", path: str | Path, described_by: str) -> None:
    """Sets a network's weights to those of a .keras file.

    Args:
        network: of the architecture that the file was saved from.
        path: the .keras file.
        described_by: the file or options which say how the network is built, such as "gan.json".

    Raises:
        InputError: the file is missing or unreadable, holds the weights of another network,
            or weights that are not finite. The network's weights are undefined then.
    """
    wanted = "network must be a .keras file, as this package writes it"
    check_file(path, wanted)
    own = sum(weight.numpy().nbytes for weight in network.weights)
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(_MEMBER).file_size
            if size > _MAX_FACTOR * own + _SPARE_BYTES:
                raise _mismatch(described_by, path, f"{size} bytes of weights instead of {own}")
            shapes = _shapes(archive.read(_MEMBER))
        expected = collections.Counter(tuple(weight.shape) for weight in network.weights)
        missing, added = expected - shapes, shapes - expected
        if missing or added:
            raise _mismatch(described_by, path, f"{_some(added)} in place of {_some(missing)}")
        with warnings.catch_warnings():
            # Of containers within functional models, which hold no weights of their own.
            warnings.simplefilter("ignore")
            network.load_weights(path)
    except InputError:
        raise
    # Which byte is wrong decides which of a dozen kinds of error this is.
    except Exception as error:
        raise refusal(wanted, path, f"is unreadable ({explain(error)})") from error
    for weight in network.weights:
        values = weight.numpy()
        if not np.isfinite(values).all():
            raise refusal("weights must be finite", path, f"has {weight.path} with NaN or infinity")
        if weight.path.endswith("moving_variance") and values.min() < 0:
            raise refusal(
                "variances of batch norm must not be negative", path, f"has such in {weight.path}"
            )


def _mismatch(described_by: str, path: str | Path, received: str) -> InputError:
    return InputError(
        f"network must have the shape that {described_by} gives. Received: {received} in {path}"
    )


def _shapes(content: bytes) -> "collections.Counter[tuple[int, ...]]":
    """Counts the shapes of all weights; links to other files are not followed."""
    import h5py

    shapes: collections.Counter[tuple[int, ...]] = collections.Counter()

    def count(name: str, item: "h5py.Dataset | h5py.Group") -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.is_virtual or item.external:
            raise ValueError(f"{name} is in another file")
        if name.startswith("layers/") and "seed_generator" not in name:
            if item.dtype.kind != "f":
                raise ValueError(f"{name} holds {item.dtype}")
            shapes[item.shape] += 1

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(count)
    return shapes


def _some(shapes: "collections.Counter[tuple[int, ...]]") -> str:
    """Returns the largest shape, which says most, and how many others there are."""
    if not shapes:
        return "nothing"
    largest = max(shapes, key=math.prod)
    more = shapes.total() - 1
    return f"weights of shape {list(largest)}" + (f" and {more} more" if more else "")
