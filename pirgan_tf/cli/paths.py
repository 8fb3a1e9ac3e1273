"""Where an output may go, which must be known before any work is done for it."""

import errno
import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pirgan_tf.errors import InputError

PARTIAL = ".partial"
REPLACED = ".replaced"
OPTIONS_FILE = "options.json"


def beside(output: Path, suffix: str) -> Path:
    """Returns the path of the same name with a suffix."""
    return output.with_name(output.name + suffix)


def check_apart(output: Path, inputs: Iterable[tuple[str, str]]) -> None:
    """Checks that an output neither is, nor holds, nor lies in what the command reads.

    Args:
        output: the output.
        inputs: names of options, and the paths that they give.

    Raises:
        InputError: for the first input that the output would destroy.
    """
    places = [os.path.realpath(beside(output, suffix)) for suffix in ("", PARTIAL, REPLACED)]
    for name, path in inputs:
        source = os.path.realpath(path)
        for place in places:
            if os.path.commonpath([place, source]) in (place, source):
                raise InputError(
                    f"output must be apart from {name}, which is read: neither the same, nor in "
                    f"it, nor around it. Received: {output} and {path}"
                )


def check_writable(output: Path) -> None:
    """Checks that a path can be created, or replaced.

    Raises:
        InputError: if it is a symbolic link, or if the system would refuse it.
    """
    try:
        if output.is_symlink():
            raise InputError(f"output must not be a symbolic link. Received: {output}")
        parent = next(parent for parent in output.absolute().parents if os.path.lexists(parent))
        if not stat.S_ISDIR(parent.stat().st_mode):
            raise _error(errno.ENOTDIR)
        if not os.access(parent, os.W_OK | os.X_OK):
            raise _error(errno.EACCES)
        longest = os.pathconf(parent, "PC_NAME_MAX") - len(REPLACED)
        missing = output.absolute().relative_to(parent).parts
        if max(len(os.fsencode(part)) for part in missing) > longest:
            raise _error(errno.ENAMETOOLONG)
        with suppress(FileNotFoundError):
            beside(output, REPLACED).lstat()
    except OSError as error:
        raise InputError(
            f"output cannot be written: {error.strerror}. Received: {output}"
        ) from error


def check_folder(output: Path, overwrite: bool) -> None:
    """Checks that a folder may be written, and moves back what a kill left half replaced.

    Raises:
        InputError: if the output exists and is not to be replaced, or if it, or what
            is next to it under the names that are needed, is somebody else's.
    """
    check_writable(output)
    check_beside(output, PARTIAL, REPLACED)
    if not output.exists():
        return
    if not overwrite:
        raise InputError(f"output exists; choose another, or add --overwrite. Received: {output}")
    check_ours(output)


def check_beside(output: Path, *suffixes: str) -> None:
    """Checks what is next to an output, and moves back what a kill left half replaced.

    Raises:
        InputError: if a file or folder of somebody's own is in the way.
    """
    for suffix in suffixes:
        path = beside(output, suffix)
        if os.path.lexists(path) and not _is_ours(path, output.name):
            raise InputError(
                f"{path.name} must be what an earlier attempt at this output left, and is not: "
                f"move it, or choose another output. Received: {output}"
            )
    replaced = beside(output, REPLACED)
    if replaced.exists() and not output.exists():
        replaced.rename(output)


def check_ours(folder: Path) -> None:
    """Checks that a folder is a stage's, before it is replaced or gone on with.

    Raises:
        InputError: if it is not.
    """
    if not _is_ours(folder):
        raise InputError(
            "only a folder that a stage wrote, with its options.json, is replaced. "
            f"Received: {folder}"
        )


def check_file(output: Path, overwrite: bool, header: str) -> None:
    """Checks that a file may be written.

    Args:
        output: the file.
        overwrite: whether to replace it.
        header: how a file that may be replaced begins.

    Raises:
        InputError: if it cannot be written, exists, or is not to be replaced.
    """
    check_writable(output)
    if not output.exists():
        return
    if not output.is_file():
        raise InputError(f"output must be a file. Received: {output}")
    if not overwrite:
        raise InputError(f"output exists; choose another, or add --overwrite. Received: {output}")
    with output.open("rb") as file:
        if file.read(len(header)) != header.encode():
            raise InputError(f"only a file that this command wrote is replaced. Received: {output}")


def _is_ours(folder: Path, name: str | None = None) -> bool:
    """Tells by its options.json whether a stage wrote a folder, as an output of that name."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    # Empty, or with this file alone, it is what a kill leaves at the very beginning.
    if {path.name for path in folder.iterdir()} <= {OPTIONS_FILE + PARTIAL}:
        return True
    try:
        content = json.loads((folder / OPTIONS_FILE).read_text(encoding="utf-8"))
        written_as = Path(content["options"]["output"]).name
        return isinstance(content["stage"], str) and name in (None, written_as)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
