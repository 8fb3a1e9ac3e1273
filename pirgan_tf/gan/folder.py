"""A trained GAN as files: generator.keras, discriminator.keras, gan.json."""

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from pirgan_tf.errors import InputError
from pirgan_tf.gan.networks.families import Networks, build_networks
from pirgan_tf.gan.shape import GanShape, read_gan_shape

if TYPE_CHECKING:
    from pirgan_tf.gan.trainer import GanTrainer


def save_gan(
    trainer: "GanTrainer", shape: GanShape, folder: Path, *, dropout: float | None = None
) -> None:
    """Exports both networks as float32 models of ordinary Keras layers.

    Plain `keras.models.load_model` loads them where this package is not installed.

    Args:
        trainer: has the weights.
        shape: how its networks were built.
        folder: where.
        dropout: rate of the discriminator's dropout; None is the family's own.
    """
    plain = build_networks(shape, dropout=dropout, dtype="float32")
    for name, network in plain._asdict().items():
        network.set_weights(getattr(trainer, name).get_weights())
        network.save(folder / f"{name}.keras")
    (folder / "gan.json").write_text(json.dumps(dataclasses.asdict(shape), indent=2) + "\n")


def load_generator(folder: str | Path) -> keras.Model:
    """Loads the generator of a GAN folder.

    Raises:
        InputError: if it is missing, unreadable or of another shape than gan.json says.
    """
    shape = read_gan_shape(folder)
    path = Path(folder) / "generator.keras"
    generator = _load(path)
    inputs = [(None, shape.latent_size)] + [(None, shape.num_classes)] * bool(shape.num_classes)
    _check_shapes(path, [x.shape for x in generator.inputs], inputs)
    _check_shapes(path, [generator.output_shape], [(None, shape.image_size, shape.image_size, 3)])
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
        InputError: if a file is missing, unreadable or of another shape than gan.json says.
    """
    networks = build_networks(read_gan_shape(folder), dropout=dropout, dtype=dtype)
    for name, network in networks._asdict().items():
        path = Path(folder) / f"{name}.keras"
        weights = _load(path).get_weights()
        _check_shapes(path, [w.shape for w in weights], [w.shape for w in network.get_weights()])
        network.set_weights(weights)
    return networks


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
