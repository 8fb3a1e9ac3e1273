"""Training of the PIR estimator (section 2.1.3)."""

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.bins import bin_rates
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator
from pirgan_tf.estimator.rated_images import RatedImages
from pirgan_tf.training.devices import Devices
from pirgan_tf.training.randomness import stream_seed
from pirgan_tf.training.trainer import Trainer

_EVALUATION_BATCH = 100


class EstimatorTrainer(Trainer):
    """Trains a PIR estimator by cross-entropy to the bin of the observed rate, at T = 1.

    Args:
        shape: how to build the estimator.
        devices: where and in which precision.
        train: images to learn from.
        heldout: images to measure on.
        batch_size: images a step over all replicas.
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
        batch_size: int,
        learning_rate: float,
        patience: int,
        temperature: float,
        seed: int,
    ):
        super().__init__(
            devices, batch_size=batch_size, num_images=len(train), loss_names=("loss/train",)
        )
        if len(heldout) < 3:
            raise InputError(
                "heldout must leave at least 3 images to measure on. "
                f"Received: {len(heldout)} of {len(train) + len(heldout)}"
            )
        with self.strategy.scope():
            self.estimator = PirEstimator(
                shape, dtype=devices.dtype, synchronized=devices.num_replicas > 1
            )
            self._optimizer = keras.optimizers.Adam(learning_rate)
            self._optimizer.build(self.estimator.model.trainable_variables)
        with tf.device("CPU:0"):
            self._images = tf.constant(train.images)
        self._bins = tf.constant(bin_rates(train.positives, train.impressions, shape.num_bins))
        self._heldout = heldout
        self._patience = patience
        self._temperature = temperature
        self._stream = stream_seed(seed, "train_estimator")
        self._best = _Best(self.estimator.model.get_weights()) if patience else None

    @property
    def chosen_step(self) -> int | None:
        """The step whose weights early stopping chose; None without early stopping."""
        return int(self._best.step.numpy()) if self._best else None

    def draw_batch(self, step, replica) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns images and bins of a step: every image once an epoch, in a new order each."""
        count = tf.cast(len(self._images), tf.int64)
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
            images = tf.gather(self._images, rows)
        return tf.cast(images, tf.float32) / 127.5 - 1.0, tf.gather(self._bins, rows)

    def update(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Makes one step of Adam; returns this replica's share of the cross-entropy."""
        images, bins = batch
        model = self.estimator.model
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                bins, self.estimator.logits(images, training=True)
            )
            loss = tf.reduce_sum(losses) / self.batch_size
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        self._optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return {"loss/train": loss}

    def checkpoint_items(self) -> dict:
        """Returns network, optimizer and what early stopping remembers."""
        items = {"estimator": self.estimator.model, "optimizer": self._optimizer}
        return items | ({"best": self._best} if self._best else {})

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns the held-out figures, and takes note of them for early stopping."""
        figures = self.measure()
        if self._best:
            self._best.note(figures["heldout/loss"], step, self.estimator.model)
        return figures

    def is_finished(self) -> bool:
        """Returns whether early stopping has waited long enough."""
        return self._best is not None and self._best.waited.numpy() >= self._patience

    def restore_best(self) -> None:
        """Returns to the weights of the smallest held-out loss, if there is early stopping."""
        if self._best and self._best.step.numpy():
            self.estimator.model.set_weights([weight.numpy() for weight in self._best.weights])

    def predict_heldout(self) -> np.ndarray:
        """Returns the estimated rates of the held-out images at the temperature of use."""
        return self._predict()[1]

    def measure(self) -> dict[str, float]:
        """Returns cross-entropy at T = 1, mean absolute error and Spearman's correlation.

        The last is 0 where all estimates are alike.
        """
        losses, estimates = self._predict()
        # Equal logits give sums over the bins that differ in the last bits.
        constant = np.ptp(estimates) < 1e-6 or np.ptp(self._heldout.rates) == 0
        spearman = 0.0 if constant else stats.spearmanr(estimates, self._heldout.rates).statistic
        return {
            "heldout/loss": float(losses.mean()),
            "heldout/mae": float(np.abs(estimates - self._heldout.rates).mean()),
            "heldout/spearman": float(spearman),
        }

    def _predict(self) -> tuple[np.ndarray, np.ndarray]:
        bins = bin_rates(
            self._heldout.positives, self._heldout.impressions, self.estimator.shape.num_bins
        )
        losses, estimates = [], []
        for start in range(0, len(self._heldout), _EVALUATION_BATCH):
            rows = slice(start, start + _EVALUATION_BATCH)
            images = tf.cast(self._heldout.images[rows], tf.float32) / 127.5 - 1.0
            loss, estimate = self._judge(images, bins[rows])
            losses.append(loss.numpy())
            estimates.append(estimate.numpy())
        return np.concatenate(losses), np.concatenate(estimates)

    @tf.function(reduce_retracing=True)
    def _judge(self, images, bins):
        logits = self.estimator.logits(images)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(bins, logits)
        return loss, self.estimator.expectation(logits, self._temperature)


class _Best(tf.Module):
    """The weights of the smallest held-out loss, as variables which a checkpoint holds."""

    def __init__(self, weights: list[np.ndarray]):
        super().__init__()
        self.loss = tf.Variable(tf.float32.max, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.waited = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.weights = [tf.Variable(weight, trainable=False) for weight in weights]

    def note(self, loss: float, step: int, model: keras.Model) -> None:
        if loss < self.loss.numpy():
            self.loss.assign(loss)
            self.step.assign(step)
            self.waited.assign(0)
            for kept, weight in zip(self.weights, model.get_weights(), strict=True):
                kept.assign(weight)
        else:
            self.waited.assign_add(1)
