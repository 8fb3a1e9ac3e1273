"""Stage `study`: an experiment of a seed paper by name, its figures beside the paper's."""

import functools
import sys
from pathlib import Path
from typing import NoReturn

from pirgan_tf import studies
from pirgan_tf.cli.command import exit_status, run_command
from pirgan_tf.cli.description import describe
from pirgan_tf.cli.options import Options
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError

STAGE = "study"
_USAGE = """Repeats an experiment of a paper: study NAME --output=OUTPUT [flags].

Writes study.json (every figure with its seeds, its interval and the paper's value),
figures/, index.html, a page that is complete in itself, and options.json to the output.
The studies, with the time that the defaults take on two CPU cores:
"""
_AFTER = "\nstudy NAME --help lists the flags of a study."


def run(name: str, options: Options) -> None:
    """Runs a study.

    Args:
        name: one of `studies.STUDIES`.
        options: its module's `Options`.
    """
    stage = _stage(name)
    with output_folder(stage, options, resumable=True) as folder:
        outcome = studies.find_study(name).run(options, folder)
        studies.write_outcome(name, outcome, describe(stage, options), folder)
    print(f"{stage}: {outcome.answer}")
    print(f"{stage}: open {Path(options.output).resolve() / 'index.html'}")


def main() -> NoReturn:
    """Runs a study from the command line, whose first word is its name."""
    program, *words = sys.argv
    with exit_status(STAGE):
        if words and words[0] in ("--help", "-h", "-help"):
            print(f"{_USAGE}\n{studies.list_studies()}\n{_AFTER}")
            sys.exit(0)
        if not words or words[0].startswith("-"):
            raise InputError(
                f"the name of a study must come first, one of {', '.join(studies.STUDIES)}. "
                f"Received: {' '.join(words) or 'no name'}"
            )
        name = words[0]
        study = studies.find_study(name)
    # Its help is the study's.
    command = functools.update_wrapper(functools.partial(run, name), study.run)
    run_command(_stage(name), study.Options, command, argv=[program, *words[1:]])


def _stage(name: str) -> str:
    return f"{STAGE} {name}"
