"""Stage `import_interactions`: ratings that were gathered elsewhere in, a table of rates out."""

import dataclasses
from typing import NoReturn

from pirgan_tf import survey
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.data.gallery import read_gallery
from pirgan_tf.errors import InputError, check_name
from pirgan_tf.files.path import check_file

STAGE = "import_interactions"
_ROLES = ("image", "rating", "rater", "status")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportInteractionsOptions(Options):
    """Flags of import_interactions."""

    input: str = option("File of results, one rating per line.", reads=str)
    source: str = option("Source of the file.", "csv", choices=("mturk", "toloka", "csv"))
    columns: tuple[str, ...] = option(
        "Names of its columns where they are not the usual ones of the source, such as "
        "image=Input.url,rating=Answer.stars; also rater and status.",
        (),
    )
    gallery: str = option("Gallery whose images were rated, from sample.", reads=str)
    pir_weights: str = option("Rates of 1 to 5 stars.", "0,.25,.5,.75,1")

    def validate(self) -> None:
        """Checks the columns, the weights, the file and the gallery."""
        super().validate()
        _columns(self)
        if not survey.PirWeights.parse(self.pir_weights).stars:
            raise InputError(
                f"pir_weights must be those of five stars. Received: {self.pir_weights}"
            )
        check_file(self.input, "input must be a file")
        read_gallery(self.gallery)


def run(options: ImportInteractionsOptions) -> None:
    """Turns a crowd platform's file of results into what train_estimator takes.

    Writes interactions.csv, as export_interactions does, rejected.csv (number of the line,
    reason, and the line's fields) and options.json.
    """
    image_ids = read_gallery(options.gallery).ids.tolist()
    results = survey.read_results(options.input, _columns(options), image_ids)
    table = survey.count_ratings(results.ratings, survey.PirWeights.parse(options.pir_weights))
    with output_folder(STAGE, options) as folder:
        table.to_csv(folder / "interactions.csv", index=False)
        results.rejected.to_csv(folder / "rejected.csv", index=False)
    print(
        f"{STAGE}: {len(results.ratings)} ratings of {len(table)} images, "
        f"{len(image_ids) - len(table)} images have none; {len(results.rejected)} lines "
        f"rejected (see {options.output}/rejected.csv)"
    )


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ImportInteractionsOptions, run, uses_tensorflow=False)


def _columns(options: ImportInteractionsOptions) -> "survey.ResultColumns":
    changed = {}
    for text in options.columns:
        role, _, name = text.partition("=")
        check_name("what columns names", role, _ROLES)
        if not name:
            raise InputError(f"columns must be like image=Input.url. Received: {text!r}")
        changed[role] = name
    return dataclasses.replace(survey.SOURCES[options.source], **changed)
