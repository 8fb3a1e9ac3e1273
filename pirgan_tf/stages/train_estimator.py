"""Stage `train_estimator`: a gallery and its interactions in, a PIR estimator out."""

import dataclasses
import zlib
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from pirgan_tf import analysis, estimator, training
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.outputs import write_json
from pirgan_tf.data.gallery import read_gallery
from pirgan_tf.stages.shared.several_workers import ending_together, training_folder
from pirgan_tf.stages.shared.train_estimator_options import TrainEstimatorOptions
from pirgan_tf.stages.shared.training_options import set_up_devices, train

if TYPE_CHECKING:
    from pirgan_tf.estimator import EstimatorShape, EstimatorTrainer, RatedImages
    from pirgan_tf.training import TracedTrainers
    from pirgan_tf.training.devices import Devices

STAGE = "train_estimator"


@ending_together
def run(options: TrainEstimatorOptions, trainers: "TracedTrainers | None" = None) -> None:
    """Learns from interactions to estimate the rate of any image (section 2.1.3).

    Writes estimator.keras, estimator.json, fit.json (how good it is on images
    that it neither learned from nor chose anything by), options.json, stats.jsonl
    and summaries/ to the output; of the further members of an ensemble
    estimator-2.keras and so on, and their records in trainings/member-2/ and so on.

    Args:
        options: the flags.
        trainers: those of earlier runs in this process, whose graphs are used again.
    """
    options, devices = set_up_devices(options)
    print(f"{STAGE}: {devices.reason}", flush=True)
    learned, validation, test = options.split()
    trainers = trainers or training.TracedTrainers()
    given: dict[str, Any] = {"output": "", "gallery": (), "interactions": (), "seed": 0}
    given |= {"initial": None, "slim_checkpoint": None}
    members, validated, tested, losses = [], [], [], []
    with training_folder(STAGE, options, devices.workers) as folder:
        for member in range(1, options.members + 1):
            trainer = trainers.reuse(
                _new_trainer(options, devices, learned, validation, member),
                dataclasses.replace(options, **given),
            )
            place = folder
            if member > 1:
                print(f"{STAGE}: member {member} of {options.members}", flush=True)
                place = folder / "trainings" / f"member-{member}"
                place.mkdir(parents=True, exist_ok=True)
            steps = train(trainer, options, place, evaluate_every=options.evaluate_every)
            trainer.restore_best()
            trainer.estimator.save(folder, member)
            validated.append(trainer.judge(validation)[0])
            logits, loss = trainer.judge(test)
            tested.append(logits)
            losses.append(float(loss.mean()))
            members.append({"steps": steps, "chosen_step": trainer.chosen_step or steps})
        shape, temperature = trainer.estimator.shape, options.temperature
        shape = dataclasses.replace(shape, members=options.members)
        if options.fit_temperature:
            temperature = estimator.fit_temperature(
                np.stack(validated), validation.positives, validation.impressions
            )
            shape = dataclasses.replace(shape, temperature=temperature)
            shape.save(folder)
        rates = estimator.member_rates(shape, np.concatenate(tested, axis=1), temperature).numpy()
        estimates = rates.mean(axis=0)
        slope = analysis.calibration_slope(estimates, test.rates)
        fit = {
            # By these, evaluate knows whether images are new to the estimator.
            "galleries": [read_gallery(path).fingerprint for path in options.gallery],
            "num_train": len(learned),
            # What was measured during training chose nothing without these.
            "num_validation": len(validation) if options.chooses else 0,
            "num_test": len(test),
            "percent_nonzero": analysis.percent_nonzero(learned.rates, options.num_bins),
            **members[0],
            "members": members,
            "temperature": temperature,
            "loss": float(np.mean(losses)),
            "mae": float(np.abs(estimates - test.rates).mean()),
            "spearman": estimator.spearman(estimates, test.rates),
            "spearman_ceiling": analysis.spearman_ceiling(test.rates, test.impressions),
            "spread": float(rates.std(axis=0, ddof=1).mean()) if len(rates) > 1 else None,
            "slope": slope and dataclasses.asdict(slope),
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
    return {"parameters": {"estimator": options.members * model.count_params()}}


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, TrainEstimatorOptions, run, dry_run)


def _shape(options: TrainEstimatorOptions, image_size: int) -> "EstimatorShape":
    return estimator.EstimatorShape(
        image_size, options.depth_multiplier, options.num_bins, options.head
    )


def _new_trainer(
    options: TrainEstimatorOptions,
    devices: "Devices",
    learned: "RatedImages",
    validation: "RatedImages",
    member: int,
) -> "EstimatorTrainer":
    """Returns the trainer of a member, with its initial weights."""
    # Here, because flags are checked without TensorFlow.
    import keras

    seed = options.seed
    if member > 1:
        seed = zlib.crc32(f"{options.seed} {member}".encode()) & 0x7FFFFFFF
        keras.utils.set_random_seed(seed)
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
        seed=seed,
    )
    estimator.load_first_weights(
        trainer.estimator, options.slim_checkpoint, options.initial, member
    )
    return trainer
