"""What a disk refuses while a run trains, as an error of the run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from pirgan_tf.errors import TrainingError

# Names of operations, which TensorFlow puts around the reason.
_OPERATIONS = re.compile(r"\{\{.*?\}\}|\[Op:\w*\]|name:\s*$")


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turns a failure of the disk into a `TrainingError`.

    Args:
        what: what is written.
    """
    try:
        yield
    except (tf.errors.OpError, OSError) as error:
        reason = " ".join(_OPERATIONS.sub("", str(error)).split())
        raise TrainingError(f"{what} must be written to the disk. Received: {reason}") from error
