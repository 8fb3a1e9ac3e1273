"""Stage `report`: folders of runs and studies and tables of results in, one page out."""

import dataclasses
from pathlib import Path
from typing import NoReturn

from pirgan_tf import analysis
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, is_folder

STAGE = "report"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportOptions(Options):
    """Flags of report."""

    runs: tuple[str, ...] = option(
        "Run folders, from reproduce or evaluate, study folders, and results.csv files, with "
        "commas.",
        reads=str,
    )

    def validate(self) -> None:
        """Checks that the run folders and files are there."""
        super().validate()
        if not self.runs:
            raise InputError("runs must name at least one folder or results.csv. Received: none")
        for source in self.runs:
            if not is_folder(source):
                check_file(source, "runs must be folders or results.csv files")


def run(options: ReportOptions) -> None:
    """Compares what runs found with the paper's claims, in tables and figures.

    Run folders also give the images and curves of each objective; results.csv
    files, such as other reports wrote, give all else. Study folders give their figures
    beside the paper's. Writes index.html, which is complete in itself, and
    options.json to the output, and of runs results.csv and figures/.
    """
    with output_folder(STAGE, options) as folder:
        analysis.write_report(options.runs, folder)
    print(f"{STAGE}: open {Path(options.output).resolve() / 'index.html'}")


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ReportOptions, run, uses_tensorflow=False)
