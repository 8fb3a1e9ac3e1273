"""Objectives of the kinds that the paper evaluates (section 4)."""

import itertools
from collections.abc import Iterable

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.users.colors import CHANNELS
from pirgan_tf.users.objectives import parse_objective
from pirgan_tf.users.rates import Objective
from pirgan_tf.users.vgg16_layers import VGG16_LAYERS

# Section 4.2 speaks of three; figure 4 shows the last two. The first is our guess.
_THREE_COLORS = ("red-green-blue", "green-blue-red", "blue-red-green")


def paper_objectives(
    layers: Iterable[str] = tuple(VGG16_LAYERS),
    filters: int = 10,
    sets: int = 10,
    set_size: int = 20,
    colors: bool = True,
    seed: int = 0,
) -> list[Objective]:
    """Return objectives of the paper's kinds: 161 of them unless told otherwise.

    The paper tells neither how many it tried nor which filters: ten single filters
    and ten sets a layer fit what sections 3.2 and 4 say of them. The sets of a layer
    are disjoint, so that pool1 has room for 3 of 20 filters, and pool2 for 6.

    With the same seed, a shorter list is part of a longer one.

    Args:
        layers: of VGG16, from "pool1" to "fc8".
        filters: objectives of a single filter for each layer, drawn without
            replacement.
        sets: objectives of several filters for each layer, or as many as it has room
            for.
        set_size: filters in a set, from 2.
        colors: whether to begin with the 3 single colours, the 6 ordered pairs and 3
            orders of three colours.
        seed: decides which filters, from 0.

    Raises:
        InputError: an unknown or repeated layer, more filters than a layer has, or
            numbers out of range.
    """
    layers = list(layers)
    _check(layers, filters, sets, set_size, seed)
    texts = []
    if colors:
        texts += [f"color:{color}" for color in CHANNELS]
        texts += [f"color:{'-'.join(pair)}" for pair in itertools.permutations(CHANNELS, 2)]
        texts += [f"color:{three}" for three in _THREE_COLORS]
    for layer in layers:
        size = VGG16_LAYERS[layer]
        rng = np.random.default_rng([seed, list(VGG16_LAYERS).index(layer)])
        single, shuffled = rng.permutation(size), rng.permutation(size)
        texts += [f"vgg16:{layer}:{number}" for number in single[:filters]]
        for index in range(min(sets, size // set_size)):
            members = np.sort(shuffled[index * set_size : (index + 1) * set_size])
            texts.append(f"vgg16:{layer}:{','.join(map(str, members))}")
    return [parse_objective(text) for text in texts]


def _check(layers: list[str], filters: int, sets: int, set_size: int, seed: int) -> None:
    wanted = {"filters": filters} | ({"set_size": set_size} if sets else {})
    for layer in layers:
        if layer not in VGG16_LAYERS:
            raise InputError(f"layers must be of {', '.join(VGG16_LAYERS)}. Received: {layer!r}")
        for name, value in wanted.items():
            if value > VGG16_LAYERS[layer]:
                raise InputError(
                    f"{name} must be at most {VGG16_LAYERS[layer]}, the number of filters of "
                    f"{layer}. Received: {value}"
                )
    if len(set(layers)) < len(layers):
        raise InputError(f"layers must be different. Received: {', '.join(layers)}")
    for name, value, minimum in (
        ("filters", filters, 0),
        ("sets", sets, 0),
        ("set_size", set_size, 2),
        ("seed", seed, 0),
    ):
        if value < minimum:
            raise InputError(f"{name} must be at least {minimum}. Received: {value}")
