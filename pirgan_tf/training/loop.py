"""The loop around every trainer: steps, records, checkpoints, resuming."""

import dataclasses
import math
import time
from pathlib import Path

import tensorflow as tf

from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.training.checkpoints import Checkpoints
from pirgan_tf.training.records import Records
from pirgan_tf.training.stopping import stopping
from pirgan_tf.training.trainer import Trainer

_SECONDS_PER_CALL = 1.0


@dataclasses.dataclass(frozen=True)
class Schedule:
    """When the loop does what; all in steps but where the name says otherwise.

    Attributes:
        steps: the last step.
        log_every: a tick: one status line, one record of the mean losses.
        evaluate_every: `Trainer.evaluate`; 0 is never.
        images_every: `Trainer.draw_images`; 0 is never.
        checkpoint_every: checkpoint by step; 0 is never.
        checkpoint_minutes: checkpoint by time; 0 is never.
        keep_checkpoints: how many of the newest are kept.
    """

    steps: int
    log_every: int = 100
    evaluate_every: int = 0
    images_every: int = 0
    checkpoint_every: int = 1000
    checkpoint_minutes: float = 10.0
    keep_checkpoints: int = 3

    def next_stop(self, step: int) -> int:
        """Returns the first step after `step` at which something is due."""
        periods = (self.log_every, self.evaluate_every, self.images_every, self.checkpoint_every)
        return min([self.steps] + [(step // every + 1) * every for every in periods if every])


def run(trainer: Trainer, schedule: Schedule, folder: Path) -> int:
    """Trains to the last step, from the newest checkpoint in `folder` if there is one.

    One call runs as many steps as take about a second, so that a signal is
    answered soon and Python costs nothing. How the steps are split into calls
    has no influence on the weights.

    What is due at the last step only because it is the last comes after its
    checkpoint: a run that continues to more steps is then that of a straight one.

    Args:
        trainer: the trainer, with all its variables built.
        schedule: when to do what.
        folder: receives `checkpoints/`, `summaries/` (TensorBoard), `stats.jsonl`
            and `images/`.

    Returns:
        The step at which training ended.

    Raises:
        Interrupted: after SIGTERM or SIGINT; a checkpoint was written. A second
            signal ends the process at once.
        InputError: if the checkpoint is of a later step than the last, or of
            other networks, or if none can be read.
        TrainingError: if a loss or a weight is not finite, and no checkpoint was
            written after the last good one; or if none can be written.
    """
    checkpoints = Checkpoints(
        folder / "checkpoints", trainer.checkpoint_items(), schedule.keep_checkpoints
    )
    step, recorded = checkpoints.restore()
    if step > schedule.steps:
        raise InputError(
            f"steps must be at least {step}, which the unfinished output has reached. "
            f"Received: {schedule.steps}"
        )
    with (
        stopping(trainer.workers.count > 1) as stop,
        Records(
            folder, step, recorded, schedule.steps, trainer.batch_size, trainer.UNIT
        ) as records,
    ):
        stop.saved = step

        def save() -> None:
            _check_weights(trainer, step)
            checkpoints.save(step, records.state())
            stop.saved, stop.unsaved = step, False

        if step == 0:
            records.image("fakes_init", 0, trainer.draw_images())
        saved_at = time.monotonic()
        steps_per_call = 1
        while step < schedule.steps and not trainer.is_finished():
            count = min(steps_per_call, schedule.next_stop(step) - step)
            started = time.monotonic()
            sums = trainer.train(
                tf.constant(step, tf.int64),
                tf.constant(count, tf.int64),
                trainer.host_batches(step, count),
            )
            sums = {name: float(value) for name, value in sums.items()}
            stop.unsaved = True
            # Workers must make the same calls and checkpoints, and stop at the same step.
            seconds, unsaved_for, signum = trainer.workers.highest(
                time.monotonic() - started, time.monotonic() - saved_at, stop.noted
            )
            if signum:
                stop.signum = int(signum)
            _check_losses(sums, step + 1, step + count)
            step += count
            records.add(sums, count)
            steps_per_call = max(1, round(count * _SECONDS_PER_CALL / max(seconds, 1e-6)))

            evaluated = _is_due(step, schedule.evaluate_every)
            if evaluated:
                records.add_evaluation(trainer.evaluate(step))
            if _is_due(step, schedule.images_every):
                records.image(f"fakes_{step:06d}", step, trainer.draw_images())
            # Figures of an evaluation belong to its own step, so it ends a tick.
            if _is_due(step, schedule.log_every) or evaluated:
                records.tick(step)
            late = unsaved_for > 60 * schedule.checkpoint_minutes > 0
            if _is_due(step, schedule.checkpoint_every) or late or stop.signum:
                save()
                saved_at = time.monotonic()
            stop.interrupt()
        if stop.saved < step:
            save()
        stop.interrupt()
        _finish(trainer, schedule, records, step)
    return step


def _finish(trainer: Trainer, schedule: Schedule, records: Records, step: int) -> None:
    """Ends the records at the last step, where it is not one at which they are due."""
    unevaluated = schedule.evaluate_every and step % schedule.evaluate_every
    if unevaluated:
        records.add_evaluation(trainer.evaluate(step))
    if schedule.images_every and step % schedule.images_every:
        records.image(f"fakes_{step:06d}", step, trainer.draw_images())
    if step > records.last_tick or unevaluated:
        records.tick(step)


def _is_due(step: int, every: int) -> bool:
    return bool(every) and step % every == 0


def _check_losses(sums: dict[str, float], first: int, last: int) -> None:
    for name, value in sums.items():
        if not math.isfinite(value):
            raise TrainingError(
                f"{name} must stay finite; start again with a lower learning rate, or with "
                "--precision=float32 if it was bfloat16. "
                f"Received: {value} in steps {first} to {last}"
            )


def _check_weights(trainer: Trainer, step: int) -> None:
    for name, item in trainer.checkpoint_items().items():
        variables = getattr(item, "variables", [])
        for variable in variables:
            value = tf.convert_to_tensor(variable)
            if value.dtype.is_floating and not tf.reduce_all(tf.math.is_finite(value)):
                raise TrainingError(
                    f"variables of the {name} must stay finite; the last checkpoint is from "
                    f"before. Received: NaN or infinity in "
                    f"{getattr(variable, 'path', variable.name)} at step {step}"
                )
