"""Galleries and the interactions with them, split for an estimator."""

import functools
import operator
from collections.abc import Sequence

from pirgan_tf import estimator, users
from pirgan_tf.data.gallery import read_gallery
from pirgan_tf.errors import InputError

# Fewer have no rank correlation.
LEAST_HELDOUT = 3


def split_galleries(
    galleries: Sequence[str],
    interactions: Sequence[str],
    *,
    heldout: float,
    seed: int,
    num_train: int | None,
    halved: bool,
) -> "tuple[estimator.RatedImages, estimator.RatedImages, estimator.RatedImages]":
    """Reads galleries and interactions, and holds a part of each out.

    Args:
        galleries: files or folders, all of different images of one size.
        interactions: of each gallery.
        heldout: the part to hold out, in (0, 1).
        seed: decides which.
        num_train: how many images of each gallery to learn from; None is all others.
        halved: whether something is chosen by images that were held out, so that others are
            needed to report on.

    Returns:
        The images to learn from, to choose by, and to report on. The last two are the same
        unless halved.

    Raises:
        InputError: a file cannot be used, galleries do not go together, or too few images
            are held out.
    """
    parts = []
    seen: set[str] = set()
    for path, table_path in zip(galleries, interactions, strict=True):
        gallery = read_gallery(path)
        if gallery.fingerprint in seen:
            raise InputError(
                f"galleries must be different. Received: the images of {path} a second time"
            )
        seen.add(gallery.fingerprint)
        table = users.match_gallery(users.read_interactions(table_path), gallery.ids.tolist())
        rated = estimator.RatedImages(
            gallery.images, table.impressions.to_numpy(), table.positives.to_numpy()
        )
        # Each gallery by itself: what is held out of one stays so when others join it.
        learned, left = rated.split(heldout, seed, num_train)
        halves = left.split(0.5, seed) if halved else (left, left)
        parts.append((learned, *halves))
    learned, validation, test = (
        functools.reduce(operator.add, part) for part in zip(*parts, strict=True)
    )
    sizes = sorted({part[0].image_size for part in parts})
    if len(sizes) > 1:
        raise InputError(f"galleries must have images of one size. Received: {sizes}")
    if min(len(validation), len(test)) < LEAST_HELDOUT:
        wanted = f"{LEAST_HELDOUT} images to measure on"
        if halved:
            wanted += f" and, with patience or fit_temperature, {LEAST_HELDOUT} more to choose by"
        raise InputError(
            f"heldout must leave at least {wanted}. Received: heldout={heldout:g} of "
            f"{len(learned) + len(validation) + len(test) * halved}"
        )
    return learned, validation, test
