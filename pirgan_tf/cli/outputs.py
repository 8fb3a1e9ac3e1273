"""Output folders that appear whole or not at all, and what they tell of their making."""

import errno
import fcntl
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pirgan_tf
from pirgan_tf.cli.options import Options
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Fields, check_object, read_json
from pirgan_tf.files.path import is_folder

_PARTIAL = ".partial"
_REPLACED = ".replaced"
_LIBRARIES = ("tensorflow", "keras", "tensorflow-probability", "numpy")


@contextmanager
def output_folder(stage: str, options: Options, *, resumable: bool = False) -> Iterator[Path]:
    """Gives a stage a folder to write to, which becomes its output when all went well.

    The folder stands beside the output, with `.partial` after its name, and is
    renamed at the end. What a failure leaves of it is deleted, unless the stage
    is resumable: then it stays, and the same command goes on from there.

    Args:
        stage: the stage's name.
        options: its options, resolved.
        resumable: whether the stage goes on from what an earlier run left.

    Raises:
        InputError: if the output exists, if another process is writing it, or if
            an unfinished output was begun with other options.
    """
    output = Path(options.output)
    _check_replaceable(output, options)
    partial = output.with_name(output.name + _PARTIAL)
    begun = partial.exists()
    if begun:
        _check_ours(partial)
    missing = [parent for parent in output.parents if not parent.exists()]
    with _locked(partial):
        begun = begun and resumable and _is_ours_to_resume(partial, stage, options)
        if not begun:
            _clear(partial)
        # Also of a run that goes on: it may have been given more steps.
        write_json(partial / "options.json", describe(stage, options))
        try:
            yield partial
        except BaseException as error:
            if not resumable or (isinstance(error, InputError) and not begun):
                shutil.rmtree(partial)
                for parent in missing:
                    # Another process may have put something there meanwhile.
                    with suppress(OSError):
                        parent.rmdir()
            raise
        _publish(partial, output)


@contextmanager
def run_folder(stage: str, options: Options, is_finished: Callable[[Path], bool]) -> Iterator[Path]:
    """Gives a stage that runs other stages the folder in which their outputs stand.

    Every output in it appears whole or not at all, so the folder itself bears its
    name from the beginning, and the same command goes on with what is missing.

    Args:
        stage: the stage's name.
        options: its options.
        is_finished: whether a run folder has nothing left to do.

    Raises:
        InputError: as `output_folder` does.
    """
    folder = Path(options.output)
    replaced = folder.with_name(folder.name + _REPLACED)
    if is_finished(folder):
        _check_replaceable(folder, options)
        with _locked(folder):
            if replaced.exists():
                shutil.rmtree(replaced)
            folder.rename(replaced)
    elif folder.exists():
        _check_ours(folder)
    with _locked(folder):
        if not _is_ours_to_resume(folder, stage, options):
            _clear(folder)
        # Also of a run that goes on: it may have been given more to do.
        write_json(folder / "options.json", describe(stage, options))
        yield folder
        # Only now is there something in place of the finished run that it held.
        if replaced.exists():
            shutil.rmtree(replaced)


def describe(stage: str, options: Options) -> dict:
    """Returns what options.json holds: stage, options, versions and git revision."""
    return {
        "stage": stage,
        "options": options.to_json(),
        "versions": {
            "pirgan-tf": pirgan_tf.__version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        },
        "git_revision": _git_revision(),
    }


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
    # Written beside and renamed: a kill leaves the old file or the new one.
    beside = path.with_name(path.name + _PARTIAL)
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _check_replaceable(output: Path, options: Options) -> None:
    if not output.exists():
        return
    if not options.overwrite:
        raise InputError(f"output exists; choose another, or add --overwrite. Received: {output}")
    _check_ours(output)


def _check_ours(folder: Path) -> None:
    """Keeps --overwrite, and the clearing of what a kill left, from anybody's own files."""
    if folder.is_dir():
        names = {path.name for path in folder.iterdir()}
        # The second, alone, is what a kill leaves of the writing of the first.
        if "options.json" in names or names <= {"options.json" + _PARTIAL}:
            return
    raise InputError(
        f"only a folder that a stage wrote, with its options.json, is replaced. Received: {folder}"
    )


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


def _is_ours_to_resume(folder: Path, stage: str, options: Options) -> bool:
    if not (folder / "options.json").exists():
        return False
    try:
        earlier = read_json(folder / "options.json")
        changed = (
            options.differences(earlier["options"])
            if earlier["stage"] == stage
            else [f"stage was {earlier['stage']} and is {stage}"]
        )
    except (InputError, KeyError, AttributeError):
        changed = ["options.json cannot be read"]
    if changed and not options.overwrite:
        raise InputError(
            "an unfinished output must be continued with its options, or begun anew with "
            f"--overwrite. Received: other options than in {folder} ({'; '.join(changed)})"
        )
    return not changed


def _clear(folder: Path) -> None:
    # options.json goes last: a kill on the way leaves a folder that is still known as ours.
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == "options.json"):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _publish(partial: Path, output: Path) -> None:
    replaced = output.with_name(output.name + _REPLACED)
    if output.exists():
        if replaced.exists():
            # What an earlier replacement, killed at its end, did not come to delete.
            shutil.rmtree(replaced)
        output.rename(replaced)
    partial.rename(output)
    if replaced.exists():
        shutil.rmtree(replaced)


def _git_revision() -> str | None:
    checkout = Path(pirgan_tf.__file__).parents[1]
    # An installed copy may stand in somebody else's checkout.
    if not (checkout / ".git").exists() or not shutil.which("git"):
        return None
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None
