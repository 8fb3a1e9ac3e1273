"""Stage `reproduce`: every other stage in turn, for a list of objectives."""

import csv
import dataclasses
import typing
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf import analysis, data, users
from pirgan_tf.errors import InputError
from pirgan_tf.stages import (
    evaluate,
    pretrain,
    report,
    sample,
    simulate,
    train_estimator,
    tune,
)
from pirgan_tf.stages.command import run_command
from pirgan_tf.stages.options import Options, option
from pirgan_tf.stages.outputs import run_folder
from pirgan_tf.stages.training_options import DeviceOptions

STAGE = "reproduce"
_STAGE_OPTIONS = {
    "pretrain": pretrain.PretrainOptions,
    "sample": sample.SampleOptions,
    "simulate": simulate.SimulateOptions,
    "estimator": train_estimator.TrainEstimatorOptions,
    "tune": tune.TuneOptions,
}
_GALLERY_OPTIONS = ("sample_num_images", "estimator_heldout", "estimator_batch_size")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _RunOptions(DeviceOptions):
    """Flags of reproduce that are its own, or common to several stages."""

    objectives: str = option("What the users like: one or several objectives, with spaces.")

    def validate(self) -> None:
        """Checks the numbers, the objectives, the dataset and the width."""
        super().validate()
        parsed = [users.parse_objective(text).text for text in self.objectives.split()]
        if not parsed or len(set(parsed)) != len(parsed):
            raise InputError(
                f"objectives must be one or several different ones. Received: {self.objectives!r}"
            )
        # What a later stage would refuse must not wait until the earlier ones are done.
        _options_of("pretrain", self, output=self.output).validate()
        options = vars(self)
        data.validate_dataset_spec(
            options["tune_dataset"] or options["pretrain_dataset"],
            options["tune_classes"] or options["pretrain_classes"],
        )
        train_estimator.check_checkpoint(options["estimator_slim_checkpoint"])
        for stage in ("estimator", "tune"):
            self.check_replicas(vars(self)[f"{stage}_batch_size"])
        _check_gallery(**{name: vars(self)[name] for name in _GALLERY_OPTIONS})


def _stage_fields() -> list[tuple[str, Any, Any]]:
    """Returns each stage's own options, with the stage's name before theirs."""
    given = {field.name for field in dataclasses.fields(_RunOptions)}
    given |= {"gan", "gallery", "interactions", "estimator", "objective"}
    return [
        (f"{stage}_{field.name}", hints[field.name], _copy(field))
        for stage, options_class in _STAGE_OPTIONS.items()
        for hints in [typing.get_type_hints(options_class)]
        for field in dataclasses.fields(options_class)
        if field.name not in given
    ]


def _copy(field: dataclasses.Field) -> Any:
    metadata = dict(field.metadata)
    # A stage of the run that is finished would not make further steps.
    metadata["changes_result"] |= field.name == "steps"
    return dataclasses.field(default=field.default, metadata=metadata)


ReproduceOptions = dataclasses.make_dataclass(
    "ReproduceOptions", _stage_fields(), bases=(_RunOptions,), frozen=True, kw_only=True
)


def run(options: Any) -> None:
    """Runs the whole system, from photographs to a report.

    Pretrains a GAN and samples a gallery once; then, for each objective, simulates
    its users, trains an estimator, tunes the GAN, samples again and evaluates. A
    flag of a stage has the stage's name before it, such as --tune_steps. Started
    again, it goes on where it was stopped.
    """
    with run_folder(STAGE, options, last="report") as folder:
        gan_folder, gallery = str(folder / "gan"), str(folder / "gallery")
        _run_stage(pretrain, _options_of("pretrain", options, output=gan_folder))
        _run_stage(sample, _options_of("sample", options, gan=gan_folder, output=gallery))
        for text in options.objectives.split():
            _run_objective(users.parse_objective(text), options, folder)
        _run_stage(report, report.ReportOptions(runs=(str(folder),), output=str(folder / "report")))
    _print_table(folder / "report" / "results.csv")


def dry_run(options: Any) -> dict:
    """Returns the parameter counts of the GAN."""
    return pretrain.dry_run(_options_of("pretrain", options, output=options.output))


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ReproduceOptions, run, dry_run)


def _run_objective(objective: users.Objective, options: Any, folder: Path) -> None:
    place = folder / "objectives" / objective.slug
    paths = {
        name: str(place / name)
        for name in ("interactions", "estimator", "gan", "gallery", "evaluation")
    }
    gan_folder, gallery = str(folder / "gan"), str(folder / "gallery")
    print(f"{STAGE}: {objective.text}", flush=True)
    _run_stage(
        simulate,
        _options_of(
            "simulate",
            options,
            gallery=gallery,
            objective=objective.text,
            output=paths["interactions"],
        ),
    )
    _run_stage(
        train_estimator,
        _options_of(
            "estimator",
            options,
            gallery=gallery,
            interactions=paths["interactions"],
            output=paths["estimator"],
        ),
    )
    _run_stage(
        tune,
        _options_of(
            "tune", options, gan=gan_folder, estimator=paths["estimator"], output=paths["gan"]
        ),
    )
    # Another seed than the first gallery's: Welch's test is of independent images.
    after = _options_of("sample", options, gan=paths["gan"], output=paths["gallery"])
    _run_stage(sample, dataclasses.replace(after, seed=options.seed + 1))
    _run_stage(
        evaluate,
        evaluate.EvaluateOptions(
            before=gallery,
            after=paths["gallery"],
            objective=objective.text,
            estimator=paths["estimator"],
            output=paths["evaluation"],
        ),
    )


def _check_gallery(
    sample_num_images: int, estimator_heldout: float, estimator_batch_size: int
) -> None:
    heldout = round(estimator_heldout * sample_num_images)
    if heldout < 3 or sample_num_images - heldout < estimator_batch_size:
        raise InputError(
            "sample_num_images and estimator_heldout must leave the estimator at least 3 images to "
            f"measure on and its estimator_batch_size, {estimator_batch_size}, to train on. "
            f"Received: {heldout} and {sample_num_images - heldout}"
        )


def _options_of(stage: str, options: Any, **given: Any) -> Any:
    """Returns a stage's options: those given, the common ones and the stage's own."""
    options_class = _STAGE_OPTIONS[stage]
    values = {}
    for field in dataclasses.fields(options_class):
        prefixed = f"{stage}_{field.name}"
        if hasattr(options, prefixed):
            values[field.name] = getattr(options, prefixed)
        elif field.name in DeviceOptions.__annotations__:
            values[field.name] = getattr(options, field.name)
    return options_class(**(values | given))


def _run_stage(stage: Any, options: Options) -> None:
    if not Path(options.output).exists():
        options.validate()
        stage.run(options)


def _print_table(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    print(
        f"{'objective':<24}{'before':>9}{'after':>9}{'change':>9}{'d':>8}{'p':>10}{'Spearman':>10}"
    )
    for row in rows:
        print(
            f"{row['objective']:<24}{float(row['mean_before']):>9.4f}"
            f"{float(row['mean_after']):>9.4f}{float(row['change']):>9.4f}"
            # Not defined, and so empty, where all rates are alike.
            f"{float(row['cohens_d'] or 'nan'):>8.2f}"
            f"{analysis.format_p(float(row['p'] or 'nan')):>10}"
            f"{float(row['heldout_spearman']):>10.2f}"
        )
