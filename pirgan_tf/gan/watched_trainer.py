"""Training of a GAN that is measured as it goes."""

from collections.abc import Callable
from typing import Any

import keras

from pirgan_tf.gan.trainer import GanTrainer
from pirgan_tf.training.best import Best

Figures = dict[str, float]


class WatchedGanTrainer(GanTrainer):
    """A `GanTrainer` that measures its generator, and may keep the best networks.

    Args:
        *arguments: as for `GanTrainer`.
        measure: returns figures of a generator by name.
        rank: how good a generator of such figures is; -inf for one that is not to be kept. With
            None `restore_best` goes back to no step.
        **settings: as for `GanTrainer`.
    """

    def __init__(
        self,
        *arguments: Any,
        measure: Callable[[keras.Model], Figures],
        rank: Callable[[Figures], float] | None,
        **settings: Any,
    ):
        super().__init__(*arguments, **settings)
        self._measure = measure
        self._rank = rank
        self._best = Best(self._exported()) if rank else None

    def measure(self) -> Figures:
        """Returns the figures of the generator as it would be exported now."""
        return self.workers.of_chief(self._measure(self.averaged_generator() or self.generator))

    def evaluate(self, step: int) -> Figures:
        """Returns the figures, and takes note of the networks if they are the best so far."""
        figures = self.measure()
        self._note(figures, step)
        return figures

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the best networks so far."""
        return super().checkpoint_items() | ({"best": self._best} if self._best else {})

    def restore_best(self) -> int | None:
        """Goes back to the best networks; returns their step, or None if none were kept."""
        if not self._best or self._best.step.numpy() < 0:
            return None
        self._best.restore(self._exported())
        return int(self._best.step.numpy())

    def _note(self, figures: Figures, step: int) -> None:
        if self._best and self._rank:
            self._best.note(self._rank(figures), step, self._exported())

    def _exported(self) -> list:
        """Returns the variables that `save_gan` exports."""
        averages = self._average.variables if self._average else ()
        return [*self.generator.weights, *self.discriminator.weights, *averages]
