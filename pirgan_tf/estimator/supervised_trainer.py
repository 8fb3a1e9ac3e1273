"""Training of a network on images and their labels."""

import abc
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.training.best import Best
from pirgan_tf.training.devices import Devices
from pirgan_tf.training.grids import to_float
from pirgan_tf.training.randomness import stream_seed
from pirgan_tf.training.trainer import Trainer

_EVALUATION_BATCH = 100


class SupervisedTrainer(Trainer):
    """Trains a network with Adam on every image once per epoch, in a new order each.

    Args:
        build: returns the network, from images to logits; called within the strategy.
        devices: where.
        images: shape `[n, size, size, 3]`, uint8.
        labels: shape `[n, k]`, float32.
        batch_size: images per step over all replicas.
        learning_rate: of Adam.
        patience: stop after this many evaluations without a smaller held-out loss
            and return to the weights of the smallest; 0 never stops early.
        seed: the run's seed.
        stream: the name of the stage, so that stages draw differently.

    Raises:
        InputError: if a batch does not fit.
    """

    def __init__(
        self,
        build: Callable[[], keras.Model],
        devices: Devices,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        batch_size: int,
        learning_rate: float,
        patience: int,
        seed: int,
        stream: str,
    ):
        super().__init__(
            devices, batch_size=batch_size, num_images=len(images), loss_names=("loss/train",)
        )
        with self.strategy.scope():
            self._model = build()
            self._optimizer = keras.optimizers.Adam(learning_rate)
            self._optimizer.build(self._model.trainable_variables)
        with tf.device("CPU:0"):
            self._images = tf.Variable(images, trainable=False)
            self._labels = tf.Variable(labels, trainable=False)
            self._stream = tf.Variable(stream_seed(seed, stream), trainable=False)
        self._patience = patience
        self._best = Best(self._model.weights) if patience else None

    @abc.abstractmethod
    def losses(self, logits, labels) -> tf.Tensor:
        """Returns each image's loss `[n]`, from the model's output and the labels `[n, k]`."""

    @abc.abstractmethod
    def measure(self) -> dict[str, float]:
        """Returns figures of the images held out, "heldout/loss" among them."""

    @property
    def chosen_step(self) -> int | None:
        """The step whose weights early stopping chose; None without one, or early stopping."""
        step = int(self._best.step.numpy()) if self._best else -1
        return step if step >= 0 else None

    def draw_batch(self, step, replica) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns images in [-1, 1] and labels of a step."""
        count = tf.constant(self._images.shape[0], tf.int64)
        first = step * self.batch_size + tf.cast(replica, tf.int64) * self.replica_batch_size
        positions = first + tf.range(self.replica_batch_size, dtype=tf.int64)
        epochs = tf.cast(positions // count, tf.int32)
        seeds = tf.concat(
            [tf.tile(self._stream[None], [self.replica_batch_size, 1]), epochs[:, None]], axis=1
        )
        # The raw operation: with the 4 rounds of its public wrapper some seeds hardly
        # shuffle a small set, or not at all.
        rows = tf.raw_ops.RandomIndexShuffle(
            index=positions % count, seed=seeds, max_index=count - 1, rounds=16
        )
        with tf.device("CPU:0"):
            images, labels = tf.gather(self._images, rows), tf.gather(self._labels, rows)
        return to_float(images), labels

    def update(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Makes one step of Adam; returns this replica's share of the mean loss."""
        images, labels = batch
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            losses = self.losses(self._model(images, training=True), labels)
            loss = tf.reduce_sum(losses) / self.batch_size
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return {"loss/train": loss}

    def checkpoint_items(self) -> dict:
        """Returns network, optimizer and what early stopping remembers."""
        items = {"estimator": self._model, "optimizer": self._optimizer}
        return items | ({"best": self._best} if self._best else {})

    def state(self) -> list:
        """Returns network, optimizer, what early stopping remembers, data and seed."""
        return [*super().state(), self._images, self._labels, self._stream]

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns the held-out figures, and takes note of them for early stopping."""
        figures = self.workers.of_chief(self.measure())
        if self._best:
            self._best.note(-figures["heldout/loss"], step, self._model.weights)
        return figures

    def is_finished(self) -> bool:
        """Returns whether early stopping has waited long enough."""
        return self._best is not None and self._best.waited.numpy() >= self._patience

    def restore_best(self) -> None:
        """Returns to the weights of the smallest held-out loss, if there is early stopping."""
        if self._best and self.chosen_step is not None:
            self._best.restore(self._model.weights)

    def predict(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the logits `[n, k]` and losses `[n]` of images, uint8, with labels `[n, k]`."""
        blocks = [
            self._judge(
                images[start : start + _EVALUATION_BATCH], labels[start:][:_EVALUATION_BATCH]
            )
            for start in range(0, len(images), _EVALUATION_BATCH)
        ]
        logits, losses = zip(*blocks, strict=True)
        return np.concatenate(logits), np.concatenate(losses)

    @tf.function(reduce_retracing=True, autograph=False)
    def _judge(self, images, labels):
        logits = self._model(to_float(images))
        return logits, self.losses(logits, labels)
