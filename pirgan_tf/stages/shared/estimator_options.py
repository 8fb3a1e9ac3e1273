"""What the stages that use an estimator take over from it."""

from pirgan_tf.cli.outputs import read_options
from pirgan_tf.errors import InputError


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
