"""What the stages that use an estimator take over from it."""

from pathlib import Path

from pirgan_tf.cli.outputs import read_options
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import check_object, read_json


def read_temperature(folder: str) -> float:
    """Returns the softmax temperature that an estimator is used with.

    Raises:
        InputError: if the folder is not of train_estimator, or the temperature is not above 0.
    """
    options = read_options(folder, ("train_estimator",), {"temperature": float})
    if options["temperature"] <= 0:
        raise InputError(
            "temperature of an estimator must be above 0. "
            f"Received: {options['temperature']} in {folder}/options.json"
        )
    return float(options["temperature"])


def read_learned_galleries(folder: str) -> list[str] | None:
    """Returns the fingerprints of the galleries that an estimator learned from.

    Returns:
        None for an estimator of version 0.1, which does not tell.

    Raises:
        InputError: if fit.json is missing or unreadable.
    """
    path = Path(folder) / "fit.json"
    content = {"galleries": None} | read_json(path)
    return check_object(content, {"galleries": (list, type(None))}, path)["galleries"]
