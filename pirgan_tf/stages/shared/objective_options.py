"""What the stages that measure images by an objective have in common."""

from collections.abc import Iterable
from typing import Any

from pirgan_tf import users
from pirgan_tf.cli.options import option


def vgg16_weights_option() -> Any:
    """Declares the option for the weights of VGG16."""
    return option(
        "Weights of VGG16 for its objectives: imagenet (downloaded by Keras), a file with or "
        "without the fully connected layers, or random (for tests).",
        "imagenet",
        reads=users.weights_file,
    )


def check_objectives(texts: Iterable[str], vgg16_weights: str) -> list[users.Objective]:
    """Parses objectives and checks, without TensorFlow, that VGG16's weights suffice for them.

    Raises:
        InputError: for the first objective that is none, or weights that lack its layer.
    """
    objectives = [users.parse_objective(text, vgg16_weights) for text in texts]
    layers = {objective.layer for objective in objectives if objective.layer}
    if layers:
        users.check_vgg16_weights(vgg16_weights, sorted(layers))
    return objectives
