"""Training of Inception v2 on labelled photographs, for estimators to begin with.

The paper begins with weights trained on JFT (section 2.1.3), a data set that is not
public. Photographs with classes are what takes its place here.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.estimator.initial import TRUNK_FILE
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator
from pirgan_tf.estimator.supervised_trainer import SupervisedTrainer
from pirgan_tf.kernels.accelerate import accelerate
from pirgan_tf.kernels.weights import copy_weights
from pirgan_tf.training.devices import Devices


class ClassifierTrainer(SupervisedTrainer):
    """Trains Inception v2 to classify photographs.

    Args:
        depth_multiplier: scales the depths of Inception v2.
        devices: where and in which precision.
        train: images `[n, size, size, 3]`, uint8, and their classes `[n]`.
        heldout: the same, to measure on during training; early stopping chooses by them.
        num_classes: number of classes.
        batch_size: images per step over all replicas.
        learning_rate: of Adam.
        patience: stop after this many evaluations without a smaller held-out loss
            and return to the weights of the smallest; 0 never stops early.
        seed: the run's seed.

    Raises:
        InputError: if a batch does not fit.
    """

    def __init__(
        self,
        depth_multiplier: float,
        devices: Devices,
        train: tuple[np.ndarray, np.ndarray],
        heldout: tuple[np.ndarray, np.ndarray],
        *,
        num_classes: int,
        batch_size: int,
        learning_rate: float,
        patience: int,
        seed: int,
    ):
        # An estimator with classes for bins: its trunk is the estimators' own.
        self._shape = EstimatorShape(train[0].shape[1], depth_multiplier, num_classes)

        def build() -> keras.Model:
            plain = build_estimator(self._shape, devices.dtype)
            return accelerate(plain, synchronized=devices.num_replicas > 1)

        one_hot = np.eye(num_classes, dtype=np.float32)
        super().__init__(
            build,
            devices,
            train[0],
            one_hot[train[1]],
            batch_size=batch_size,
            learning_rate=learning_rate,
            patience=patience,
            seed=seed,
            stream="pretrain_estimator",
        )
        self._heldout = heldout
        self._num_classes = num_classes

    def losses(self, logits, labels):
        """Returns each image's cross-entropy `[n]`."""
        return tf.nn.softmax_cross_entropy_with_logits(labels, logits)

    def measure(self, photographs: tuple[np.ndarray, np.ndarray] | None = None) -> dict[str, float]:
        """Returns cross-entropy and accuracy on held-out photographs.

        Args:
            photographs: others than those that are measured during training.
        """
        images, classes = self._heldout if photographs is None else photographs
        logits, losses = self.predict(images, np.eye(self._num_classes, dtype=np.float32)[classes])
        hits = logits.argmax(axis=1) == classes
        return {"heldout/loss": float(losses.mean()), "heldout/accuracy": float(hits.mean())}

    def save_trunk(self, folder: Path) -> None:
        """Writes inception_v2.keras, float32: images in [-1, 1] to features, without classes."""
        exported = PirEstimator(self._shape, build_estimator(self._shape, "float32"))
        copy_weights(self._model, exported.model)
        exported.trunk.save(folder / TRUNK_FILE)
