"""VGG16 objectives: how much of a layer's energy is in one filter, or in several.

The rate of section 2.1.2 of the paper, for a layer of VGG16 trained on ImageNet, is

    sqrt( sum of squares of the filters' activations / sum of squares of the layer's )
"""

import difflib
import re
from pathlib import Path

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.users.filter_table import filter_norms
from pirgan_tf.users.rates import Objective
from pirgan_tf.users.vgg16_layers import KERAS_NAMES, VGG16_LAYERS
from pirgan_tf.users.vgg16_weights import check_layers

FORMS = "vgg16:pool5:17 or, in ascending order, vgg16:fc8:3,9,27"


def vgg16_objective(arguments: str, weights: str) -> Objective:
    """Build the objective for filters of a layer.

    Args:
        arguments: a layer from pool1 to pool5 or from fc6 to fc8, and different
            filters of it, counted from 0, in ascending order: "pool5:3,9,27".
        weights: as `filter_norms` takes them; looked at when images are measured.

    Raises:
        InputError: the arguments are no such text.
    """
    text = f"vgg16:{arguments}"
    layer, _, listed = arguments.partition(":")
    if layer not in VGG16_LAYERS:
        raise InputError(
            f"layer must be one of {', '.join(VGG16_LAYERS)}. Received: {layer!r} in {text!r}"
        )
    numbers, size = listed.split(","), VGG16_LAYERS[layer]
    for number in numbers:
        # A text longer than the bound may be too long for Python to convert.
        if not re.fullmatch("0|[1-9][0-9]{0,3}", number) or int(number) >= size:
            raise InputError(
                f"filters of {layer} must be numbers from 0 to {size - 1}. "
                f"Received: {number!r} in {text!r}"
            )
    filters = [int(number) for number in numbers]
    if filters != sorted(set(filters)):
        raise InputError(f"filters must be different, in ascending order. Received: {text!r}")

    def energies(images: np.ndarray, keep_in: Path | None) -> tuple[np.ndarray, np.ndarray]:
        check_layers(weights, [layer])
        table = filter_norms(images, weights, keep_in)
        asked = table.layer(layer)[:, filters].sum(axis=1, dtype=np.float64)
        return asked, table.total(layer)

    family = "1 filter" if len(filters) == 1 else f"{len(filters)} filters"
    return Objective(text, family, layer, energies)


def nearest_filters(arguments: str) -> str | None:
    """Guess which filters were meant: "Pool_5: 9, 3" gives "pool5:3,9".

    Returns:
        Arguments that `vgg16_objective` accepts, or None.
    """
    found = re.fullmatch(r"\W*([a-z]\w*)\W+((?:\d{1,4}(?:\W+|$))+)", arguments.lower())
    if not found:
        return None
    names = {name: layer for layer, name in KERAS_NAMES.items()} | {n: n for n in VGG16_LAYERS}
    near = difflib.get_close_matches(found[1], names, n=1)
    filters = sorted({int(number) for number in re.findall(r"\d+", found[2])})
    guess = f"{names[near[0]]}:{','.join(map(str, filters))}" if near else ""
    try:
        vgg16_objective(guess, "random")
    except InputError:
        return None
    return guess
