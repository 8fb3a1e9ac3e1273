"""Weights between a network of plain layers and its faster equal."""

from collections.abc import Iterator

import keras


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Sets the weights of a network to those of another that has layers of the same names.

    Either may be what `accelerate` made of the other.

    Args:
        source: a functional model with all layers of the target that have weights.
        target: the model whose weights change.

    Raises:
        ValueError: if the source lacks a layer, or one has other shapes. Nothing in the target
            has changed then.
    """
    found = dict(_layers(source))
    pairs = []
    for name, layer in _layers(target):
        shapes = [tuple(weight.shape) for weight in layer.weights]
        given = found[name].get_weights() if name in found else None
        if given is None or [weight.shape for weight in given] != shapes:
            raise ValueError(
                f"the layer {name} must have weights of the shapes {shapes}. "
                f"Received: {given and [weight.shape for weight in given]}"
            )
        pairs.append((layer, given))
    for layer, given in pairs:
        layer.set_weights(given)


def _layers(model: keras.Model) -> Iterator[tuple[str, keras.Layer]]:
    for layer in model.layers:
        for part in getattr(layer, "parts", [layer]):
            if part.weights:
                yield part.name, part
