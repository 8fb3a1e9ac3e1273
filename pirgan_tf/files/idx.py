"""The gate for idx files, in which MNIST and its like come."""

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pirgan_tf.files.path import check_file, check_memory, explain, refusal

_UNSIGNED_BYTES = 8
_File = gzip.GzipFile | BinaryIO


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Reads an array of bytes from an idx file.

    Its format is that of http://yann.lecun.com/exdb/mnist: two zero bytes, the type, the number
    of dimensions, each length in four bytes with the highest first, and the numbers.

    Args:
        path: the file, compressed if it ends in .gz.
        dimensions: how many the array must have.

    Returns:
        uint8.

    Raises:
        InputError: the file is none, is truncated or goes on after its array, or the array is
            of another type, has other dimensions, or is larger than the memory.
    """
    wanted = _wanted(dimensions)
    with _open(path, wanted) as file:
        shape = _read_shape(file, path, wanted, dimensions)
        size = math.prod(shape)
        check_memory(size, f"array of {path}")
        # One more: what a compressed file would give without end is not read.
        content = _read(file, size + 1, path, wanted)
    if len(content) != size:
        found = "more" if len(content) > size else str(len(content))
        raise refusal(wanted, path, f"announces {size} numbers and has {found}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def read_idx_shape(path: Path, dimensions: int) -> tuple[int, ...]:
    """Reads only the lengths of an array that `read_idx` reads.

    Raises:
        InputError: as `read_idx`, for what the file's first bytes show.
    """
    wanted = _wanted(dimensions)
    with _open(path, wanted) as file:
        return _read_shape(file, path, wanted, dimensions)


def _wanted(dimensions: int) -> str:
    return f"an idx file must hold bytes in {dimensions} dimension{'s' * (dimensions > 1)}"


def _open(path: Path, wanted: str) -> _File:
    check_file(path, wanted)
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _read_shape(file: _File, path: Path, wanted: str, dimensions: int) -> tuple[int, ...]:
    magic = _read(file, 4, path, wanted)
    right = bytes([0, 0, _UNSIGNED_BYTES, dimensions])
    if magic != right:
        raise refusal(wanted, path, f"begins with {magic.hex() or 'nothing'}, not {right.hex()}")
    lengths = _read(file, 4 * dimensions, path, wanted)
    if len(lengths) < 4 * dimensions:
        raise refusal(wanted, path, "ends within its first bytes")
    shape = tuple(int(length) for length in np.frombuffer(lengths, ">u4"))
    if 0 in shape:
        raise refusal(wanted, path, f"has an array of lengths {', '.join(map(str, shape))}")
    return shape


def _read(file: _File, count: int, path: Path, wanted: str) -> bytes:
    try:
        return file.read(count)
    # EOFError: a truncated .gz.
    except (OSError, EOFError, zlib.error) as error:
        raise refusal(wanted, path, f"cannot be read ({explain(error)})") from error
