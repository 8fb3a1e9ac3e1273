"""What the loop asks of a trainer."""

import abc
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.training.devices import Devices


class Trainer(abc.ABC):
    """Trains by calling one function per replica and step.

    Batches are of images, or of what `UNIT` says.

    Args:
        devices: where to train.
        batch_size: images per step, over all replicas.
        num_images: images to train on.
        loss_names: names of the figures that a step gives.

    Raises:
        InputError: if the batch cannot be split over the replicas, or exceeds
            the number of images.
    """

    UNIT: ClassVar[str] = "images"

    def __init__(
        self, devices: Devices, *, batch_size: int, num_images: int, loss_names: tuple[str, ...]
    ):
        if batch_size % devices.num_replicas:
            raise InputError(
                f"batch_size must be a multiple of the {devices.num_replicas} replicas. "
                f"Received: {batch_size}"
            )
        if batch_size > num_images:
            raise InputError(
                f"batch_size must be at most the number of {self.UNIT} to train on, {num_images}. "
                f"Received: {batch_size}"
            )
        self.batch_size = batch_size
        self.replica_batch_size = batch_size // devices.num_replicas
        self.loss_names = loss_names
        self.strategy = devices.strategy
        self.workers = devices.workers
        self._jit = devices.jit
        self._host_input = devices.host_input
        self._batches: Iterator | None = None
        self._next_step = 0

    @abc.abstractmethod
    def draw_batch(self, step: tf.Tensor, replica):
        """Returns the batch of a step on a replica: a function of these two and the seed alone.

        XLA compiles `update` only: it has no kernel for some draws, and would move data that
        stands in the host's memory to the device.
        """

    @abc.abstractmethod
    def update(self, batch) -> dict[str, tf.Tensor]:
        """Makes one step with a replica's batch.

        Returns:
            This replica's share of each of `loss_names`: their sum over the
            replicas is the mean over the whole batch.
        """

    @abc.abstractmethod
    def checkpoint_items(self) -> dict:
        """Returns everything that a resumed run needs, by name: models, optimizers, variables."""

    def state(self) -> list:
        """Returns the variables in which trainers of the same settings can differ.

        Those are networks, optimizers, seeds and data: everything else that the traced step
        reads is a constant of its graph.
        """
        return [
            variable
            for item in self.checkpoint_items().values()
            for variable in getattr(item, "variables", [item])
        ]

    def begin_as(self, other: "Trainer") -> None:
        """Becomes what another trainer of the same settings is, and keeps its traced step.

        Args:
            other: of the same class, built with the same settings; its `state` has the same
                shapes.
        """
        for variable, value in zip(self.state(), other.state(), strict=True):
            variable.assign(value)
        # What was drawn ahead is of other data.
        self._batches = None

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns figures in addition to the losses."""
        return {}

    def draw_images(self) -> np.ndarray | None:
        """Returns a picture of the model's present images, uint8, or None if it makes none."""
        return None

    def is_finished(self) -> bool:
        """Returns whether to stop before the last step."""
        return False

    def host_batches(self, first_step: int, num_steps: int) -> Iterator | None:
        """Returns what gives `train` its batches, or None where each replica draws its own."""
        if not self._host_input:
            return None
        if self._batches is None or first_step != self._next_step:
            self._batches = self._draw_on_host(first_step)
        self._next_step = first_step + num_steps
        return self._batches

    def _draw_on_host(self, first_step: int) -> Iterator:
        """Returns the batches from a step on, drawn ahead by the processor of the host."""

        def draw(context: tf.distribute.InputContext) -> tf.data.Dataset:
            count = context.num_replicas_in_sync // context.num_input_pipelines
            first_replica = count * context.input_pipeline_id

            def draw_next(place):
                replica = tf.cast(first_replica + place % count, tf.int32)
                return self.draw_batch(place // count, replica)

            places = tf.data.Dataset.counter(count * first_step)
            return places.map(draw_next).prefetch(2 * count)

        return iter(self.strategy.distribute_datasets_from_function(draw))

    @tf.function(reduce_retracing=True)
    def train(
        self, first_step: tf.Tensor, num_steps: tf.Tensor, batches: Iterator | None = None
    ) -> dict[str, tf.Tensor]:
        """Trains for some steps and returns the sum of each loss over them.

        Args:
            first_step: its number, int64.
            num_steps: how many, int64.
            batches: of `host_batches`.
        """
        update: Callable = tf.function(self.update, jit_compile=True) if self._jit else self.update

        # Half of the time of tracing would go into the conversion of what has no loop.
        @tf.autograph.experimental.do_not_convert
        def replica_step(step, batch):
            if batch is None:
                replica = tf.distribute.get_replica_context().replica_id_in_sync_group
                batch = self.draw_batch(step, replica)
            shares = update(batch)
            # As one tensor: one message between machines.
            return tf.stack([shares[name] for name in self.loss_names])

        # Double precision: a tick's means must not depend on how its steps are split into calls.
        sums = tf.zeros(len(self.loss_names), tf.float64)
        for step in tf.range(first_step, first_step + num_steps):
            batch = None if batches is None else next(batches)
            shares = self.strategy.run(replica_step, args=(step, batch))
            total = self.strategy.reduce(tf.distribute.ReduceOp.SUM, shares, axis=None)
            sums += tf.cast(total, sums.dtype)
        return dict(zip(self.loss_names, tf.unstack(sums), strict=True))
