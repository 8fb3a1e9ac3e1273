"""The training of one generator."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from pirgan_tf import training
from pirgan_tf.data import Text
from pirgan_tf.files.json import read_json_lines
from pirgan_tf.studies.text.methods import METHODS
from pirgan_tf.studies.text.sampling import draw_states, draw_tokens
from pirgan_tf.studies.text.trainer import TextTrainer
from pirgan_tf.studies.trainings import Arrays
from pirgan_tf.training.randomness import step_seeds, stream_seed

_TICKS_PER_EPOCH = 10
_PARTS = ("valid", "test")


def train(
    name: str,
    text: Text,
    folder: Path,
    *,
    seed: int,
    epochs: int,
    batch_size: int,
    length: int,
    learning_rate: float,
    temperatures: tuple[float, ...],
    num_samples: int,
) -> Arrays:
    """Trains a generator, or goes on with it, and samples it.

    Args:
        name: one of `METHODS`.
        text: to learn from.
        folder: what the training goes on from, and its figures by step.
        seed: of the initial weights and of every draw.
        epochs: passes over the text.
        batch_size, length, learning_rate: as for `TextTrainer`.
        temperatures: at which to sample.
        num_samples: how many sequences for each.

    Returns:
        `perplexity` of the validation and the test set before training and after each epoch,
        `[epochs + 1, 2]`;
        `samples`, int32 `[temperatures, num_samples, length]`; `accuracy`, that of the
        discriminator in the last epoch, `[1]`, or `[0]` if there is none; `seconds`.

    Raises:
        InputError: if the text is too short for a batch.
    """
    devices = training.configure(
        strategy="one", replicas=0, precision="float32", jit="auto", seed=seed
    )
    trainer = TextTrainer(
        METHODS[name],
        text.train,
        len(text.vocabulary),
        devices,
        batch_size=batch_size,
        length=length,
        learning_rate=learning_rate,
        seed=seed,
        measured={"valid": text.valid, "test": text.test},
    )
    untrained = trainer.evaluate(0)
    every = trainer.steps_per_epoch
    schedule = training.loop.Schedule(
        epochs * every,
        log_every=max(1, every // _TICKS_PER_EPOCH),
        evaluate_every=every,
        checkpoint_every=0,
        keep_checkpoints=1,
    )
    folder.mkdir(exist_ok=True)
    training.loop.run(trainer, schedule, folder)
    rows = read_json_lines(folder / "stats.jsonl")
    measured = [untrained, *(row for row in rows if row["step"] % every == 0)]
    last = [row["accuracy"] for row in rows[-_TICKS_PER_EPOCH:] if "accuracy" in row]
    return {
        "perplexity": np.array(
            [[row[f"{part}_perplexity"] for part in _PARTS] for row in measured]
        ),
        "samples": _sample(trainer, seed, length, temperatures, num_samples),
        "accuracy": np.array([np.mean(last)] if last else []),
        "seconds": np.array(rows[-1]["seconds"]),
    }


def _sample(
    trainer: TextTrainer, seed: int, length: int, temperatures: tuple[float, ...], count: int
) -> np.ndarray:
    generator = trainer.generator
    states, tokens = step_seeds(stream_seed(seed, "text_samples"), 0, 2)

    @tf.function(input_signature=[tf.TensorSpec((), tf.float32)])
    def sample(temperature):
        begun = draw_states(count, generator.units, states)
        return draw_tokens(generator, begun, length, tokens, temperature)

    return np.stack([sample(each).numpy() for each in temperatures])
