"""The gate for every file: it must be a regular one, readable and not too large."""

import os
import stat
from pathlib import Path

from pirgan_tf.errors import InputError

MAX_TEXT_BYTES = 2**28


def refusal(wanted: str, received: object, reason: str) -> InputError:
    """Returns the error of a value that is refused for a reason, such as "does not exist"."""
    return InputError(f"{wanted}. Received: {received}, which {reason}")


def explain(error: BaseException) -> str:
    """Returns in one short line what a library raised."""
    text = getattr(error, "strerror", None) or " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:200] if text else type(error).__name__


def check_file(path: str | Path, wanted: str, max_bytes: int | None = None) -> Path:
    """Checks that a path names a regular file, or a link to one, that can be read.

    Anything else would block for ever (a pipe), never end (a device) or cannot be read.

    Args:
        path: the file.
        wanted: what must hold, the beginning of the message.
        max_bytes: its largest size; by default the memory of this machine.

    Raises:
        InputError: it is none.
    """
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        raise refusal(wanted, path, "does not exist") from None
    # ValueError: a NUL in the path, or what the file system cannot encode.
    except (OSError, ValueError) as error:
        raise refusal(wanted, path, f"cannot be opened ({explain(error)})") from None
    limit = memory_bytes() if max_bytes is None else max_bytes
    if stat.S_ISDIR(status.st_mode):
        raise refusal(wanted, path, "is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise refusal(wanted, path, "is not a regular file")
    if not os.access(path, os.R_OK):
        raise refusal(wanted, path, "may not be read")
    if status.st_size > limit:
        raise refusal(wanted, path, f"has {status.st_size} bytes, more than {limit}")
    return Path(path)


def is_folder(path: str | Path) -> bool:
    """Returns whether a path names a folder; one that can name nothing does not."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def read_text(path: str | Path, wanted: str) -> str:
    """Reads a text file in UTF-8, with or without a byte order mark.

    Raises:
        InputError: it is none, or larger than MAX_TEXT_BYTES.
    """
    try:
        # utf-8-sig: spreadsheets put a byte order mark first.
        return check_file(path, wanted, MAX_TEXT_BYTES).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise refusal(wanted, path, "is not text in UTF-8") from None
    except OSError as error:
        raise refusal(wanted, path, f"cannot be read ({explain(error)})") from None


def memory_bytes() -> int:
    """Returns the memory of this machine, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_memory(num_bytes: int, what: str) -> None:
    """Checks that something fits in the memory of this machine.

    Raises:
        InputError: it does not.
    """
    if num_bytes > memory_bytes():
        raise InputError(
            f"{what} must fit in the {memory_bytes() / 2**30:.0f} GiB of this machine's memory. "
            f"Received: {num_bytes / 2**30:.0f} GiB"
        )
