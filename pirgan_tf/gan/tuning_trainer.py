"""Tuning that is measured as it goes, and may keep the images diverse."""

import functools
import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.gan.batches import GanBatch
from pirgan_tf.gan.costs import Terms
from pirgan_tf.gan.trainer import RateFunction
from pirgan_tf.gan.tuning_figures import DIVERSITY, ESTIMATE, measure_tuning
from pirgan_tf.gan.watched_trainer import Figures, WatchedGanTrainer

# Decisions of ours. A lack of a tenth of the diversity divides the weight by e at each measure, but
# not below a thousandth, from where it would take as long to come back.
_ASCENT = 10.0
_MOST = math.log(1000)


class TuningTrainer(WatchedGanTrainer):
    """A `WatchedGanTrainer` that tunes, and may hold a constraint on the images' diversity.

    The constraint is that the diversity is at least a share b of that before tuning. At each
    measure, its multiplier rises by how far the diversity's share d falls short (projected dual
    ascent), and the weight of the rate is what it was at first, less the more the constraint binds:

        mu <- mu + 10 (b - d), within [0, log 1000],    w_PIR <- w_PIR(0) exp(-mu)

    Steps also give "loss/p_real", the mean probability of being real that the discriminator gives
    the images.

    Args:
        *arguments, rate_function: as for `GanTrainer`.
        features: from images `[n, size, size, 3]` in [-1, 1] to features `[n, d]`, by whose
            distances the diversity is measured (`measure_tuning`).
        keep_diversity: b, in (0, 1]; `restore_best` goes back to the networks of the highest
            estimate among those within the constraint, which the untuned ones are. None is no
            constraint: the trainer only measures.
        patience: with a constraint, stop after so many measures without better networks; 0 never
            stops early.
        **settings: as for `GanTrainer`.

    Raises:
        InputError: if the images are all alike before tuning.
    """

    def __init__(
        self,
        *arguments: Any,
        rate_function: RateFunction,
        features: Callable[[tf.Tensor], tf.Tensor],
        keep_diversity: float | None = None,
        patience: int = 0,
        **settings: Any,
    ):
        super().__init__(
            *arguments,
            measure=functools.partial(
                measure_tuning, rate_function=rate_function, features=features
            ),
            rank=None if keep_diversity is None else self._rank_inside,
            rate_function=rate_function,
            **settings,
        )
        self.loss_names += ("loss/p_real",)
        self._keep_diversity = keep_diversity
        self._patience = patience
        self._multiplier = tf.Variable(0.0, trainable=False, dtype=tf.float64)
        self._untuned = tf.Variable(1.0, trainable=False, dtype=tf.float64)
        figures = self.measure()
        if not figures[DIVERSITY] > 0:
            raise InputError(
                "images of the GAN must differ from each other for their diversity to be "
                f"measured. Received: a diversity of {figures[DIVERSITY]:g}"
            )
        self._untuned.assign(figures[DIVERSITY])
        self._note(figures | {DIVERSITY: 1.0}, step=0)

    def _train_discriminator(self, batch: GanBatch, fakes: tf.Tensor) -> Terms:
        """Updates the discriminator; returns its terms, and P(real) of the generated images."""
        # Here, and not with the other figures: with batch norm, what it says outside of training,
        # by statistics of photographs as well, is something else.
        terms = super()._train_discriminator(batch, fakes)
        return terms | {"p_real": 1 - tf.exp(terms["fake"])}

    def measure(self) -> Figures:
        """Returns the figures; the diversity is a share of that before tuning."""
        figures = super().measure()
        return figures | {DIVERSITY: figures[DIVERSITY] / float(self._untuned.numpy())}

    def evaluate(self, step: int) -> Figures:
        """Returns the figures, takes note of the networks, and adapts the weight."""
        figures = super().evaluate(step)
        if self._keep_diversity is not None:
            multiplier = float(self._multiplier.numpy())
            violation = self._keep_diversity - figures[DIVERSITY]
            raised = min(max(0.0, multiplier + _ASCENT * violation), _MOST)
            self._multiplier.assign(raised)
            weight = float(self._rate_weight.numpy()) * math.exp(multiplier - raised)
            self._rate_weight.assign(weight)
        return figures | {"tuning/pir_weight": float(self._rate_weight.numpy())}

    def is_finished(self) -> bool:
        """Returns whether it has waited long enough for better networks."""
        return bool(self._best and 0 < self._patience <= self._best.waited.numpy())

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers, the best networks, and the constraint's variables."""
        return super().checkpoint_items() | {
            "untuned_diversity": self._untuned,
            "multiplier": self._multiplier,
            "rate_weight": self._rate_weight,
        }

    def _rank_inside(self, figures: Figures) -> float:
        inside = figures[DIVERSITY] >= (self._keep_diversity or 0.0)
        return figures[ESTIMATE] if inside else -math.inf
