"""Checkpoints of a run: written whole, read back from the newest that is whole."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.training.disk import writing

_NAME = re.compile(r"ckpt-(\d+)\.(?:index|data-.*)")
_UNREADABLE = (tf.errors.OpError, LookupError, ValueError)


class Checkpoints:
    """The newest checkpoints of a run, `ckpt-STEP.*` in a folder.

    Args:
        folder: the folder, which may not exist yet.
        items: what to keep, by name: models, optimizers, variables.
        keep: how many of the newest stay.
    """

    def __init__(self, folder: Path, items: dict[str, Any], keep: int):
        self._folder = folder
        self._keep = keep
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        with tf.device("CPU:0"):
            self._records = tf.Variable("{}", trainable=False)
        self._checkpoint = tf.train.Checkpoint(step=self._step, records=self._records, **items)

    def restore(self) -> tuple[int, dict]:
        """Restores the newest checkpoint that is whole.

        Those after it are deleted, and a line says so.

        Returns:
            Its step, 0 if there is no checkpoint, and what `save` was given of the records.

        Raises:
            InputError: if no checkpoint is whole, or if it is of other networks.
        """
        steps = self._steps()
        whole = next((step for step in reversed(steps) if _is_whole(self._prefix(step))), None)
        if steps and whole is None:
            raise InputError(
                "the unfinished output must have a checkpoint that can be read, and has none; "
                f"delete it to start from the beginning. Received: {self._folder.parent}"
            )
        if whole is None:
            return 0, {}
        try:
            status = self._checkpoint.read(str(self._prefix(whole)))
            status.assert_existing_objects_matched()
        except (AssertionError, ValueError) as error:
            raise InputError(
                "the unfinished output must be of the same networks, and is of others, as another "
                "version builds them; delete it to start from the beginning. "
                f"Received: {self._folder.parent}"
            ) from error
        damaged = [step for step in steps if step > whole]
        if damaged:
            names = ", ".join(map(str, damaged))
            print(f"the checkpoint of step {names} is damaged; resuming from step {whole}")
            self._delete(damaged)
        return int(self._step.numpy()), json.loads(self._records.numpy())

    def save(self, step: int, records: dict) -> None:
        """Writes a checkpoint, which appears whole or not at all.

        Args:
            step: the step.
            records: what the records need to resume, as JSON holds it.

        Raises:
            TrainingError: if it cannot be written.
        """
        self._step.assign(step)
        self._records.assign(json.dumps(records))
        beside = self._folder / "partial"
        # What a kill left of an earlier one.
        shutil.rmtree(beside, ignore_errors=True)
        try:
            with writing(f"the checkpoint of step {step}"):
                self._checkpoint.write(str(beside / self._prefix(step).name))
                # The index last, for without it there is no checkpoint.
                for path in sorted(beside.iterdir()):
                    path.replace(self._folder / path.name)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        self._delete(self._steps()[: -self._keep])

    def _prefix(self, step: int) -> Path:
        return self._folder / f"ckpt-{step}"

    def _steps(self) -> list[int]:
        """Returns the steps of which there is a file, in their order."""
        found = {_NAME.fullmatch(path.name) for path in self._folder.glob("ckpt-*")}
        return sorted({int(match[1]) for match in found if match})

    def _delete(self, steps: list[int]) -> None:
        for step in steps:
            # The index first, as it was written last.
            for path in sorted(self._folder.glob(f"ckpt-{step}.*"), reverse=True):
                path.unlink()


def _is_whole(prefix: Path) -> bool:
    """Reads every tensor of a checkpoint, of which its file has checksums."""
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except _UNREADABLE:
        return False
    return True
