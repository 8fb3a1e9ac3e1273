"""Pretraining that watches how far the images are from photographs."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from pirgan_tf.gan.trainer import GanTrainer


class WatchedGanTrainer(GanTrainer):
    """A `GanTrainer` that measures its generator, and may keep the best networks.

    Args:
        *arguments: as for `GanTrainer`.
        measure: returns figures of a generator by name, "heldout/kid" among them.
        keep_best: whether `restore_best` goes back to the networks of the lowest
            "heldout/kid".
        **settings: as for `GanTrainer`.
    """

    def __init__(
        self,
        *arguments: Any,
        measure: Callable[[keras.Model], dict[str, float]],
        keep_best: bool,
        **settings: Any,
    ):
        super().__init__(*arguments, **settings)
        self._measure = measure
        self._best = _Best(self._exported()) if keep_best else None

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns the figures, and takes note of the networks if they are the best so far."""
        figures = self.workers.of_chief(self._measure(self.averaged_generator() or self.generator))
        if self._best:
            self._best.note(figures["heldout/kid"], step, self._exported())
        return figures

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the best networks so far."""
        return super().checkpoint_items() | ({"best": self._best} if self._best else {})

    def restore_best(self) -> int | None:
        """Goes back to the best networks; returns their step, or None if none were kept."""
        if not self._best or not self._best.step.numpy():
            return None
        for variable, kept in zip(self._exported(), self._best.kept, strict=True):
            variable.assign(kept)
        return int(self._best.step.numpy())

    def _exported(self) -> list:
        """Returns the variables that `save_gan` exports."""
        averages = self._average.variables if self._average else ()
        return [*self.generator.weights, *self.discriminator.weights, *averages]


class _Best(tf.Module):
    """Variables as they were at the lowest distance, which a checkpoint holds."""

    def __init__(self, variables: list):
        super().__init__()
        self.kid = tf.Variable(tf.float32.max, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.kept = [tf.Variable(tf.convert_to_tensor(v), trainable=False) for v in variables]

    def note(self, kid: float, step: int, variables: list) -> None:
        if kid < self.kid.numpy():
            self.kid.assign(kid)
            self.step.assign(step)
            for kept, variable in zip(self.kept, variables, strict=True):
                kept.assign(tf.convert_to_tensor(variable))
