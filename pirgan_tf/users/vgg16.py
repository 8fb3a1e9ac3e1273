"""VGG16 objectives: how much of a layer's energy is in one filter, or in several.

The rate of sections 3.1 and 3.2 of the paper, for a layer of VGG16 trained on ImageNet, is

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
from pirgan_tf.users.vgg16_weights import check_vgg16_weights

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
        raise InputError(f"unknown layer {layer!r} in {text!r}")
    numbers = listed.split(",")
    for number in numbers:
        if not re.fullmatch("0|[1-9][0-9]*", number):
            raise InputError(f"{number!r} is no filter's number in {text!r}")
        # A text longer than the bound may be too long for Python to convert.
        if len(number) > 4 or int(number) >= VGG16_LAYERS[layer]:
            raise InputError(
                f"there is no filter {number} in {text!r}, as {layer} has "
                f"{VGG16_LAYERS[layer]} filters, 0 to {VGG16_LAYERS[layer] - 1}"
            )
    filters = [int(number) for number in numbers]
    if len(set(filters)) < len(filters):
        raise InputError(f"{text!r} repeats a filter, but all must differ")
    if sorted(filters) != filters:
        raise InputError(f"the filters of {text!r} must be in ascending order")

    def energies(images: np.ndarray, keep_in: Path | None) -> tuple[np.ndarray, np.ndarray]:
        check_vgg16_weights(weights, [layer])
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
