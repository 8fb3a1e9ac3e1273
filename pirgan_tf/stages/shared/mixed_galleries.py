"""Galleries whose images are shown mixed in one study, for `serve`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pirgan_tf.data.gallery import gallery_name, read_gallery
from pirgan_tf.errors import InputError


class MixedGalleries(NamedTuple):
    """The images of one or more galleries.

    Attributes:
        images: uint8 `[n, size, size, 3]`.
        image_ids: `[n]`; of several galleries with the name before each, as gallery/img000001.
        places: `[n]`, of each image's gallery among those given.
        names: of the galleries, those of their folders.
        fingerprints: of several galleries, by name; of one none.
    """

    images: np.ndarray
    image_ids: list[str]
    places: list[int]
    names: list[str]
    fingerprints: dict[str, str]


def mix_galleries(paths: Sequence[str]) -> MixedGalleries:
    """Reads galleries and puts their images behind each other.

    Raises:
        InputError: there is none, one is no gallery, two have the same name or the same images,
            or they are of images of different sizes.
    """
    if not paths:
        raise InputError("gallery must name at least one. Received: none")
    galleries = [read_gallery(path) for path in paths]
    names = [gallery_name(path) for path in paths]
    fingerprints = [gallery.fingerprint for gallery in galleries]
    for wanted, values in (
        ("folders of different names", names),
        ("different images", fingerprints),
    ):
        if len(set(values)) < len(values):
            raise InputError(
                f"galleries of one study must have {wanted}. Received: {', '.join(paths)}"
            )
    sizes = [gallery.image_size for gallery in galleries]
    if len(set(sizes)) > 1:
        raise InputError(f"galleries of one study must be of images of one size. Received: {sizes}")
    several = len(galleries) > 1
    return MixedGalleries(
        np.concatenate([gallery.images for gallery in galleries]),
        [
            f"{name}/{image_id}" if several else image_id
            for name, gallery in zip(names, galleries, strict=True)
            for image_id in gallery.ids.tolist()
        ],
        [place for place, gallery in enumerate(galleries) for _ in gallery.ids],
        names,
        dict(zip(names, fingerprints, strict=True)) if several else {},
    )
