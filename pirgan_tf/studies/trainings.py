"""The trainings of a study; those that are finished are kept."""

import functools
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pirgan_tf.files.arrays import read_arrays
from pirgan_tf.studies.unroll_options import UnrollOptions

Arrays = dict[str, np.ndarray]
_SECONDS = "seconds"


def run_trainings(
    options: UnrollOptions,
    folder: Path,
    names: Sequence[str],
    train: Callable[[int, int, Path], Arrays],
    tell: Callable[[Arrays], str],
) -> dict[int, dict[int, Arrays]]:
    """Runs the trainings that an earlier attempt has not finished, and prints a line for each.

    Args:
        options: which trainings.
        folder: the unfinished output; it receives `trainings/*.npz`.
        names: the arrays of a training beside "seconds".
        train: from K, seed and a folder for what the training itself goes on from, to its
            arrays, "seconds" among them.
        tell: what the line says of a training.

    Returns:
        The arrays by K and seed.

    Raises:
        InputError: a finished training cannot be read.
    """
    return {
        k: {
            seed: run_training(
                folder, f"K = {k}, seed {seed}", names, functools.partial(train, k, seed), tell
            )
            for seed in range(options.seeds)
        }
        for k in options.ks
    }


def seconds(trainings: Mapping[int, Arrays]) -> dict[int, float]:
    """Returns how long the training of each seed took."""
    return {seed: float(training[_SECONDS]) for seed, training in trainings.items()}


def run_training(
    folder: Path,
    label: str,
    names: Sequence[str],
    train: Callable[[Path], Arrays],
    tell: Callable[[Arrays], str],
) -> Arrays:
    """Runs a training that an earlier attempt has not finished, and prints a line.

    Args:
        folder: the unfinished output; it receives a file in `trainings/`.
        label: which training, such as "K = 0, seed 1"; the file is then `K-0-seed-1.npz`.
        names, train, tell: as for `run_trainings`, of this training.

    Returns:
        Its arrays.

    Raises:
        InputError: the finished training cannot be read.
    """
    place = folder / "trainings" / re.sub(r"\W+", "-", label)
    path = place.with_suffix(".npz")
    if not path.exists():
        place.parent.mkdir(exist_ok=True)
        training = train(place)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **training)
        partial.replace(path)
        print(f"{label}: {tell(training)}, {training[_SECONDS]:.0f} s", flush=True)
    shutil.rmtree(place / "checkpoints", ignore_errors=True)
    return read_arrays(path, [*names, _SECONDS], "a finished training must be one that was kept")
