"""Stage `list_objectives`: objectives of the paper's kinds, as a file."""

import dataclasses
import json
from pathlib import Path
from typing import NoReturn

from pirgan_tf import users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import write_output_file
from pirgan_tf.cli.paths import check_file
from pirgan_tf.errors import InputError

STAGE = "list_objectives"
_CHOICE = ("layers", "filters", "sets", "set_size", "colors", "seed")
_HEADER = "# Objectives, by list_objectives "


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListObjectivesOptions(Options):
    """Flags of list_objectives; the defaults give 161 objectives."""

    layers: tuple[str, ...] = option(
        "Layers of VGG16, with commas; may be empty.", tuple(users.VGG16_LAYERS)
    )
    filters: int = option("Objectives of one filter for each layer.", 10, minimum=0)
    sets: int = option(
        "Objectives of several filters for each layer; fewer where there is no room.", 10, minimum=0
    )
    set_size: int = option("Filters in each of these; no filter is in two of them.", 20, minimum=2)
    colors: bool = option("Start the list with the 12 colour objectives.", True)
    seed: int = option("Seed for the choice of filters.", 0, minimum=0, below=2**31)

    def validate(self) -> None:
        """Checks the numbers and the layers."""
        super().validate()
        if not _objectives(self):
            raise InputError(
                "colors, filters or sets must leave an objective. Received: none of them"
            )

    def check_output(self) -> None:
        """Checks that the file may be written."""
        check_file(Path(self.output), self.overwrite, _HEADER)


def run(options: ListObjectivesOptions) -> None:
    """Writes a list of objectives (section 3 of the paper), one per line with its family.

    The output is a file, which reproduce takes as --objectives=FILE. It may be edited:
    what follows # is a comment. With the same seed, a shorter list is part of a longer
    one.
    """
    objectives = _objectives(options)
    choice = {name: value for name, value in options.to_json().items() if name in _CHOICE}
    header = f"{_HEADER}{json.dumps(choice)}\n"
    write_output_file(options, header + users.format_objective_list(objectives))
    print(f"{STAGE}: {len(objectives)} objectives in {options.output}")


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ListObjectivesOptions, run, uses_tensorflow=False)


def _objectives(options: ListObjectivesOptions) -> list[users.Objective]:
    return users.paper_objectives(**{name: getattr(options, name) for name in _CHOICE})
