"""The families of networks by name."""

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import keras

    from pirgan_tf.gan.shape import GanShape

FAMILIES = {
    "paper": "pirgan_tf.gan.networks.paper",
    "dcgan": "pirgan_tf.gan.networks.dcgan",
    "maxout": "pirgan_tf.gan.networks.maxout",
}
"""The module of each family, which has the functions `build_generator` and `build_discriminator`
with the arguments of paper.py's. It is imported on use, for flags are checked without Keras."""


GENERATOR_NORMS = ("batch", "reference", "virtual")
"""Whose statistics a generator normalises by: its batch's, a fixed batch's, or that batch's and the
image's own."""

NORMALIZED_FAMILIES = ("dcgan",)
"""The families whose generator has batch normalisation; their `build_generator` takes `norm`."""


class Networks(NamedTuple):
    """The two networks of a GAN, as models of plain Keras layers.

    Attributes:
        generator: from latents `[n, latent_size]` and, with classes, one-hot labels
            `[n, classes]` to images `[n, size, size, 3]` in [-1, 1].
        discriminator: from images to source logits `[n, 1]` and, with classes, class logits
            `[n, classes]`.
    """

    generator: "keras.Model"
    discriminator: "keras.Model"


def build_networks(
    shape: "GanShape", *, dropout: float | None = None, dtype: str | None = None
) -> Networks:
    """Builds both networks with random weights.

    Args:
        shape: their family, sizes and classes.
        dropout: rate of the discriminator's dropout; None is the family's own.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's default.

    Raises:
        InputError: if `width` leaves a layer without channels, or for an image size that the
            family lacks.
    """
    family = importlib.import_module(FAMILIES[shape.family])
    norm = {} if shape.generator_norm == "batch" else {"norm": shape.generator_norm}
    more: dict = {} if dropout is None else {"dropout": dropout}
    if shape.minibatch_features:
        more["minibatch_features"] = shape.minibatch_features
    return Networks(
        family.build_generator(
            shape.num_classes, shape.latent_size, shape.width, shape.image_size, dtype=dtype, **norm
        ),
        family.build_discriminator(
            shape.num_classes, shape.width, shape.image_size, dtype=dtype, **more
        ),
    )
