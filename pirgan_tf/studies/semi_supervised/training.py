"""The training of one classifier."""

from pathlib import Path

import numpy as np

from pirgan_tf import training
from pirgan_tf.data import Splits
from pirgan_tf.files.json import read_json_lines
from pirgan_tf.studies.semi_supervised.networks import draw_latents
from pirgan_tf.studies.semi_supervised.trainer import SemiSupervisedTrainer
from pirgan_tf.studies.trainings import Arrays
from pirgan_tf.training.randomness import stream_seed

RECORDS = 30
"""Into how many parts a training is divided, after each of which the classifier is tested."""

_SAMPLES = 100


def train(
    splits: Splits,
    labelled: np.ndarray,
    folder: Path,
    *,
    minibatch_discrimination: bool,
    steps: int,
    batch_size: int,
    learning_rate: float,
    average_decay: float,
    seed: int,
) -> Arrays:
    """Trains a classifier, or goes on with it.

    Args:
        splits, labelled, minibatch_discrimination, batch_size, learning_rate, average_decay: as
            for `SemiSupervisedTrainer`.
        folder: what the training goes on from, and its figures by step.
        steps: how long.
        seed: of the initial weights and of every draw.

    Returns:
        `curve`: share of test images that are wrong, with the average of weights and with the
        present ones, `[records, 2]`, and `steps` of the records;
        `probabilities` of the test images' classes at the end, with the average;
        `samples`, uint8 `[100, 28, 28, 1]`; `seconds`.

    Raises:
        InputError: if a batch is larger than the set.
    """
    devices = training.configure(
        strategy="one", replicas=0, precision="float32", jit="auto", seed=seed
    )
    trainer = SemiSupervisedTrainer(
        splits,
        labelled,
        devices,
        minibatch_discrimination=minibatch_discrimination,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        average_decay=average_decay,
        seed=seed,
    )
    every = max(1, steps // RECORDS)
    schedule = training.loop.Schedule(
        steps, log_every=every, evaluate_every=every, checkpoint_every=0, keep_checkpoints=1
    )
    folder.mkdir(exist_ok=True)
    training.loop.run(trainer, schedule, folder)
    rows = read_json_lines(folder / "stats.jsonl")
    latents = draw_latents(_SAMPLES, stream_seed(seed, "semi_supervised_samples"))
    samples = trainer.generator(latents, training=False)
    return {
        "steps": np.array([row["step"] for row in rows]),
        "curve": np.array([[row["error"], row["last_error"]] for row in rows]),
        "probabilities": trainer.predict(),
        "samples": np.rint(255 * np.asarray(samples)).astype(np.uint8),
        "seconds": np.array(rows[-1]["seconds"]),
    }
