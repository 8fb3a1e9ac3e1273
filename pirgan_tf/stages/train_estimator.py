"""Stage `train_estimator`: a gallery and its interactions in, a PIR estimator out."""

import dataclasses
from pathlib import Path
from typing import NoReturn

from pirgan_tf import analysis, estimator, users
from pirgan_tf.errors import InputError
from pirgan_tf.stages.command import run_command
from pirgan_tf.stages.gallery import read_gallery
from pirgan_tf.stages.options import option
from pirgan_tf.stages.outputs import output_folder, write_json
from pirgan_tf.stages.training_options import TrainingOptions, set_up_devices, train

STAGE = "train_estimator"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainEstimatorOptions(TrainingOptions):
    """Flags of train_estimator; the defaults are the paper's numbers."""

    gallery: str = option("Gallery, from sample.")
    interactions: str = option("interactions.csv of the gallery, or its folder.")
    steps: int = option(
        "Training steps (decision of ours).", 25_000, minimum=1, changes_result=False
    )
    learning_rate: float = option("Learning rate of Adam.", 5e-4, above=0.0)
    depth_multiplier: float = option(
        "Scales the depths of Inception v2; 1 is the paper.", 1.0, above=0.0
    )
    num_bins: int = option("Bins of the rate.", 100, minimum=2)
    temperature: float = option("Softmax temperature in use.", estimator.USE_TEMPERATURE, above=0.0)
    slim_checkpoint: str | None = option(
        "TF-slim's checkpoint of Inception v2 to begin with, instead of random weights.", None
    )
    heldout: float = option("Part of the gallery to measure on.", 0.1, above=0.0, below=1.0)
    evaluate_every: int = option("Steps between measurements.", 100, minimum=1)
    patience: int = option(
        "Stop after so many measurements without a smaller held-out loss, and return to the "
        "smallest; 0, the paper's way, never.",
        0,
        minimum=0,
    )

    def validate(self) -> None:
        """Checks the numbers, the gallery and the interactions."""
        super().validate()
        check_checkpoint(self.slim_checkpoint)
        _read(self)


def run(options: TrainEstimatorOptions) -> None:
    """Learns from interactions to estimate the rate of any image (section 2.1.3).

    Writes estimator.keras, estimator.json, fit.json (how good it is on images
    that were held out), options.json, stats.jsonl, summaries/ and checkpoints/ to
    the output.
    """
    options, devices = set_up_devices(options)
    print(f"{STAGE}: {devices.reason}", flush=True)
    training_images, heldout = _read(options).split(options.heldout, options.seed)
    trainer = estimator.EstimatorTrainer(
        estimator.EstimatorShape(
            depth_multiplier=options.depth_multiplier, num_bins=options.num_bins
        ),
        devices,
        training_images,
        heldout,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        patience=options.patience,
        temperature=options.temperature,
        seed=options.seed,
    )
    if options.slim_checkpoint:
        estimator.load_slim_checkpoint(trainer.estimator.model, options.slim_checkpoint)
    with output_folder(STAGE, options, resumable=True) as folder:
        steps = train(trainer, options, folder, evaluate_every=options.evaluate_every)
        trainer.restore_best()
        trainer.estimator.save(folder)
        figures = trainer.measure()
        fit = {
            "num_train": len(training_images),
            "num_heldout": len(heldout),
            "steps": steps,
            "chosen_step": trainer.chosen_step or steps,
            "temperature": options.temperature,
            "loss": figures["heldout/loss"],
            "mae": figures["heldout/mae"],
            "spearman": figures["heldout/spearman"],
            "spearman_ceiling": analysis.spearman_ceiling(heldout.rates, heldout.impressions),
            "calibration": analysis.calibration_table(trainer.predict_heldout(), heldout.rates),
        }
        write_json(folder / "fit.json", fit)
    ceiling = fit["spearman_ceiling"]
    print(
        f"{STAGE}: on {fit['num_heldout']} held-out images Spearman {fit['spearman']:.3f} "
        f"(ceiling {'unknown' if ceiling is None else format(ceiling, '.3f')}), "
        f"mean absolute error {fit['mae']:.4f}"
    )


def dry_run(options: TrainEstimatorOptions) -> dict:
    """Returns the parameter counts."""
    shape = estimator.EstimatorShape(
        depth_multiplier=options.depth_multiplier, num_bins=options.num_bins
    )
    return {"parameters": {"estimator": estimator.PirEstimator(shape).model.count_params()}}


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, TrainEstimatorOptions, run, dry_run)


def check_checkpoint(path: str | None) -> None:
    """Checks that there is a checkpoint: a prefix, an old single file or a folder.

    Raises:
        InputError: if there is none.
    """
    if path and not (Path(path).exists() or Path(f"{path}.index").exists()):
        raise InputError(f"slim_checkpoint must be TF-slim's checkpoint. Received: {path}")


def _read(options: TrainEstimatorOptions):
    gallery = read_gallery(options.gallery)
    table = users.match_gallery(users.read_interactions(options.interactions), gallery.ids.tolist())
    return estimator.RatedImages(
        gallery.images, table.impressions.to_numpy(), table.positives.to_numpy()
    )
