"""Stage `reproduce`: every other stage in turn, for a list of objectives."""

import dataclasses
import shutil
import time
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf import analysis, training, users
from pirgan_tf.errors import TrainingError
from pirgan_tf.stages import pretrain, report, sample
from pirgan_tf.stages.command import run_command
from pirgan_tf.stages.executors import run_objectives
from pirgan_tf.stages.gallery import read_gallery
from pirgan_tf.stages.objective_run import FAILURE_FILE
from pirgan_tf.stages.outputs import run_folder
from pirgan_tf.stages.reproduce_options import ReproduceOptions, stage_options

STAGE = "reproduce"


def run(options: Any) -> None:
    """Runs the whole system, from photographs to a report.

    Pretrains a GAN and samples a gallery once; then, for each objective, simulates
    its users, trains an estimator, tunes the GAN, samples again and evaluates. A
    flag of a stage has the stage's name before it, such as --tune_steps. Started
    again, it goes on where it was stopped. An objective that fails does not stop the
    others; the same command tries it again.
    """
    # The objectives themselves, whatever becomes of the file that lists them.
    texts = options.objective_texts
    options = dataclasses.replace(options, objectives=" ".join(texts))
    with run_folder(STAGE, options, _is_finished) as folder:
        # Of an earlier attempt, in which something failed.
        shutil.rmtree(folder / "report", ignore_errors=True)
        gan_folder = options.gan or str(folder / "gan")
        gallery = folder / "gallery"
        if not Path(gan_folder).exists():
            pretrain.run(stage_options("pretrain", options, output=gan_folder))
        if not gallery.exists():
            sample.run(stage_options("sample", options, gan=gan_folder, output=str(gallery)))
        _score_gallery(texts, options, gallery)
        failures = _run_objectives(texts, options, folder)
        report.run(report.ReportOptions(runs=(str(folder),), output=str(folder / "report")))
    _print_table(folder / "report" / "results.csv")
    if failures:
        raise TrainingError(
            f"{len(failures)} of {len(texts)} objectives failed ({'; '.join(failures)}): the same "
            "command tries them again"
        )


def dry_run(options: Any) -> dict:
    """Returns the parameter counts of the GAN."""
    if options.gan:
        return {}
    return pretrain.dry_run(stage_options("pretrain", options, output=options.output))


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ReproduceOptions, run, dry_run)


def _is_finished(folder: Path) -> bool:
    return (folder / "report").exists() and not list(folder.glob(f"objectives/*/{FAILURE_FILE}"))


def _score_gallery(texts: list[str], options: Any, gallery: Path) -> None:
    """Has VGG16 look at the first gallery once, before several workers ask it to."""
    objectives = [users.parse_objective(text, options.vgg16_weights) for text in texts]
    if any(objective.layer for objective in objectives):
        images = read_gallery(gallery).images
        print(f"{STAGE}: VGG16 looks at the {len(images)} images of the gallery", flush=True)
        users.filter_norms(images, options.vgg16_weights, keep_in=gallery)


def _run_objectives(texts: list[str], options: Any, folder: Path) -> list[str]:
    """Works on the objectives and tells how far it is; returns what failed, and why."""
    failures = []
    started = time.monotonic()
    for done, outcome in enumerate(run_objectives(texts, options, folder), start=1):
        line = f"{STAGE}: {outcome.objective} {'failed in ' if outcome.failure else 'done'}"
        if outcome.failure:
            failures.append(f"{outcome.objective}: {outcome.failure}")
            line += outcome.failure
        left = (time.monotonic() - started) / done * (len(texts) - done)
        print(
            f"{line}; {done} of {len(texts)} objectives, {len(failures)} failed, "
            f"{training.format_time(left)} left",
            flush=True,
        )
    return failures


def _print_table(path: Path) -> None:
    print(
        f"{'objective':<24}{'before':>9}{'after':>9}{'change':>9}{'d':>8}{'p':>10}{'Spearman':>10}"
    )
    for row in analysis.read_results(path).itertuples():
        if row.failure:
            continue
        name = row.objective if len(row.objective) < 24 else f"{row.objective[:20]}..."
        print(
            f"{name:<24}{row.mean_before:>9.4f}"
            f"{row.mean_after:>9.4f}{row.change:>9.4f}{row.cohens_d:>8.2f}"
            f"{analysis.format_p(row.p):>10}{row.heldout_spearman:>10.2f}"
        )
