"""Stage `pretrain_estimator`: labelled photographs in, an Inception v2 out."""

import dataclasses
from typing import NoReturn

import numpy as np

from pirgan_tf import data, estimator
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import option
from pirgan_tf.cli.outputs import write_json
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.dataset_options import DatasetOptions
from pirgan_tf.stages.shared.several_workers import ending_together, training_folder
from pirgan_tf.stages.shared.training_options import set_up_devices, train

STAGE = "pretrain_estimator"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainEstimatorOptions(DatasetOptions):
    """Flags of pretrain_estimator."""

    steps: int = option("Training steps.", 25_000, minimum=1, changes_result=False)
    learning_rate: float = option("Learning rate of Adam.", 5e-4, above=0.0)
    depth_multiplier: float = option(
        "Scales the depths of Inception v2; 1 is the paper.", 1.0, above=0.0, below=16.0
    )
    heldout: float = option(
        "Part of the photographs to hold out. The figures of fit.json are of these; with patience, "
        "of one half of them, and the other half chooses the step.",
        0.1,
        above=0.0,
        below=1.0,
    )
    evaluate_every: int = option("Steps between measurements.", 100, minimum=1)
    patience: int = option(
        "Stop after so many measurements without a smaller loss on one half of the photographs "
        "held out, and return to the smallest; 0 never.",
        0,
        minimum=0,
    )


@ending_together
def run(options: PretrainEstimatorOptions) -> None:
    """Trains Inception v2 to tell classes of photographs apart, for estimators to begin with.

    It takes the place of the paper's training on JFT, which is not public. Writes
    inception_v2.keras, fit.json (accuracy on photographs that were held out),
    options.json, stats.jsonl and summaries/ to the output, which
    train_estimator takes as --initial.
    """
    options, devices = set_up_devices(options)
    print(f"{STAGE}: {devices.reason}", flush=True)
    dataset = data.load_dataset(
        options.dataset,
        classes=options.classes,
        num_landscapes=options.landscapes,
        image_size=options.image_size,
    )
    num_classes = len(dataset.class_names)
    if num_classes < 2:
        raise InputError(f"dataset must have at least 2 classes. Received: {num_classes}")
    order = np.random.default_rng(options.seed).permutation(len(dataset.images))
    count = round(options.heldout * len(order))
    if not 0 < count < len(order):
        raise InputError(
            f"heldout must leave photographs on both sides. Received: {count} of {len(order)}"
        )
    num_validation = count // 2 if options.patience else 0
    if options.patience and not num_validation:
        raise InputError(
            f"heldout must be at least 2 photographs where there is patience. Received: {count}"
        )
    for rows in np.split(order, [count]):
        lost = set(range(num_classes)) - set(dataset.labels[rows].tolist())
        if lost:
            names = ", ".join(dataset.class_names[label] for label in sorted(lost))
            raise InputError(
                "heldout must leave photographs of every class on both sides; another seed may "
                f"do. Received: {count} of {len(order)} held out, and one side without {names}"
            )
    validation, test, learned = (
        (dataset.images[rows], dataset.labels[rows])
        for rows in np.split(order, [num_validation, count])
    )
    trainer = estimator.ClassifierTrainer(
        options.depth_multiplier,
        devices,
        train=learned,
        heldout=validation if options.patience else test,
        num_classes=num_classes,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        patience=options.patience,
        seed=options.seed,
    )
    with training_folder(STAGE, options, devices.workers) as folder:
        steps = train(trainer, options, folder, evaluate_every=options.evaluate_every)
        trainer.restore_best()
        trainer.save_trunk(folder)
        figures = trainer.measure(test)
        fit = {
            "classes": list(dataset.class_names),
            "num_train": len(order) - count,
            "num_validation": num_validation,
            "num_test": count - num_validation,
            "steps": steps,
            "chosen_step": trainer.chosen_step or steps,
            "loss": figures["heldout/loss"],
            "accuracy": figures["heldout/accuracy"],
        }
        write_json(folder / "fit.json", fit)
    print(f"{STAGE}: accuracy {fit['accuracy']:.3f} on {fit['num_test']} held-out photographs")


def dry_run(options: PretrainEstimatorOptions) -> dict:
    """Returns the parameter count of the network without its classes."""
    trunk = estimator.build_inception_v2(depth_multiplier=options.depth_multiplier)
    return {"parameters": {"inception_v2": trunk.count_params()}}


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, PretrainEstimatorOptions, run, dry_run)
