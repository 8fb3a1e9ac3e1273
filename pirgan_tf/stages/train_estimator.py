"""Stage `train_estimator`: a gallery and its interactions in, a PIR estimator out."""

import dataclasses
import functools
import operator
import os
from typing import TYPE_CHECKING, Any, NoReturn

from pirgan_tf import analysis, estimator, users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import option
from pirgan_tf.cli.outputs import write_json
from pirgan_tf.data.gallery import read_gallery
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, is_folder
from pirgan_tf.stages.shared.estimator_options import LEAST_TEMPERATURE, MOST_TEMPERATURE
from pirgan_tf.stages.shared.several_workers import ending_together, training_folder
from pirgan_tf.stages.shared.training_options import TrainingOptions, set_up_devices, train

if TYPE_CHECKING:
    from pirgan_tf.estimator import EstimatorShape, RatedImages
    from pirgan_tf.training import TracedTrainers

STAGE = "train_estimator"
# Fewer have no rank correlation.
LEAST_HELDOUT = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainEstimatorOptions(TrainingOptions):
    """Flags of train_estimator; the defaults are the paper's numbers."""

    gallery: tuple[str, ...] = option("Gallery, from sample; or several, with commas.", reads=str)
    interactions: tuple[str, ...] = option(
        "interactions.csv of each gallery, or its folder.", reads=str
    )
    steps: int = option(
        "Training steps (decision of ours).", 25_000, minimum=1, changes_result=False
    )
    learning_rate: float = option("Learning rate of Adam.", 5e-4, above=0.0)
    depth_multiplier: float = option(
        "Scales the depths of Inception v2; 1 is the paper.", 1.0, above=0.0, below=16.0
    )
    num_bins: int = option("Bins of the rate.", 100, minimum=2, below=10_001)
    head: str = option(
        "Output: the paper's softmax over bins, or a scalar, which did worse in the paper.",
        "softmax",
        choices=("softmax", "scalar"),
    )
    labels: str = option(
        "What the softmax learns: the bin of the observed rate, as in the paper, or what the "
        "counts say about the true rate, as a Beta distribution over the bins.",
        "hard",
        choices=("hard", "soft"),
    )
    temperature: float = option(
        "Softmax temperature in use.",
        estimator.USE_TEMPERATURE,
        minimum=LEAST_TEMPERATURE,
        below=MOST_TEMPERATURE,
    )
    slim_checkpoint: str | None = option(
        "TF-slim's checkpoint of Inception v2 with initial weights; random by default.",
        None,
        reads=str,
    )
    initial: str | None = option(
        "Folder of train_estimator or pretrain_estimator with initial weights; random by default.",
        None,
        reads=str,
    )
    heldout: float = option(
        "Part of each gallery to hold out. The figures of fit.json are of these images; with "
        "patience, of one half of them, and the other half chooses the step.",
        0.1,
        above=0.0,
        below=1.0,
    )
    num_train: int | None = option(
        "Images of each gallery to learn from; by default all that are not held out.",
        None,
        minimum=1,
    )
    evaluate_every: int = option("Steps between measurements.", 100, minimum=1)
    patience: int = option(
        "Stop after so many measurements without a smaller loss on one half of the images held "
        "out, and return to the smallest; 0, the paper's way, never.",
        0,
        minimum=0,
    )

    def validate(self) -> None:
        """Checks the numbers, the gallery and the interactions."""
        super().validate()
        check_initial(self.slim_checkpoint, self.initial)
        check_labels(self.head, self.labels)
        if not self.gallery or len(self.gallery) != len(self.interactions):
            raise InputError(
                "gallery and interactions must name one file or folder each, or as many as each "
                f"other. Received: {len(self.gallery)} and {len(self.interactions)}"
            )
        _split(self)


@ending_together
def run(options: TrainEstimatorOptions, trainers: "TracedTrainers | None" = None) -> None:
    """Learns from interactions to estimate the rate of any image (section 2.1.3).

    Writes estimator.keras, estimator.json, fit.json (how good it is on images
    that it neither learned from nor chose its step by), options.json, stats.jsonl
    and summaries/ to the output.

    Args:
        options: the flags.
        trainers: those of earlier runs in this process, whose graphs are used again.
    """
    options, devices = set_up_devices(options)
    print(f"{STAGE}: {devices.reason}", flush=True)
    learned, validation, test = _split(options)
    trainer = estimator.EstimatorTrainer(
        _shape(options, learned.image_size),
        devices,
        learned,
        validation,
        labels=options.labels,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        patience=options.patience,
        temperature=options.temperature,
        seed=options.seed,
    )
    if options.slim_checkpoint:
        estimator.load_slim_initial(trainer.estimator, options.slim_checkpoint)
    if options.initial:
        estimator.load_initial(trainer.estimator, options.initial)
    if trainers:
        given: dict[str, Any] = {"output": "", "gallery": (), "interactions": (), "seed": 0}
        given |= {"initial": None, "slim_checkpoint": None}
        trainer = trainers.reuse(trainer, dataclasses.replace(options, **given))
    with training_folder(STAGE, options, devices.workers) as folder:
        steps = train(trainer, options, folder, evaluate_every=options.evaluate_every)
        trainer.restore_best()
        trainer.estimator.save(folder)
        figures = trainer.measure(test)
        estimates, _ = trainer.estimate(test)
        fit = {
            # By these, evaluate knows whether images are new to the estimator.
            "galleries": [read_gallery(path).fingerprint for path in options.gallery],
            "num_train": len(learned),
            # What was measured during training chose nothing without early stopping.
            "num_validation": len(validation) if options.patience else 0,
            "num_test": len(test),
            "percent_nonzero": analysis.percent_nonzero(learned.rates, options.num_bins),
            "steps": steps,
            "chosen_step": trainer.chosen_step or steps,
            "temperature": options.temperature,
            "loss": figures["heldout/loss"],
            "mae": figures["heldout/mae"],
            "spearman": figures["heldout/spearman"],
            "spearman_ceiling": analysis.spearman_ceiling(test.rates, test.impressions),
            "calibration": analysis.calibration_table(estimates, test.rates),
        }
        write_json(folder / "fit.json", fit)
    ceiling = fit["spearman_ceiling"]
    print(
        f"{STAGE}: on {fit['num_test']} held-out images Spearman {fit['spearman']:.3f} "
        f"(ceiling {'unknown' if ceiling is None else format(ceiling, '.3f')}), "
        f"mean absolute error {fit['mae']:.4f}"
    )


def dry_run(options: TrainEstimatorOptions) -> dict:
    """Returns the parameter counts."""
    shape = _shape(options, read_gallery(options.gallery[0]).image_size)
    model = estimator.PirEstimator(shape).model
    return {"parameters": {"estimator": model.count_params()}}


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, TrainEstimatorOptions, run, dry_run)


def check_initial(slim_checkpoint: str | None, initial: str | None) -> None:
    """Checks that the weights to begin with are there, and are of one kind.

    Args:
        slim_checkpoint: a prefix, an old single file or a folder, or None.
        initial: a folder of train_estimator or pretrain_estimator, or None.

    Raises:
        InputError: if there are none, or both were given.
    """
    if slim_checkpoint and initial:
        raise InputError(
            "slim_checkpoint and initial are two ways to begin; give one. "
            f"Received: {slim_checkpoint} and {initial}"
        )
    if slim_checkpoint and not is_folder(slim_checkpoint):
        index = f"{slim_checkpoint}.index"
        check_file(
            index if os.path.lexists(index) else slim_checkpoint,
            "slim_checkpoint must be TF-slim's checkpoint",
        )
    if initial:
        estimator.find_initial(initial)


def check_labels(head: str, labels: str) -> None:
    """Checks that the labels are for the head.

    Raises:
        InputError: if they are not.
    """
    if head == "scalar" and labels != "hard":
        raise InputError(
            "labels are for the softmax head; the scalar one learns the rate itself. "
            f"Received: head={head} and labels={labels}"
        )


def _shape(options: TrainEstimatorOptions, image_size: int) -> "EstimatorShape":
    return estimator.EstimatorShape(
        image_size, options.depth_multiplier, options.num_bins, options.head
    )


def _split(options: TrainEstimatorOptions) -> tuple["RatedImages", "RatedImages", "RatedImages"]:
    """Returns the images to learn from, to measure during training, and to report on.

    The last two are the same without early stopping, which chooses by the former.
    """
    parts = []
    seen: set[str] = set()
    for path, interactions in zip(options.gallery, options.interactions, strict=True):
        gallery = read_gallery(path)
        if gallery.fingerprint in seen:
            raise InputError(
                f"galleries must be different. Received: the images of {path} a second time"
            )
        seen.add(gallery.fingerprint)
        table = users.match_gallery(users.read_interactions(interactions), gallery.ids.tolist())
        rated = estimator.RatedImages(
            gallery.images, table.impressions.to_numpy(), table.positives.to_numpy()
        )
        # Each gallery by itself: what is held out of one stays so when others join it.
        learned, heldout = rated.split(options.heldout, options.seed, options.num_train)
        halves = heldout.split(0.5, options.seed) if options.patience else (heldout, heldout)
        parts.append((learned, *halves))
    learned, validation, test = (
        functools.reduce(operator.add, part) for part in zip(*parts, strict=True)
    )
    sizes = sorted({part[0].image_size for part in parts})
    if len(sizes) > 1:
        raise InputError(f"galleries must have images of one size. Received: {sizes}")
    if min(len(validation), len(test)) < LEAST_HELDOUT:
        wanted = f"{LEAST_HELDOUT} images to measure on"
        if options.patience:
            wanted += f" and, with patience, {LEAST_HELDOUT} more to choose the step by"
        raise InputError(
            f"heldout must leave at least {wanted}. Received: heldout={options.heldout:g} of "
            f"{len(learned) + len(validation) + len(test) * bool(options.patience)}"
        )
    return learned, validation, test
