"""Outputs that appear whole or not at all, and the JSON in them."""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pirgan_tf.cli import paths, publishing
from pirgan_tf.cli.description import describe
from pirgan_tf.cli.options import Options
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Fields, check_object, read_json
from pirgan_tf.files.path import is_folder

# Where training/loop.py keeps what a run resumes from, and studies their trainings.
_CHECKPOINTS = "checkpoints"
_KEPT = (f"{_CHECKPOINTS}/ckpt-*", f"trainings/*/{_CHECKPOINTS}/ckpt-*", "trainings/*.npz")


@contextmanager
def output_folder(stage: str, options: Options, *, resumable: bool = False) -> Iterator[Path]:
    """Gives a stage a folder to write to, which becomes its output when all went well.

    The folder is next to the output, with `.partial` after its name, and is
    renamed at the end. What a failure leaves of it is deleted, unless the stage
    is resumable and has written a checkpoint, or finished one of several trainings:
    then it stays, and the same command goes on from there. A finished output has no
    checkpoints.

    Args:
        stage: the stage's name.
        options: its options, resolved.
        resumable: whether the stage resumes what an earlier run left.

    Raises:
        InputError: if the output exists, if another process is writing it, or if
            an unfinished output was begun with other options.
    """
    output = Path(options.output)
    paths.check_folder(output, options.overwrite)
    partial = paths.beside(output, paths.PARTIAL)
    missing = [parent for parent in output.parents if not parent.exists()]
    content = describe(stage, options)
    with _locked(partial):
        begun = resumable and _has_begun(partial)
        begun = begun and _is_to_be_resumed(partial, stage, options)
        try:
            if not begun:
                publishing.clear(partial)
                write_json(partial / paths.OPTIONS_FILE, content)
            yield partial
            if begun:
                # It may have been given more steps. Only now: a refusal changes nothing.
                write_json(partial / paths.OPTIONS_FILE, content)
        except BaseException:
            if not (resumable and _has_begun(partial)):
                publishing.delete(partial)
                for parent in missing:
                    # Another process may have put something there meanwhile.
                    with suppress(OSError):
                        parent.rmdir()
            raise
        publishing.publish(partial, output)
    # Last: a kill on the way to here must not cost them.
    for checkpoints in (output / _CHECKPOINTS, *output.glob(f"trainings/*/{_CHECKPOINTS}")):
        shutil.rmtree(checkpoints, ignore_errors=True)


@contextmanager
def run_folder(stage: str, options: Options, is_finished: Callable[[Path], bool]) -> Iterator[Path]:
    """Gives a stage that runs other stages the folder in which their outputs stand.

    Every output in it appears whole or not at all, so the folder itself bears its
    name from the beginning, and the same command continues with what is missing. A
    finished run that is replaced comes back if the new one fails before anything
    is done.

    Args:
        stage: the stage's name.
        options: its options.
        is_finished: whether a run folder has nothing left to do.

    Raises:
        InputError: as `output_folder` does.
    """
    folder = Path(options.output)
    paths.check_writable(folder)
    paths.check_beside(folder, paths.REPLACED)
    replaced = paths.beside(folder, paths.REPLACED)
    moved = is_finished(folder)
    if moved:
        paths.check_folder(folder, options.overwrite)
        with _locked(folder):
            publishing.delete(replaced)
            folder.rename(replaced)
    elif folder.exists():
        paths.check_ours(folder)
    missing = [parent for parent in folder.parents if not parent.exists()]
    with _locked(folder):
        begun = _is_to_be_resumed(folder, stage, options)
        if not begun:
            publishing.clear(folder)
        try:
            # Also of a resumed run: it may have been given more to do.
            write_json(folder / paths.OPTIONS_FILE, describe(stage, options))
            yield folder
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            if _holds_only_options(folder) and (moved or not (begun or stopped)):
                publishing.delete(folder)
                if moved:
                    replaced.rename(folder)
                for parent in missing:
                    with suppress(OSError):
                        parent.rmdir()
            raise
        # Only now is there something in place of the finished run that it held.
        publishing.delete(replaced)


def write_output_file(options: Options, text: str) -> None:
    """Writes an output that is a file.

    Args:
        options: the stage's options.
        text: its content.

    Raises:
        InputError: if the output exists, or cannot be written.
    """
    options.check_output()
    output = Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    _write_beside(output, output.with_name(f".{output.name}.{os.getpid()}"), text)


def read_options(folder: str | Path, stages: tuple[str, ...], needed: Fields) -> dict:
    """Returns the options with which a stage made a folder.

    Args:
        folder: the folder.
        stages: the stages whose folder would be right.
        needed: the options that must be there, and their types.

    Raises:
        InputError: if the folder is missing, unfinished or another stage's, or if
            its options lack a needed one, or have it of another type.
    """
    folder, wanted = Path(folder), " or ".join(stages)
    path = folder / "options.json"
    if not is_folder(folder):
        raise InputError(f"folder made by {wanted} is missing. Received: {folder}")
    content = read_json(path, {"stage": str, "options": dict})
    if content["stage"] not in stages:
        raise InputError(
            f"folder must be made by {wanted}, but was made by {content['stage']}. "
            f"Received: {folder}"
        )
    right = f"options.json must hold the options {', '.join(needed)} of {wanted}"
    return check_object(content["options"], needed, path, right)


def write_json(path: Path, content: Any) -> None:
    """Writes JSON for people to read; refuses NaN and infinity, which JSON lacks."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    _write_beside(path, paths.beside(path, paths.PARTIAL), text)


def _write_beside(path: Path, beside: Path, text: str) -> None:
    """Writes a file beside and renames it: a kill leaves the old file or the new one."""
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Makes a folder, if need be, and keeps other processes from writing to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(
            f"output cannot be written: {error.strerror}. Received: {folder}"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"another process is writing this output at this moment. Received: {folder}"
            ) from error
        except OSError as error:
            # A file system without locks: then nothing keeps others away.
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP):
                raise
        yield
    finally:
        os.close(lock)


def _has_begun(partial: Path) -> bool:
    return any(any(partial.glob(pattern)) for pattern in _KEPT)


def _holds_only_options(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} <= {paths.OPTIONS_FILE}


def _is_to_be_resumed(folder: Path, stage: str, options: Options) -> bool:
    """Returns whether a folder of ours was begun with these options."""
    if not (folder / paths.OPTIONS_FILE).exists():
        return False
    earlier = read_json(folder / paths.OPTIONS_FILE)
    changed = (
        options.differences(earlier["options"])
        if earlier["stage"] == stage
        else [f"stage was {earlier['stage']} and is {stage}"]
    )
    if changed and not options.overwrite:
        raise InputError(
            "an unfinished output must be continued with its options, or restarted with "
            f"--overwrite. Received: other options than in {folder} ({'; '.join(changed)})"
        )
    return not changed
