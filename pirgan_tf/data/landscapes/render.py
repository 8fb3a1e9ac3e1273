"""Procedural landscape photographs, so that every stage runs without any download."""

import numpy as np

from pirgan_tf.data.image_dataset import ImageDataset
from pirgan_tf.data.landscapes.light import draw_light, paint_sky
from pirgan_tf.data.landscapes.noise import Draws
from pirgan_tf.data.landscapes.surface import shade
from pirgan_tf.data.landscapes.terrain import DEPTHS, NEARNESS, draw_coasts, draw_mountains

CLASS_NAMES = ("mountain", "coast")

# Small enough for the fields of a batch to stay in the processor's cache.
_BATCH = 16
# Samples per pixel, one above the other: the edges of a landscape lie more or less flat.
_OVERSAMPLING = 2


def render_landscapes(num_images: int, seed: int, image_size: int = 64) -> ImageDataset:
    """Renders mountains and coasts in many lights.

    Args:
        num_images: Number of images; classes alternate, mountain first.
        seed: A non-negative integer. Image i is a function of `seed`, i and `image_size`.
        image_size: Width and height in pixels.

    Returns:
        An `ImageDataset` of the classes mountain and coast.
    """
    images = np.empty((num_images, image_size, image_size, 3), np.uint8)
    labels = np.arange(num_images, dtype=np.int32) % len(CLASS_NAMES)
    for label in range(len(CLASS_NAMES)):
        indices = np.flatnonzero(labels == label)
        for start in range(0, len(indices), _BATCH):
            batch = indices[start : start + _BATCH]
            images[batch] = _render(Draws(seed, batch), label, image_size)
    return ImageDataset(images, labels, CLASS_NAMES)


def _render(draws: Draws, label: int, image_size: int) -> np.ndarray:
    coast = CLASS_NAMES[label] == "coast"
    light = draw_light(draws)
    heights = (draw_coasts if coast else draw_mountains)(draws, image_size)
    horizon = draws.uniform(0.38, 0.7) if coast else draws.uniform(0.25, 0.5)

    surface = shade(draws, light, heights, sea=coast)
    sky = paint_sky(draws, light, horizon, image_size)
    picture = _look(draws, surface, heights, sky.repeat(_OVERSAMPLING, axis=2), horizon)
    rows = picture.reshape(3, -1, image_size, _OVERSAMPLING, image_size)
    return _develop(draws, rows.mean(axis=3))


def _look(
    draws: Draws, surface: np.ndarray, heights: np.ndarray, sky: np.ndarray, horizon: np.ndarray
) -> np.ndarray:
    """What the camera sees of the ground before the sky, linear `[3, n, rows, columns]`."""
    _, n, rows, columns = sky.shape
    # The nearest ground must lie just below the picture's lower edge.
    elevation = np.maximum(heights, 0.0) - 1.05 * horizon * NEARNESS[None, :, None]
    row_of = (1.0 - horizon - elevation) * rows - 0.5
    behind, fraction, is_ground = _first_hit(row_of, rows)

    image, column = np.ogrid[:n, :columns]
    flat = (image[:, :, None] * DEPTHS + behind) * columns + column[:, None, :]
    points = surface.reshape(5, -1)
    front = np.take(points, flat - columns * (behind > 0), axis=1)
    seen = front + fraction * (np.take(points, flat, axis=1) - front)
    mirror, detail = is_ground * seen[3], seen[4]

    # Leaves and stones, finer than the grid of depths.
    texture = 1.0 + 0.17 * detail * (mirror == 0.0) * draws.uniform(-1.0, 1.0, (rows, columns))
    picture = np.where(is_ground, seen[:3] * texture, sky)
    mirror_row = 2.0 * (1.0 - horizon) * rows - np.arange(rows, dtype=np.float32)[None, :, None]
    mirror_row = mirror_row - 0.04 * rows * detail
    mirror_row = np.clip(mirror_row, 0, (1.0 - horizon) * rows).astype(np.intp)
    flat = (image[:, :, None] * rows + mirror_row) * columns + column[:, None, :]
    return picture + mirror * np.take(picture.reshape(3, -1), flat, axis=1)


def _first_hit(row_of: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the look through each pixel first meets the ground.

    Args:
        row_of: The picture's row on which each point of the ground appears,
            `[n, DEPTHS, columns]`.
        rows: Number of rows of the picture.

    Returns:
        Three arrays `[n, rows, columns]`: the index of the first depth at or above the
        pixel, how far the hit is from the depth before to that one (0 to 1), and whether
        there is one.
    """
    n, depths, columns = row_of.shape
    # Ground shows where it stands higher than all nearer ground. The number of depths
    # that stay below a row is a cumulative histogram of the rows that they reach.
    reached = np.minimum.accumulate(row_of, axis=1)
    top = np.clip(np.ceil(reached), 0, rows).astype(np.intp)
    image, column = np.ogrid[:n, :columns]
    cell = (image[:, :, None] * (rows + 1) + top) * columns + column[:, None, :]
    histogram = np.bincount(cell.ravel(), minlength=n * (rows + 1) * columns)
    covered = histogram.reshape(n, rows + 1, columns)[:, :rows].cumsum(axis=1)
    is_ground = covered > 0
    first = np.minimum(depths - covered, depths - 1)

    flat = (image[:, :, None] * depths + first) * columns + column[:, None, :]
    points = row_of.ravel()
    here, before = points[flat], points[flat - columns * (first > 0)]
    row = np.arange(rows, dtype=np.float32)[None, :, None]
    fraction = np.clip((before - row) / np.maximum(before - here, 1e-6), 0.0, 1.0)
    return first, fraction, is_ground


def _develop(draws: Draws, picture: np.ndarray) -> np.ndarray:
    """From linear light to 8 bits, as a camera does: exposure, highlights, vignette, grain."""
    size = picture.shape[-1]
    place = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    vignette = 1.0 - draws.uniform(0.0, 0.2) * (place[:, None] ** 2 + place**2) / 2.0
    level = picture.mean(axis=(0, 2, 3), keepdims=True)[0]
    exposure = draws.uniform(0.85, 1.3) * level**-0.45
    film = 1.0 - np.exp(-picture * vignette * exposure)
    film = np.sqrt(film)
    film += 0.6 * film * (1.0 - film) * (2.0 * film - 1.0)
    film += draws.uniform(-0.012, 0.012, (size, size))
    film = np.where(draws.chance(0.5) > 0.0, film[..., ::-1], film)
    return np.moveaxis(np.clip(film * 255.0 + 0.5, 0.0, 255.0).astype(np.uint8), 0, -1)
