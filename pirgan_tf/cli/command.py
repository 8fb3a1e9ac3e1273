"""From a command line to a stage and an exit status."""

import errno
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf.cli import signals
from pirgan_tf.cli.description import describe
from pirgan_tf.cli.options import Options, parse_options
from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.files.path import explain

# What a disk refuses while a command runs.
_DISK_FAILURES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_LONGEST = 1000  # characters of a message


def run_command(
    stage: str,
    options_class: type[Options],
    run: Callable[[Any], None],
    dry_run: Callable[[Any], dict] | None = None,
    *,
    uses_tensorflow: bool = True,
    argv: list[str] | None = None,
) -> NoReturn:
    """Runs a stage as a command.

    Args:
        stage: the stage's name.
        options_class: its options.
        run: the stage itself.
        dry_run: what a dry run prints in addition to the options, such as parameter counts.
        uses_tensorflow: whether `run` needs it.
        argv: the command line, program name first; None is the process's own.
    """
    with exit_status(stage), signals.raised():
        _run(stage, options_class, run, dry_run, uses_tensorflow, argv or sys.argv)
        sys.stdout.flush()
    sys.exit(0)


@contextmanager
def exit_status(stage: str) -> Iterator[None]:
    """Ends the process with one line and a status after what is no defect of this package.

    Exit status: 1 after a failure in the run, 2 after a mistake in the command or its
    input, 130 and 143 after SIGINT and SIGTERM, 141 when nobody reads the output any more,
    as after `| head`.

    Args:
        stage: what the line begins with.
    """
    try:
        yield
    except InputError as error:
        _exit(stage, str(error), 2)
    except TrainingError as error:
        _exit(stage, str(error), 1)
    except BrokenPipeError:
        # Python would complain once more when it flushes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.errno not in _DISK_FAILURES:
            raise
        _exit(stage, f"{os.strerror(error.errno)}: {error.filename or error}", 1)
    except MemoryError as error:
        _exit(stage, f"memory must suffice. Received: {explain(error)}", 1)
    except KeyboardInterrupt as error:
        _exit(stage, str(error) or "interrupted", 128 + getattr(error, "signum", 2))


def _run(
    stage: str,
    options_class: type[Options],
    run: Callable[[Any], None],
    dry_run: Callable[[Any], dict] | None,
    uses_tensorflow: bool,
    argv: list[str],
) -> None:
    options, help_text = parse_options(options_class, stage, argv)
    if options is None:
        print(f"{inspect.cleandoc(run.__doc__ or '')}\n\nFlags of {help_text.lstrip()}")
        return
    if not options.dry_run:
        options.check_output()
    if uses_tensorflow:
        with signals.ending_at_once(stage):
            import_tensorflow()
    if options.dry_run:
        more = dry_run(options) if dry_run else {}
        print(json.dumps(describe(stage, options) | more, indent=2))
    else:
        run(options)


def import_tensorflow() -> None:
    """Imports TensorFlow without the notes of its libraries on standard error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Off by default on CPUs without AVX512, where it is faster too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # They write to the file descriptor before they read any setting.
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _exit(stage: str, message: str, status: int) -> NoReturn:
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
    if len(line) > _LONGEST:
        # What was received stands at the end.
        line = f"{line[: _LONGEST // 2]} [...] {line[-_LONGEST // 2 :]}"
    print(f"{stage}: {line}", file=sys.stderr)
    sys.exit(status)
