"""Arrays that both machines make alike: first weights, photographs, rows of each step."""

import zlib
from pathlib import Path

import numpy as np
from PIL import Image

_COLUMNS = 55
STEPS_PER_CALL = 500
CHECKED_STEPS = 3


def draw(name: str, shape: list[int], std: float) -> np.ndarray:
    """Draws an array's first value: uniform, of mean 0, the same on every machine."""
    limit = std * 3**0.5
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def save_photos(photos: np.ndarray, path: Path) -> None:
    """Writes images of one size as one picture, row by row, black where there are no more."""
    count, size = photos.shape[:2]
    rows = -(-count // _COLUMNS)
    grid = np.zeros((rows * _COLUMNS, size, size, 3), np.uint8)
    grid[:count] = photos
    grid = grid.reshape(rows, _COLUMNS, size, size, 3).swapaxes(1, 2)
    picture = Image.fromarray(grid.reshape(rows * size, _COLUMNS * size, 3))
    picture.save(path, "WEBP", lossless=True, method=2)


def read_photos(path: Path, count: int, size: int = 64) -> np.ndarray:
    """Reads the photographs, uint8 `[count, size, size, 3]`."""
    picture = np.asarray(Image.open(path))
    rows = picture.shape[0] // size
    grid = picture.reshape(rows, size, _COLUMNS, size, 3).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(-1, size, size, 3)[:count])


def shuffled_rows(images: int, first: int, seed: int = 0, batch_size: int = 64) -> np.ndarray:
    """Returns the images of each of 500 steps from `first` on: all of them once per epoch."""
    positions = first * batch_size + np.arange(STEPS_PER_CALL * batch_size)
    epochs = positions // images
    orders = {e: np.random.default_rng([seed, e]).permutation(images) for e in np.unique(epochs)}
    rows = [orders[e][p] for e, p in zip(epochs, positions % images, strict=True)]
    return np.array(rows, np.int32).reshape(STEPS_PER_CALL, batch_size)
