"""A trained GAN as files: generator.keras, discriminator.keras, gan.json."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from pirgan_tf.files.model import load_weights
from pirgan_tf.gan.networks.families import Networks, build_networks
from pirgan_tf.gan.reference import Reference
from pirgan_tf.gan.shape import GanShape, read_gan_shape

if TYPE_CHECKING:
    from pirgan_tf.gan.trainer import GanTrainer


def save_gan(
    trainer: "GanTrainer", shape: GanShape, folder: Path, *, dropout: float | None = None
) -> None:
    """Exports both networks as float32 models of ordinary Keras layers.

    Plain `keras.models.load_model` loads them where this package is not installed. Where the
    trainer averages the generator's weights, generator.keras has the average, and
    generator_raw.keras the weights of the last step.

    Args:
        trainer: has the weights.
        shape: how its networks were built.
        folder: where.
        dropout: rate of the discriminator's dropout; None is the family's own.
    """
    plain = build_networks(shape, dropout=dropout, dtype="float32")
    averaged = trainer.averaged_generator()
    for name, network in plain._asdict().items():
        network.set_weights(getattr(trainer, name).get_weights())
        if name == "generator":
            Reference(network).settle(network)
        if averaged and name == "generator":
            network.save(folder / "generator_raw.keras")
            network.set_weights(averaged.get_weights())
        network.save(folder / f"{name}.keras")
    (folder / "gan.json").write_text(json.dumps(dataclasses.asdict(shape), indent=2) + "\n")


def load_generator(folder: str | Path) -> keras.Model:
    """Loads the generator of a GAN folder.

    Raises:
        InputError: if it is missing, unreadable or of another shape than gan.json says,
            or holds weights that are not finite.
    """
    shape = read_gan_shape(folder)
    generator = build_networks(shape).generator
    load_weights(generator, Path(folder) / "generator.keras", "gan.json")
    return generator


def load_networks(
    folder: str | Path, *, dropout: float | None = None, dtype: str | None = None
) -> Networks:
    """Builds the networks of a GAN folder, to train them further.

    Args:
        folder: the folder.
        dropout: rate of the discriminator's dropout; None is the family's own.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's default.

    Raises:
        InputError: if a file is missing, unreadable or of another shape than gan.json says,
            or holds weights that are not finite.
    """
    networks = build_networks(read_gan_shape(folder), dropout=dropout, dtype=dtype)
    for name, network in networks._asdict().items():
        load_weights(network, Path(folder) / f"{name}.keras", "gan.json")
    return networks
