"""gallery.npz: generated images, and what they were generated from."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.files.arrays import read_arrays
from pirgan_tf.files.path import is_folder


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
    def fingerprint(self) -> str:
        """A text that no gallery of other images, or of other latents, has."""
        content = self.images.tobytes() + self.latents.tobytes()
        return hashlib.sha256(content).hexdigest()[:16]

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
    path = Path(path) / "gallery.npz" if is_folder(path) else Path(path)
    names = [field.name for field in dataclasses.fields(Gallery)]
    arrays = read_arrays(path, names, "gallery must be a gallery.npz as sample writes it")
    gallery = Gallery(**arrays)
    images = gallery.images
    square = images.ndim == 4 and 0 < images.shape[1] == images.shape[2] and images.shape[3] == 3
    if images.dtype != np.uint8 or not square:
        raise InputError(
            "images of a gallery must be uint8 of shape [n, size, size, 3]. "
            f"Received: {images.dtype} {list(images.shape)} in {path}"
        )
    if not len(images):
        raise InputError(f"gallery must hold at least one image. Received: 0 images in {path}")
    for name, kinds, rank, wanted in (
        ("latents", "f", 2, "floating-point numbers of shape [n, latent_size]"),
        ("labels", "iu", 1, "whole numbers of shape [n]"),
        ("ids", "U", 1, "texts of shape [n]"),
    ):
        array = arrays[name]
        if array.dtype.kind not in kinds or array.ndim != rank or len(array) != len(images):
            raise InputError(
                f"{name} of a gallery's n images must be {wanted}. "
                f"Received: {array.dtype} {list(array.shape)} for {len(images)} images in {path}"
            )
    if gallery.labels.min() < 0:
        raise InputError(
            f"labels of a gallery must not be negative. Received: {gallery.labels.min()} in {path}"
        )
    ids = gallery.ids.tolist()
    if len(set(ids)) < len(ids):
        raise InputError(
            "each image of a gallery must have an id of its own. "
            f"Received: {len(set(ids))} different ids for {len(ids)} images in {path}"
        )
    for text in ids:
        # They become cells of tables, and texts of a database.
        if not text or not text.isprintable() or text != text.strip():
            raise InputError(
                "ids of a gallery must be printable texts without white space around them. "
                f"Received: {text!r} in {path}"
            )
    return gallery


def gallery_name(path: str | Path) -> str:
    """Returns what people call a gallery: the name of its folder."""
    return gallery_folder(path).resolve().name


def gallery_folder(path: str | Path) -> Path:
    """Returns the folder of a gallery, in which what was measured of its images is kept."""
    return Path(path) if Path(path).is_dir() else Path(path).parent
