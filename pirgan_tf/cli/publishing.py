"""A complete folder takes its name, at once where the system can, and a kill leaves it known."""

import ctypes
import os
import shutil
from pathlib import Path

from pirgan_tf.cli.paths import OPTIONS_FILE, REPLACED, beside

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2
_HERE = -100  # AT_FDCWD


def clear(folder: Path) -> None:
    """Deletes what is in a folder, options.json last: a kill leaves it known as a stage's."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == OPTIONS_FILE):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def delete(folder: Path) -> None:
    """Deletes a folder, if it is there."""
    if folder.exists():
        clear(folder)
        folder.rmdir()


def publish(partial: Path, output: Path) -> None:
    """Gives a complete folder its name, and deletes what had it."""
    if not output.exists():
        partial.rename(output)
    elif _exchange(partial, output):
        delete(partial)
    else:
        replaced = beside(output, REPLACED)
        delete(replaced)
        output.rename(replaced)
        partial.rename(output)
    delete(beside(output, REPLACED))


def _exchange(one: Path, other: Path) -> bool:
    """Exchanges two names at once; returns whether the system can."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    return rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
