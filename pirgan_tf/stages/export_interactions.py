"""Stage `export_interactions`: what people did in a study in, a table of rates out."""

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pirgan_tf import survey, users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STAGE = "export_interactions"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportInteractionsOptions(Options):
    """Flags of export_interactions."""

    database: str = option(
        "sqlite:///PATH or postgresql://USER@HOST/NAME, with the password in PGPASSWORD or "
        "~/.pgpass, for options.json holds this.",
        reads=lambda url: url.partition("sqlite:///")[2],
    )
    study: str = option("The study's key, from its raters' link: what follows /s/.")
    format: str = option(
        "Rates by image, or every event.", "interactions", choices=("interactions", "csv", "jsonl")
    )
    pir_weights: str | None = option(
        "Rates of interactions: 0,.25,.5,.75,1 for 1 to 5 stars (the default), or "
        "click=1,share=1,dwell>10=.5 for a page (by default click=1,share=1).",
        None,
    )
    exclude_invalid: bool = option(
        "Leave out raters who fail a rule of validity, or whom the owner excludes.", True
    )

    def validate(self) -> None:
        """Checks the weights."""
        super().validate()
        if self.pir_weights is not None:
            survey.PirWeights.parse(self.pir_weights)


def run(options: ExportInteractionsOptions) -> None:
    """Writes what people did, as train_estimator takes it, or event by event.

    Writes interactions.csv (image_id, impressions, positives, pir, and posterior_mean, low
    and high, the mean and 95 % interval of the true rate), validity.csv (what each rule says
    of each rater) and raters.csv (invitations, completion codes and counts of answers), or
    events.csv or events.jsonl; and options.json. Of a study of several galleries,
    GALLERY/interactions.csv for each, and ratings.csv (gallery, image_id, rater, rate) and
    galleries.json (fingerprints by name), which evaluate takes.
    """
    try:
        database = survey.open_database(options.database, read_only=True)
    except ModuleNotFoundError as error:
        raise InputError(
            "the survey's libraries must be installed (pip install 'pirgan-tf[survey]'). "
            f"Received: no module {error.name}"
        ) from error
    with contextlib.closing(database), database.read() as session:
        try:
            study = survey.find_study(session, options.study)
        except survey.UnknownStudy as error:
            raise InputError(
                f"study must be the key of a study in the database. Received: {options.study!r}"
            ) from error
        with output_folder(STAGE, options) as folder:
            if options.format == "interactions":
                _write_rates(session, study, options, folder)
            else:
                _write_events(session, study, options.format, folder)


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ExportInteractionsOptions, run, uses_tensorflow=False)


def _write_rates(
    session: "Session", study: "survey.Study", options: ExportInteractionsOptions, folder: Path
) -> None:
    weights = survey.PirWeights.parse(options.pir_weights or survey.DEFAULT_WEIGHTS[study.mode])
    verdicts = survey.judge_raters(session, study)
    excluded = survey.excluded_raters(verdicts) if options.exclude_invalid else []
    table = survey.interactions(session, study, weights, excluded=excluded)
    shown = table[table["impressions"] > 0]
    if shown.empty:
        raise InputError(f"nobody has answered yet in the study. Received: {options.study}")
    galleries = study.settings.get("galleries", {})
    for name in galleries:
        (folder / name).mkdir()
        of_gallery = shown[shown["image_id"].str.startswith(f"{name}/")]
        ids = of_gallery["image_id"].str.removeprefix(f"{name}/")
        of_gallery.assign(image_id=ids).to_csv(folder / name / "interactions.csv", index=False)
    if galleries:
        ratings = survey.ratings(session, study, weights, excluded=excluded)
        ratings[["gallery", "image_id"]] = ratings["image_id"].str.split("/", n=1, expand=True)
        users.write_ratings(ratings, galleries, folder)
    else:
        shown.to_csv(folder / "interactions.csv", index=False)
    verdicts.to_csv(folder / "validity.csv", index=False)
    raters = survey.rater_table(session, study, verdicts)
    raters.to_csv(folder / "raters.csv", index=False)
    print(
        f"{STAGE}: {shown['impressions'].sum()} impressions of {len(shown)} images, rate "
        f"{shown['positives'].sum() / shown['impressions'].sum():.4f}; "
        f"{len(table) - len(shown)} images without any are left out, and {len(excluded)} of "
        f"{verdicts['rater'].nunique()} raters"
    )


def _write_events(session: "Session", study: "survey.Study", form: str, folder: Path) -> None:
    with (folder / f"events.{form}").open("w", encoding="utf-8") as file:
        file.writelines(survey.event_lines(survey.stream_events(session, study), form))
    print(f"{STAGE}: all events so far, as {form}")
