"""What the stages that use an estimator take over from it."""

from pathlib import Path

from pirgan_tf import estimator, gan
from pirgan_tf.cli.outputs import read_options
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import check_object, read_json

# Logits over smaller or larger ones leave the range of float32.
LEAST_TEMPERATURE, MOST_TEMPERATURE = 1e-6, 1e6


def read_temperature(folder: str) -> float:
    """Returns the softmax temperature that an estimator is used with: fitted, or its option.

    Raises:
        InputError: if the folder is not of train_estimator, or the temperature is out of
            its range.
    """
    options = read_options(folder, ("train_estimator",), {"temperature": float})
    temperature = _checked(options["temperature"], f"{folder}/options.json")
    fitted = estimator.read_estimator_shape(folder).temperature
    return temperature if fitted is None else _checked(fitted, f"{folder}/estimator.json")


def _checked(temperature: float, place: str) -> float:
    if not LEAST_TEMPERATURE <= temperature < MOST_TEMPERATURE:
        raise InputError(
            f"temperature of an estimator must be at least {LEAST_TEMPERATURE:g} and below "
            f"{MOST_TEMPERATURE:g}. Received: {temperature} in {place}"
        )
    return float(temperature)


def check_image_size(gan_folder: str, estimator_folder: str) -> None:
    """Checks that an estimator is of images of the size that a GAN makes.

    Raises:
        InputError: if it is not, or a folder is not what it should be.
    """
    image_size = gan.read_gan_shape(gan_folder).image_size
    judged = estimator.read_estimator_shape(estimator_folder).image_size
    if judged != image_size:
        raise InputError(
            f"estimator must be of images of the GAN's size, {image_size}. Received: {judged}"
        )


def check_ensemble(option: str, members: int) -> None:
    """Checks that the members of an estimator can disagree.

    Args:
        option: what asks how far they do, as NAME=VALUE.
        members: how many there are.

    Raises:
        InputError: there is only one.
    """
    if members == 1:
        raise InputError(
            f"{option} needs an ensemble, an estimator of several members (--members of "
            "train_estimator). Received: 1 member"
        )


def read_learned_galleries(folder: str) -> list[str] | None:
    """Returns the fingerprints of the galleries that an estimator learned from.

    Returns:
        None for an estimator of version 0.1, which does not tell.

    Raises:
        InputError: if fit.json is missing or unreadable.
    """
    path = Path(folder) / "fit.json"
    content = {"galleries": None} | read_json(path)
    galleries = check_object(content, {"galleries": (list, type(None))}, path)["galleries"]
    if not all(isinstance(name, str) for name in galleries or ()):
        raise InputError(f"galleries must be fingerprints, as text. Received: others in {path}")
    return galleries
