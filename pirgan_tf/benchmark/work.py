"""What `benchmark` times: the work of each stage, on random images."""

import contextlib
import dataclasses
import functools
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import benchmark, estimator, gan, kernels, training, users

if TYPE_CHECKING:
    from pirgan_tf.stages.benchmark import BenchmarkOptions
    from pirgan_tf.training.devices import Devices
    from pirgan_tf.training.trainer import Trainer

_CLASSES = 2
_IMAGES = 2000
_IMAGE_SIZE = 64
_SAMPLE_BATCH = 100
_VGG16_SHAPE = (224, 224, 3)


@dataclasses.dataclass(frozen=True)
class Work:
    """One stage's work.

    Attributes:
        batch_size: images per step.
        run: makes so many steps, and returns when their results are there.
        operations: counts the floating-point operations of a step.
        outside: measures the seconds per step that a run spends outside the networks; None
            where that is not told apart.
        precision: in which it computes; None is that of the devices.
    """

    batch_size: int
    run: Callable[[int], Any]
    operations: Callable[[], int]
    outside: Callable[[], float] | None = None
    precision: str | None = None


def make_work(stage: str, options: "BenchmarkOptions", devices: "Devices") -> Work:
    """Builds the work of a stage.

    Args:
        stage: what to time; vgg16 is what simulate does for an objective of its filters.
        options: sizes.
        devices: where.
    """
    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, _IMAGE_SIZE, _IMAGE_SIZE, 3))
    make = {
        "pretrain": _pretrain,
        "train_estimator": _train_estimator,
        "tune": _tune,
        "sample": _sample,
        "vgg16": _vgg16,
    }
    return make[stage](images.astype(np.uint8), options, devices)


def _pretrain(images: np.ndarray, options: "BenchmarkOptions", devices: "Devices") -> Work:
    return _training(_gan_trainer(images, options, devices))


def _tune(images: np.ndarray, options: "BenchmarkOptions", devices: "Devices") -> Work:
    with devices.strategy.scope():
        plain = estimator.build_estimator(_shape(options), devices.dtype)
        judge = estimator.PirEstimator(_shape(options), kernels.freeze(plain))
    return _training(_gan_trainer(images, options, devices, judge.expected_pir))


def _gan_trainer(
    images: np.ndarray,
    options: "BenchmarkOptions",
    devices: "Devices",
    rate_function: Callable | None = None,
) -> "Trainer":
    shape = gan.GanShape(("first", "second"), width=options.width)
    batches = gan.GanBatches(
        images,
        np.arange(len(images)) % shape.num_classes,
        num_classes=shape.num_classes,
        batch_size=options.batch_size,
        latent_size=shape.latent_size,
        seed=0,
        stream="benchmark",
    )
    with devices.strategy.scope():
        optimizers = gan.paper_optimizers()
    return gan.GanTrainer(
        gan.build_networks(shape, dtype=devices.dtype),
        gan.acgan(),
        batches,
        optimizers,
        devices,
        rate_function=rate_function,
    )


def _train_estimator(images: np.ndarray, options: "BenchmarkOptions", devices: "Devices") -> Work:
    shown = np.full(len(images), 1000)
    rated = estimator.RatedImages(images, shown, np.arange(len(images)) % 1000)
    learned, heldout = rated.split(0.1, 0)
    trainer = estimator.EstimatorTrainer(
        _shape(options),
        devices,
        learned,
        heldout,
        batch_size=options.batch_size,
        learning_rate=5e-4,
        patience=0,
        temperature=estimator.USE_TEMPERATURE,
        seed=0,
    )
    return _training(trainer)


def _shape(options: "BenchmarkOptions") -> "estimator.EstimatorShape":
    return estimator.EstimatorShape(_IMAGE_SIZE, options.depth_multiplier)


def _sample(images: np.ndarray, options: "BenchmarkOptions", devices: "Devices") -> Work:
    # Of plain layers and in float32, as sample loads it.
    generator = gan.build_generator(_CLASSES, width=options.width)
    inputs = [tf.zeros([_SAMPLE_BATCH, size]) for size in (generator.inputs[0].shape[1], _CLASSES)]
    return Work(
        _SAMPLE_BATCH,
        lambda count: gan.generate(generator, count * _SAMPLE_BATCH, seed=0),
        lambda: _operations(lambda: generator(inputs, training=False)),
        precision="float32",
    )


def _vgg16(images: np.ndarray, options: "BenchmarkOptions", devices: "Devices") -> Work:
    squared_norms = users.trace_norms("random")
    batch = images[: users.VGG16_BATCH]
    # The same network; a function that is traced already cannot be looked into.
    network = kernels.accelerate(
        keras.applications.VGG16(weights=None, include_top=False, input_shape=_VGG16_SHAPE)
    )
    pixels = tf.zeros([len(batch), *_VGG16_SHAPE])

    def run(count: int) -> None:
        for _ in range(count):
            squared_norms(batch).numpy()

    return Work(
        len(batch),
        run,
        lambda: _operations(lambda: network(pixels, training=False)),
        precision="float32",
    )


def _training(trainer: "Trainer") -> Work:
    def run(count: int) -> None:
        sums = trainer.train(tf.constant(0, tf.int64), tf.constant(count, tf.int64))
        # Reading a value waits for all of them.
        float(next(iter(sums.values())))

    def step() -> Any:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return trainer.update(trainer.draw_batch(tf.constant(0, tf.int64), replica))

    return Work(
        trainer.batch_size,
        run,
        lambda: _operations(lambda: trainer.strategy.run(step)),
        functools.partial(_outside, trainer),
    )


def _operations(step: Callable[[], Any]) -> int:
    return benchmark.speed.count_operations(
        tf.function(step, autograph=False).get_concrete_function()
    )


def _outside(trainer: "Trainer") -> float:
    """Measures input and records.

    Records are a status line, a line of statistics, an evaluation, a grid of images and a
    checkpoint every 100 steps. By default grids and checkpoints come every 1,000.
    """

    @tf.function
    def draw(step):
        replica = tf.distribute.get_replica_context
        return trainer.strategy.run(
            lambda: trainer.draw_batch(step, replica().replica_id_in_sync_group)
        )

    def draw_some(count: int) -> None:
        for step in range(count):
            draw(tf.constant(step, tf.int64))
        tf.test.experimental.sync_devices()

    draw_some(1)
    drawing = benchmark.speed.time_steps(draw_some, 5, 5).median
    trainer.evaluate(0)
    trainer.draw_images()
    clocked: Any = _Clocked(trainer)
    schedule = training.loop.Schedule(steps=1, evaluate_every=1, images_every=1)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        started = time.perf_counter()
        training.loop.run(clocked, schedule, Path(folder))
        records = time.perf_counter() - started - clocked.seconds
    return drawing + records / training.loop.Schedule.log_every


class _Clocked:
    """A trainer whose steps are timed.

    Attributes:
        seconds: what they took.
    """

    def __init__(self, trainer: "Trainer"):
        self._trainer = trainer
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trainer, name)

    def train(self, *args: Any) -> Any:
        started = time.perf_counter()
        sums = {name: float(value) for name, value in self._trainer.train(*args).items()}
        self.seconds += time.perf_counter() - started
        return sums
