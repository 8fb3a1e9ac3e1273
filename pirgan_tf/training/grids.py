"""The scale of pixels, and many small images as one picture."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from pirgan_tf.errors import InputError


def image_grid(images: np.ndarray, columns: int = 8, gap: int = 2, scale: int = 1) -> np.ndarray:
    """Lays images out row by row on white.

    Args:
        images: shape `[n, h, w, 3]`, or `[n, h, w, 1]` of greys, uint8.
        columns: images in a row; the last row may be shorter.
        gap: white pixels between images and around them.
        scale: whole factor by which every pixel is repeated.

    Returns:
        Shape `[rows * (h * scale + gap) + gap, columns * (w * scale + gap) + gap, 3]`, uint8.
    """
    images = images.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + gap, width + gap, 3), 255, np.uint8)
    cells[:count, :height, :width] = images
    cells = cells.reshape(rows, columns, height + gap, width + gap, 3)
    grid = cells.swapaxes(1, 2).reshape(rows * (height + gap), columns * (width + gap), 3)
    return np.pad(grid, ((gap, 0), (gap, 0), (0, 0)), constant_values=255)


def split_grid(grid: np.ndarray, size: int, gap: int = 2) -> np.ndarray:
    """Takes a full grid of square images apart again, which `image_grid` laid out at scale 1.

    Args:
        grid: shape `[h, w, 3]`, uint8.
        size: width and height of an image, in pixels.
        gap: white pixels between images and around them.

    Returns:
        Images `[n, size, size, 3]`, row by row.

    Raises:
        InputError: if the grid is of images of another size.
    """
    cell = size + gap
    if any(length % cell != gap for length in grid.shape[:2]):
        raise InputError(
            f"grid must be of images of {size}x{size} pixels. "
            f"Received: {grid.shape[1]}x{grid.shape[0]} pixels"
        )
    rows, columns = grid.shape[0] // cell, grid.shape[1] // cell
    cells = grid[gap:, gap:].reshape(rows, cell, columns, cell, 3)[:, :size, :, :size]
    return cells.swapaxes(1, 2).reshape(-1, size, size, 3)


def to_float(images) -> tf.Tensor:
    """Converts images from uint8 to float32 in [-1, 1]."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images) -> np.ndarray:
    """Converts images from float in [-1, 1] to uint8, rounding to the nearest."""
    return np.clip(np.rint((np.asarray(images, np.float32) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def save_png(image: np.ndarray, path: Path) -> None:
    """Writes a picture, uint8 `[h, w, 3]`, and the folder it goes to."""
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(image).save(path)
