"""Stage `reproduce`: all other stages, for a list of objectives."""

import contextlib
import dataclasses
import shutil
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf import analysis, data, estimator, gan, training, users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.outputs import run_folder
from pirgan_tf.data.gallery import read_gallery
from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.stages import pretrain, report, sample
from pirgan_tf.stages.shared.training_options import set_up_devices
from pirgan_tf.sweep.executors import run_objectives
from pirgan_tf.sweep.objective_run import BEFORE, FAILURE_FILE, Outcome
from pirgan_tf.sweep.reproduce_options import ReproduceOptions, stage_options

STAGE = "reproduce"
# Seconds: an objective that took less had been done before.
_AT_ONCE = 1.0


def run(options: Any) -> None:
    """Runs the whole system, from photographs to a report.

    Pretrains a GAN and samples two galleries once, one to learn from and one to
    evaluate; then, for each objective, simulates its users, trains an estimator, tunes
    the GAN, samples again and evaluates. A
    flag of a stage has the stage's name before it, such as --tune_steps. Started
    again, it resumes where it was stopped. An objective that fails does not stop the
    others; the same command tries it again.
    """
    # The objectives themselves, whatever becomes of the file that lists them.
    texts = options.objective_texts
    options = dataclasses.replace(options, objectives=" ".join(texts))
    # Before anything starts TensorFlow: it takes these settings only once.
    resolved, _ = set_up_devices(options)
    if options.gan:
        # The discriminator is not needed until the first tuning, after much work.
        gan.load_networks(options.gan)
    _check_first_weights(options)
    with run_folder(STAGE, options, lambda folder: _is_finished(folder, texts)) as folder:
        # Workers may be elsewhere, and the paths are part of the stages' options.
        folder = folder.resolve()
        # Once for all workers; a cluster gives each of its own a device.
        options = resolved if options.executor == "local" else options
        # Of an earlier attempt, in which something failed.
        shutil.rmtree(folder / "report", ignore_errors=True)
        gan_folder = options.gan or str(folder / "gan")
        gallery, before = folder / "gallery", folder / BEFORE
        if not Path(gan_folder).exists():
            pretrain.run(stage_options("pretrain", options, output=gan_folder))
        if not gallery.exists():
            sample.run(stage_options("sample", options, gan=gan_folder, output=str(gallery)))
        if not before.exists():
            given = {
                "output": str(before),
                "num_images": options.evaluate_num_images or options.sample_num_images,
                # Far from the seeds of the other galleries, which count on from the first.
                "seed": (options.seed + 2**30) % 2**31,
            }
            sample.run(stage_options("sample", options, gan=gan_folder, **given))
        for folder_of_images in (gallery, before):
            _score_gallery(texts, options, folder_of_images)
        failed = _run_objectives(texts, options, folder)
        report.run(report.ReportOptions(runs=(str(folder),), output=str(folder / "report")))
        _print_table(folder / "report" / "results.csv")
        if failed:
            raise TrainingError(
                "every objective must succeed; the same command tries the others again. "
                f"Received: {len(failed)} of {len(texts)} that failed, {failed[0].objective} in "
                f"{failed[0].failure} (the report has all reasons)"
            )


def dry_run(options: Any) -> dict:
    """Returns the parameter counts of the GAN."""
    if options.gan:
        return {}
    return pretrain.dry_run(stage_options("pretrain", options, output=options.output))


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ReproduceOptions, run, dry_run)


def _is_finished(folder: Path, texts: list[str]) -> bool:
    begun = {path.name for path in folder.glob("objectives/*")}
    failures = list(folder.glob(f"objectives/*/{FAILURE_FILE}"))
    wanted = {users.parse_objective(text).slug for text in texts}
    return (folder / "report").exists() and wanted <= begun and not failures


def _check_first_weights(options: Any) -> None:
    """Checks that an estimator, of whatever image size, can begin with the weights given."""
    given = options.estimator_slim_checkpoint, options.estimator_initial
    if any(given):
        shape = estimator.EstimatorShape(
            data.IMAGE_SIZE,
            options.estimator_depth_multiplier,
            options.estimator_num_bins,
            options.estimator_head,
        )
        estimator.load_first_weights(estimator.PirEstimator(shape), *given)


def _score_gallery(texts: list[str], options: Any, gallery: Path) -> None:
    """Has VGG16 look at a gallery once, before several workers ask it to."""
    objectives = [users.parse_objective(text) for text in texts]
    if options.evaluate_features != "vgg16" and not any(o.layer for o in objectives):
        return
    if not list(gallery.glob("vgg16-*.npz")):
        print(f"{STAGE}: VGG16 looks at the images of {gallery.name}", flush=True)
    # Each objective that needs it records that it cannot be had.
    with contextlib.suppress(InputError):
        users.filter_norms(read_gallery(gallery).images, options.vgg16_weights, keep_in=gallery)


def _run_objectives(texts: list[str], options: Any, folder: Path) -> list[Outcome]:
    """Works on the objectives and tells how far it is; returns what failed."""
    failed, seconds = [], []
    with contextlib.closing(run_objectives(texts, options, folder)) as outcomes:
        for done, outcome in enumerate(outcomes, start=1):
            line = f"{STAGE}: {outcome.objective} "
            line += f"failed in {outcome.failure}" if outcome.failure else "done"
            if outcome.failure:
                failed.append(outcome)
            elif outcome.seconds > _AT_ONCE:
                seconds.append(outcome.seconds)
            left = sum(seconds) / max(len(seconds), 1) * (len(texts) - done) / options.jobs
            print(
                f"{line}; {done} of {len(texts)} objectives, {len(failed)} failed, "
                f"{training.format_time(left)} left",
                flush=True,
            )
    return failed


def _print_table(path: Path) -> None:
    print(
        f"{'objective':<30}{'before':>9}{'after':>9}{'change':>9}{'d':>8}{'p':>10}{'Spearman':>10}"
    )
    rows = analysis.read_results(path)
    several_weights = rows.pir_weight.nunique() > 1
    for row in rows.itertuples():
        if row.failure:
            continue
        name = row.objective if len(row.objective) < 24 else f"{row.objective[:20]}..."
        name += f" round {row.round}" if row.round > 1 else ""
        name += f" w {row.pir_weight:g}" if several_weights else ""
        print(
            f"{name:<30}{row.mean_before:>9.4f}"
            f"{row.mean_after:>9.4f}{row.change:>9.4f}{row.cohens_d:>8.2f}"
            f"{analysis.format_p(row.p):>10}{row.heldout_spearman:>10.2f}"
        )
