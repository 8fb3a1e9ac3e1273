"""Colour objectives: how much of an image's energy is of one colour, or of a few side by side.

The rate of section 2.1.2 of the paper for one colour, with sums over all pixels
of values in [0, 1], is

    sqrt( sum of squares of that channel / sum of squares of all channels )

With two colours the numerator sums the first channel over the left half and the
second over the right half of the image; with three, over thirds of the width.
"""

import difflib
import re
from pathlib import Path

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.users.images import unit_pixels
from pirgan_tf.users.rates import Objective

# Bounds the memory of a call on any number of images (12 MB at 64x64).
BLOCK = 128

CHANNELS = {"red": 0, "green": 1, "blue": 2}
FAMILIES = ("single color", "two colors", "three colors")
FORMS = "color:red, color:red-blue or color:green-blue-red"


def color_objective(names: str) -> Objective:
    """Build the objective for one to three different colours, from left to right.

    Args:
        names: of red, green and blue, joined by hyphens, such as "red-blue".

    Raises:
        InputError: the names are no such list.
    """
    colors = names.split("-")
    if not (set(colors) <= set(CHANNELS) and len(set(colors)) == len(colors)):
        raise InputError(
            f"colours must be one to three different ones of {', '.join(CHANNELS)}, joined by "
            f"hyphens. Received: 'color:{names}'"
        )

    def energies(images: np.ndarray, _: Path | None) -> tuple[np.ndarray, np.ndarray]:
        bounds = column_bounds(images.shape[2], len(colors))
        asked, whole = np.zeros((2, len(images)))
        for start in range(0, len(images), BLOCK):
            block = slice(start, start + BLOCK)
            # On [-1, 1] "more red" would reward dark images.
            pixels = unit_pixels(images[block])
            columns = np.einsum("nhwc,nhwc->nwc", pixels, pixels)
            whole[block] = columns.sum(axis=(1, 2))
            for color, left, right in zip(colors, bounds[:-1], bounds[1:], strict=True):
                asked[block] += columns[:, left:right, CHANNELS[color]].sum(axis=1)
        return asked, whole

    return Objective(f"color:{names}", FAMILIES[len(colors) - 1], None, energies)


def column_bounds(width: int, parts: int) -> list[int]:
    """Split the columns of an image as evenly as whole columns allow.

    Returns:
        [parts + 1] column numbers: part k covers those from bounds[k] up to but
        not including bounds[k + 1]. For 64 columns and three parts these are 0,
        21, 43, 64; the paper does not say how it splits 64 into thirds.

    Raises:
        InputError: there are fewer columns than parts.
    """
    if width < parts:
        raise InputError(f"images must be at least {parts} pixels wide. Received: {width} pixels")
    return [int(width * k / parts + 0.5) for k in range(parts + 1)]


def nearest_colors(names: str) -> str | None:
    """Guess which colours were meant: "Red,blu" gives "red-blue", "gbr" "green-blue-red".

    Returns:
        A list that `color_objective` accepts, or None.
    """
    words = re.findall(r"[a-z]+", names.lower())
    if len(words) == 1 and set(words[0]) <= set("rgb"):
        words = list(words[0])
    colors = []
    for word in words:
        initial = [color for color in CHANNELS if color.startswith(word)]
        near = initial or difflib.get_close_matches(word, CHANNELS, n=1)
        if not near:
            return None
        colors.append(near[0])
    guess = "-".join(dict.fromkeys(colors))
    try:
        color_objective(guess)
    except InputError:
        return None
    return guess
