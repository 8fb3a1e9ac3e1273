"""Pretraining that watches how far the images are from photographs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
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
        self._best = _Best(self._networks()) if keep_best else None

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns the figures, and takes note of the networks if they are the best so far."""
        figures = self._measure(self.generator)
        if self._best:
            self._best.note(figures["heldout/kid"], step, self._networks())
        return figures

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the best networks so far."""
        return super().checkpoint_items() | ({"best": self._best} if self._best else {})

    def restore_best(self) -> int | None:
        """Goes back to the best networks; returns their step, or None if none were kept."""
        if not self._best or not self._best.step.numpy():
            return None
        kept = [weight.numpy() for weight in self._best.weights]
        count = len(self.generator.weights)
        self.generator.set_weights(kept[:count])
        self.discriminator.set_weights(kept[count:])
        return int(self._best.step.numpy())

    def _networks(self) -> tuple[keras.Model, keras.Model]:
        return self.generator, self.discriminator


class _Best(tf.Module):
    """The networks of the lowest distance, as variables which a checkpoint holds."""

    def __init__(self, networks: tuple[keras.Model, ...]):
        super().__init__()
        self.kid = tf.Variable(tf.float32.max, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.weights = [tf.Variable(weight, trainable=False) for weight in _weights(networks)]

    def note(self, kid: float, step: int, networks: tuple[keras.Model, ...]) -> None:
        if kid < self.kid.numpy():
            self.kid.assign(kid)
            self.step.assign(step)
            for kept, weight in zip(self.weights, _weights(networks), strict=True):
                kept.assign(weight)


def _weights(networks: tuple[keras.Model, ...]) -> list[np.ndarray]:
    return [weight for network in networks for weight in network.get_weights()]
