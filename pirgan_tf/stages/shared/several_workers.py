"""What a training stage does on several machines: one output, equal flags, and a common end."""

import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pirgan_tf.cli import paths
from pirgan_tf.cli.options import Options
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError, TrainingError

if TYPE_CHECKING:
    from pirgan_tf.training.workers import Workers

_TOKEN = "worker-token"
# A network's file system shows a new file after a while.
_SHARING_SECONDS = 30.0


def ending_together(run: Callable) -> Callable:
    """Lets a stage end with one line when TensorFlow misses another worker."""

    @functools.wraps(run)
    def run_stage(options: Any, *arguments: Any) -> None:
        try:
            run(options, *arguments)
        except Exception as error:
            if options.strategy != "multi_worker" or not _is_of_the_network(error):
                raise
            worker = re.search(r"/job:\w+/task:\d+", str(error))
            raise TrainingError(
                "all workers must run until the end, and one has stopped; the same commands go on "
                "from the last checkpoint, if there is one. Received: "
                f"{type(error).__name__}{f' from {worker[0]}' if worker else ''}"
            ) from error

    return run_stage


def check_same_flags(options: Options, workers: "Workers") -> None:
    """Checks that all workers were given the same options, but for the output's path.

    Raises:
        InputError: if not.
    """
    content = options.to_json() | {"output": "", "overwrite": False}
    marks = workers.gather(zlib.crc32(json.dumps(content).encode()))[:, 0].tolist()
    others = [place for place, mark in enumerate(marks) if mark != marks[0]]
    if others:
        raise InputError(
            "all workers must have the same flags. Received: other flags than those of worker 0 "
            f"on worker {', '.join(map(str, others))}"
        )


@contextlib.contextmanager
def training_folder(stage: str, options: Options, workers: "Workers") -> Iterator[Path]:
    """Gives a training stage its output folder, as `output_folder` does.

    Only the chief writes the output. Other workers do the same work in a temporary folder,
    from a copy of the chief's checkpoints, and print nothing.

    Args:
        stage: the stage's name.
        options: its options, resolved.
        workers: those that train together.

    Raises:
        InputError: as `output_folder` does, or if the workers do not share the output's folder.
    """
    output = Path(options.output)
    if workers.count == 1:
        with output_folder(stage, options, resumable=True) as folder:
            yield folder
    elif workers.is_chief:
        with output_folder(stage, options, resumable=True) as folder:
            _share(folder, workers, output)
            yield folder
        # The others stay until the output is complete: one that ends early counts as lost.
        workers.gather(0)
    else:
        with (
            tempfile.TemporaryDirectory(prefix="pirgan-worker-") as temporary,
            Path(os.devnull).open("w") as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):
            _share(paths.beside(output, paths.PARTIAL), workers, output, Path(temporary))
            yield Path(temporary)
            workers.gather(0)


def _share(folder: Path, workers: "Workers", output: Path, copy: Path | None = None) -> None:
    """Checks that all see the chief's folder, and copies its checkpoints for another worker.

    Raises:
        InputError: if they do not.
    """
    token, mark = folder / _TOKEN, secrets.randbits(32)
    if workers.is_chief:
        token.write_text(str(mark))
    # The chief's, which it has written by then.
    mark = int(workers.gather(mark)[0, 0])
    seen = _sees(token, str(mark))
    if copy and seen and (folder / "checkpoints").exists():
        shutil.copytree(folder / "checkpoints", copy / "checkpoints")
    blind = np.flatnonzero(workers.gather(seen)[:, 0] == 0)
    if workers.is_chief:
        token.unlink()
    if len(blind):
        raise InputError(
            "the folder of the output must be one that all workers share. Received: "
            f"{output}, which is another folder on worker {', '.join(map(str, blind))}"
        )


def _sees(token: Path, mark: str) -> bool:
    until = time.monotonic() + _SHARING_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if token.read_text() == mark:
                return True
        time.sleep(0.2)
    return False


def _is_of_the_network(error: Exception) -> bool:
    """Returns whether TensorFlow raises this where another worker is gone."""
    from tensorflow import errors

    return isinstance(
        error,
        (
            errors.AbortedError,
            errors.CancelledError,
            errors.DeadlineExceededError,
            errors.UnavailableError,
        ),
    )
