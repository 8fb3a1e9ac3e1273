"""Training of the PIR estimator (section 2.1.3)."""

from typing import Any

import keras
import numpy as np
from scipy import stats

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.labels import hard_labels, scalar_labels, soft_labels
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.estimator.supervised_trainer import SupervisedTrainer
from pirgan_tf.kernels.accelerate import accelerate
from pirgan_tf.training.devices import Devices


class EstimatorTrainer(SupervisedTrainer):
    """Trains a PIR estimator, by default by cross-entropy to the observed rate's bin at T = 1.

    Args:
        shape: how to build the estimator.
        devices: where and in which precision.
        train: images to learn from.
        heldout: images to measure on during training; early stopping chooses by them.
        labels: "hard", the paper's single bin, or "soft", see `soft_labels`. The
            scalar head learns the rates themselves.
        batch_size: images per step over all replicas.
        learning_rate: of Adam.
        patience: stop after this many evaluations without a smaller held-out loss
            and return to the weights of the smallest; 0 never stops early.
        temperature: of the softmax in use, for the held-out figures.
        seed: the run's seed.

    Attributes:
        estimator: the `PirEstimator`.

    Raises:
        InputError: if there are fewer than 3 held-out images, or a batch does not fit.
    """

    def __init__(
        self,
        shape: EstimatorShape,
        devices: Devices,
        train: RatedImages,
        heldout: RatedImages,
        *,
        labels: str = "hard",
        batch_size: int,
        learning_rate: float,
        patience: int,
        temperature: float,
        seed: int,
    ):
        if len(heldout) < 3:
            raise InputError(
                "heldout must leave at least 3 images to measure on. "
                f"Received: {len(heldout)} of {len(train) + len(heldout)}"
            )

        def build() -> keras.Model:
            plain = build_estimator(shape, devices.dtype)
            return accelerate(plain, synchronized=devices.num_replicas > 1)

        super().__init__(
            build,
            devices,
            train.images,
            _labels(train, shape, labels),
            batch_size=batch_size,
            learning_rate=learning_rate,
            patience=patience,
            seed=seed,
            stream="train_estimator",
        )
        self.estimator = PirEstimator(shape, self._model)
        self._heldout = heldout
        self._kind = labels
        self._temperature = temperature

    def begin_as(self, other: Any) -> None:
        """Becomes what another trainer is; see `Trainer.begin_as`."""
        super().begin_as(other)
        self._heldout = other._heldout

    def losses(self, logits, labels):
        """Returns each image's loss `[n]`; see `PirEstimator.losses`."""
        return self.estimator.losses(logits, labels)

    def judge(self, rated: RatedImages) -> tuple[np.ndarray, np.ndarray]:
        """Returns the logits `[n, outputs]` of images, and their losses `[n]`."""
        return self.predict(rated.images, _labels(rated, self.estimator.shape, self._kind))

    def measure(self) -> dict[str, float]:
        """Returns the loss, mean absolute error and Spearman's correlation of held-out images."""
        logits, losses = self.judge(self._heldout)
        estimates = self.estimator.expectation(logits, self._temperature).numpy()
        return {
            "heldout/loss": float(losses.mean()),
            "heldout/mae": float(np.abs(estimates - self._heldout.rates).mean()),
            "heldout/spearman": spearman(estimates, self._heldout.rates),
        }


def spearman(estimates: np.ndarray, rates: np.ndarray) -> float:
    """Returns Spearman's correlation of estimates `[n]` and rates; 0 where either is constant."""
    # Equal logits give sums over the bins that differ in the last bits.
    if np.ptp(estimates) < 1e-6 or np.ptp(rates) == 0:
        return 0.0
    return float(stats.spearmanr(estimates, rates).statistic)


def _labels(rated: RatedImages, shape: EstimatorShape, kind: str) -> np.ndarray:
    if shape.head == "scalar":
        return scalar_labels(rated.positives, rated.impressions)
    label = {"hard": hard_labels, "soft": soft_labels}[kind]
    return label(rated.positives, rated.impressions, shape.num_bins)
