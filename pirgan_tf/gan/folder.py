"""A trained GAN as files: generator.keras, discriminator.keras, gan.json."""

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from pirgan_tf.errors import InputError
from pirgan_tf.gan.discriminator import build_discriminator
from pirgan_tf.gan.generator import IMAGE_SIZE, build_generator
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
        InputError: if it is missing, unreadable or of another shape than gan.json says.
    """
    shape = read_gan_shape(folder)
    generator = _load(Path(folder) / "generator.keras")
    inputs = [(None, shape.latent_size)] + [(None, shape.num_classes)] * bool(shape.num_classes)
    _check_shapes(Path(folder) / "generator.keras", [x.shape for x in generator.inputs], inputs)
    _check_shapes(
        Path(folder) / "generator.keras",
        [generator.output_shape],
        [(None, IMAGE_SIZE, IMAGE_SIZE, 3)],
    )
    return generator


def restore_networks(trainer: "GanTrainer", folder: str | Path) -> None:
    """Gives a trainer the weights of a GAN folder.

    Raises:
        InputError: if a file is missing, unreadable or of another shape.
    """
    for network, name in (
        (trainer.generator, "generator.keras"),
        (trainer.discriminator, "discriminator.keras"),
    ):
        path = Path(folder) / name
        weights = _load(path).get_weights()
        _check_shapes(path, [w.shape for w in weights], [w.shape for w in network.get_weights()])
        network.set_weights(weights)


def _load(path: Path) -> keras.Model:
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"network is missing or unreadable. Received: {path}") from error


def _check_shapes(path: Path, received: list, wanted: list) -> None:
    if [tuple(shape) for shape in received] != [tuple(shape) for shape in wanted]:
        raise InputError(
            f"network must have the shapes {wanted} that its gan.json says. "
            f"Received: {received} in {path}"
        )
