"""A trained GAN as files: generator.keras, discriminator.keras, gan.json."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from pirgan_tf.files.model import load_weights
from pirgan_tf.gan.discriminator import build_discriminator
from pirgan_tf.gan.generator import build_generator
from pirgan_tf.gan.shape import GanShape, read_gan_shape

if TYPE_CHECKING:
    from pirgan_tf.gan.trainer import GanTrainer


def save_gan(trainer: "GanTrainer", class_names: tuple[str, ...], folder: Path) -> None:
    """Exports both networks as float32 models of ordinary Keras layers.

    Plain `keras.models.load_model` loads them where this package is not installed.
    """
    settings = trainer.settings
    shape = GanShape(class_names, settings.latent_size, settings.width)
    generator = build_generator(shape.num_classes, shape.latent_size, shape.width)
    generator.set_weights(trainer.generator.get_weights())
    generator.save(folder / "generator.keras")
    discriminator = build_discriminator(shape.num_classes, shape.width, dropout=settings.dropout)
    discriminator.set_weights(trainer.discriminator.get_weights())
    discriminator.save(folder / "discriminator.keras")
    (folder / "gan.json").write_text(json.dumps(dataclasses.asdict(shape), indent=2) + "\n")


def load_generator(folder: str | Path) -> keras.Model:
    """Loads the generator of a GAN folder.

    Raises:
        InputError: if it is missing, unreadable or of another shape than gan.json says,
            or holds weights that are not finite.
    """
    shape = read_gan_shape(folder)
    generator = build_generator(shape.num_classes, shape.latent_size, shape.width)
    load_weights(generator, Path(folder) / "generator.keras", "gan.json")
    return generator


def restore_networks(trainer: "GanTrainer", folder: str | Path) -> None:
    """Gives a trainer the weights of a GAN folder.

    Raises:
        InputError: if a file is missing, unreadable or of another shape than the trainer's,
            or holds weights that are not finite.
    """
    settings = trainer.settings
    generator = build_generator(settings.num_classes, settings.latent_size, settings.width)
    discriminator = build_discriminator(settings.num_classes, settings.width)
    for network, plain, name in (
        (trainer.generator, generator, "generator.keras"),
        (trainer.discriminator, discriminator, "discriminator.keras"),
    ):
        load_weights(plain, Path(folder) / name, "gan.json")
        network.set_weights(plain.get_weights())
