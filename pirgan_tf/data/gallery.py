"""gallery.npz: generated images, and what they were generated from."""

import dataclasses
import zipfile
import zlib
from pathlib import Path

import numpy as np

from pirgan_tf.errors import InputError

_DAMAGED = (zipfile.BadZipFile, zlib.error)


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Generated images.

    Attributes:
        images: shape `[n, size, size, 3]`, uint8.
        latents: shape `[n, latent_size]`, float32.
        labels: classes, shape `[n]`, int32; all 0 for a plain GAN.
        ids: texts, shape `[n]`, each another; the image_id of interactions.csv.
    """

    images: np.ndarray
    latents: np.ndarray
    labels: np.ndarray
    ids: np.ndarray

    @property
    def image_size(self) -> int:
        """Width and height of the images, in pixels."""
        return self.images.shape[1]

    def save(self, folder: Path) -> None:
        """Writes gallery.npz."""
        np.savez(folder / "gallery.npz", **vars(self))


def read_gallery(path: str | Path) -> Gallery:
    """Reads a gallery.

    Args:
        path: gallery.npz, or the folder which holds it.

    Raises:
        InputError: if the file is missing, unreadable or not a gallery.
    """
    path = Path(path) / "gallery.npz" if Path(path).is_dir() else Path(path)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            gallery = Gallery(**{f.name: arrays[f.name] for f in dataclasses.fields(Gallery)})
    except (OSError, ValueError, KeyError, TypeError, EOFError, *_DAMAGED) as error:
        raise InputError(
            f"gallery must be a gallery.npz as sample writes it, or its folder. Received: {path}"
        ) from error
    images, ids = gallery.images, gallery.ids
    square = images.ndim == 4 and images.shape[1:] == (images.shape[1], images.shape[1], 3)
    if images.dtype != np.uint8 or not square:
        raise InputError(
            "images of a gallery must be uint8 of shape [n, size, size, 3]. "
            f"Received: {images.dtype} {list(images.shape)} in {path}"
        )
    num_ids = len(np.unique(ids)) if ids.ndim == 1 else 0
    if len(images) == 0 or len(images) != ids.size or num_ids != len(images):
        raise InputError(
            f"each image of a gallery needs an id of its own. Received: {len(images)} images "
            f"and {num_ids} different ids in {path}"
        )
    return gallery


def gallery_folder(path: str | Path) -> Path:
    """Returns the folder of a gallery, in which what was measured of its images is kept."""
    return Path(path) if Path(path).is_dir() else Path(path).parent
