"""Writes the training steps as XLA programs, for a machine with a GPU and JAX but no TensorFlow.

    python benchmarks/gpu/export.py --photos=runs/photos --output=runs/gpu/programs

`tf.function(jit_compile=True)` gives its program as HLO. Variables and constants that a function
captures are further arguments of the program, and the new values of the variables that it writes
are further results. All of them have names, so that programs share one state: what the program of
the estimator has trained, that of tuning reads. Each program makes many steps per call.

Written are, for each program, NAME.hlo and NAME.json (the names of what it reads and writes);
state.json (how every array of the state begins), photos.webp (without loss), and expected.json
(the losses of the first steps as TensorFlow computes them).

First weights are not sent. They are drawn again from numpy's uniform distribution with the standard
deviation of Keras's initial weights, by the same function here and there (`arrays.draw`).
"""

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from arrays import CHECKED_STEPS, STEPS_PER_CALL, draw, save_photos

from pirgan_tf import data, estimator, gan, kernels
from pirgan_tf.kernels import filter_gradient, winograd
from pirgan_tf.training.devices import Devices, configure
from pirgan_tf.users.filter_table import norms_function

LEARNED_IMAGES = 900
SAMPLED, PREDICTED, SCORED = 200, 100, 50
GAN_ITEMS = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")


@dataclasses.dataclass
class Program:
    """A function to be written, with the names of what it captures.

    Attributes:
        function: to be compiled by XLA; its results are a list of tensors.
        arguments: examples of its arguments.
        outputs: names of its results.
        owners: names of the captured tensors, by their id.
        written: names of those that the function writes.
        check: makes the first steps and returns their losses; None for what is no training.
    """

    function: Callable[..., list[tf.Tensor]]
    arguments: list[tf.Tensor]
    outputs: list[str]
    owners: dict[int, str]
    written: set[str] = dataclasses.field(default_factory=set)
    check: Callable[[Any], list[list[float]]] | None = None


def main() -> None:
    """Writes the programs that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, help="folder that import_photos wrote")
    parser.add_argument("--programs", default="gan,estimator,tune,sample,predict")
    parser.add_argument("--precisions", default="float32,bfloat16")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--depth_multiplier", type=float, default=1.0)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--vgg16_weights", help="file of weights, for the program vgg16")
    parser.add_argument("--check", action="store_true", help="write the first losses; slow")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    # These are for CPUs.
    winograd.is_faster = filter_gradient.is_faster = lambda *_: False

    dataset = data.load_dataset(f"folder:{options.photos}")
    order = np.argsort(dataset.labels, kind="stable")
    photos = dataset.images[order], dataset.labels[order]
    save_photos(photos[0], options.output / "photos.webp")
    state: dict[str, dict] = {}
    expected = {}
    for name in options.programs.split(","):
        for precision in options.precisions.split(",") if name in TRAINING else ["float32"]:
            full_name = f"{name}-{precision}" if name in TRAINING else name
            program = PROGRAMS[name](options, precision, photos)
            losses = write(program, options.output / full_name, state, options.check)
            if losses:
                expected[full_name] = losses
    (options.output / "state.json").write_text(json.dumps(state))
    (options.output / "expected.json").write_text(json.dumps(expected, indent=1))


def write(
    program: Program, path: Path, state: dict[str, dict], check: bool
) -> list[list[float]] | None:
    """Writes a program, and notes what it captures in `state`; returns its first losses."""
    function = tf.function(program.function, jit_compile=True)
    concrete = function.get_concrete_function(*program.arguments)
    names = [
        program.owners.get(id(tensor), f"{path.name}/{number}")
        for number, tensor in enumerate(concrete.captured_inputs)
    ]
    for name, tensor in zip(names, concrete.captured_inputs, strict=True):
        begin(name, tensor, state)
    hlo = function.experimental_get_compiler_ir(*program.arguments)(stage="hlo_serialized")
    path.with_suffix(".hlo").write_bytes(hlo)
    description = {
        "captured": names,
        "written": [name in program.written for name in names],
        "outputs": program.outputs,
        "arguments": [list(argument.shape) for argument in program.arguments],
    }
    path.with_suffix(".json").write_text(json.dumps(description))
    print(f"{path.name}: {len(hlo) / 1e6:.1f} MB, {len(names)} arrays", flush=True)
    return program.check(function) if program.check and check else None


def begin(name: str, tensor: tf.Tensor, state: dict[str, dict]) -> None:
    """Notes how an array of the state begins; random weights are drawn again on each machine."""
    if name in state:
        restore(name, tensor, state)
        return
    value = read(tensor)
    entry: dict[str, Any] = {"shape": list(value.shape), "dtype": value.dtype.name}
    if value.size <= 256:
        entry["value"] = value.tolist()
    elif np.ptp(value) == 0:
        entry["full"] = value.flat[0].item()
    elif value.dtype == np.float32 and "/" in name:
        entry["std"] = float(value.std())
    # What remains, such as images and labels, is set where the program runs.
    state[name] = entry
    restore(name, tensor, state)


def restore(name: str, tensor: tf.Tensor, state: dict[str, dict]) -> None:
    """Gives a variable the first value that the state says."""
    if "std" in state[name] and tensor.dtype == tf.resource:
        value = tf.constant(draw(name, state[name]["shape"], state[name]["std"]))
        tf.raw_ops.AssignVariableOp(resource=tensor, value=value)


def read(tensor: tf.Tensor) -> np.ndarray:
    """Returns the value of a captured tensor, a variable's handle too."""
    if tensor.dtype != tf.resource:
        return tensor.numpy()
    dtype = tf.as_dtype(tensor._handle_data.shape_and_type[0].dtype)
    return tf.raw_ops.ReadVariableOp(resource=tensor, dtype=dtype).numpy()


def owned(
    items: dict[str, Any], constants: dict[str, tf.Tensor]
) -> tuple[dict[int, str], set[str]]:
    """Names the variables of models and optimizers; returns the names, and those written."""
    owners = {id(tensor): name for name, tensor in constants.items()}
    written = set()
    for prefix, item in items.items():
        for variable in item.variables:
            # Keras numbers optimizers: "adam_2/learning_rate".
            path = variable.path.partition("/")[2] if "optimizer" in prefix else variable.path
            name = f"{prefix}/{path}"
            owners[id(variable.value.handle)] = name
            if not variable.path.endswith("learning_rate"):
                written.add(name)
    return owners, written


def gan_program(options, precision, photos, judge=None) -> Program:
    """Pre-training, or tuning with an estimator: arguments are the first step and how many."""
    devices = set_up(precision)
    shape = gan.GanShape(("first", "second"), width=options.width)
    batches = gan.GanBatches(
        *photos,
        num_classes=shape.num_classes,
        batch_size=options.batch_size,
        latent_size=shape.latent_size,
        seed=0,
        stream="pretrain",
    )
    # In a variable, so that a sweep can change it.
    temperature = tf.Variable(estimator.USE_TEMPERATURE, trainable=False)

    def rates(images):
        return judge.expectation(judge.logits(images), temperature)

    trainer = gan.GanTrainer(
        gan.build_networks(shape, dtype=devices.dtype),
        gan.acgan(),
        batches,
        gan.paper_optimizers(),
        devices,
        rate_function=rates if judge else None,
    )
    constants = {
        "photos": batches._images,
        "photos_by_class": batches._by_class,
        "class_counts": batches._counts,
        "class_starts": batches._starts,
        "seed": batches.stream.handle,
        "temperature": temperature.handle,
        "pir_weight": trainer._rate_weight.handle,
    }
    items = trainer.checkpoint_items()
    owners, written = owned({name: items[name] for name in GAN_ITEMS}, constants)
    if judge:
        owners |= owned({"estimator": judge.model}, {})[0]

    def train(first, count):
        # XLA would make constants of the bounds of tf.range.
        step, sums = first, [tf.zeros([]) for _ in trainer.loss_names]
        while step < first + count:
            terms = trainer.update(trainer.draw_batch(step, 0))
            sums = [a + terms[name] for a, name in zip(sums, trainer.loss_names, strict=True)]
            step += 1
        return sums

    one = tf.constant(1, tf.int64)
    return Program(
        train,
        [tf.constant(0, tf.int64), one],
        list(trainer.loss_names),
        owners,
        written,
        lambda function: [
            [float(x) for x in function(tf.constant(step, tf.int64), one)]
            for step in range(CHECKED_STEPS)
        ],
    )


def tune_program(options, precision, photos) -> Program:
    """Tuning, with the estimator in the form in which it is trained; it is not written."""
    judge = make_estimator(options, set_up(precision).dtype)
    judge.model.trainable = False
    return gan_program(options, precision, photos, judge)


def set_up(precision: str) -> Devices:
    """Starts TensorFlow; XLA compiles the whole loop, and not each step by itself."""
    return configure(strategy="one", replicas=1, precision=precision, jit="off", seed=0)


def make_estimator(options, dtype) -> estimator.PirEstimator:
    """Returns an estimator as `EstimatorTrainer` builds it."""
    shape = estimator.EstimatorShape(depth_multiplier=options.depth_multiplier)
    return estimator.PirEstimator(
        shape, kernels.accelerate(estimator.build_estimator(shape, dtype))
    )


def estimator_program(options, precision, photos) -> Program:
    """Training of the estimator: arguments are the rows of each step's images, and how many."""
    images = photos[0][:LEARNED_IMAGES]
    impressions = np.full(len(images), 1000)
    rated = estimator.RatedImages(images, impressions, np.arange(len(images)) * 37 % 1000)
    trainer = estimator.EstimatorTrainer(
        estimator.EstimatorShape(depth_multiplier=options.depth_multiplier),
        set_up(precision),
        rated,
        rated,
        batch_size=options.batch_size,
        learning_rate=5e-4,
        patience=0,
        temperature=estimator.USE_TEMPERATURE,
        seed=0,
    )
    constants = {"images": trainer._images.handle, "labels": trainer._labels.handle}
    items = trainer.checkpoint_items()
    owners, written = owned({name: items[name] for name in ("estimator", "optimizer")}, constants)

    def train(rows, count):
        step, loss = tf.zeros([], tf.int64), tf.zeros([])
        while step < count:
            chosen = tf.gather(rows, step)
            pixels = tf.cast(tf.gather(trainer._images, chosen), tf.float32) / 127.5 - 1.0
            loss += trainer.update((pixels, tf.gather(trainer._labels, chosen)))["loss/train"]
            step += 1
        return [loss]

    rows = np.zeros([STEPS_PER_CALL, options.batch_size], np.int32)
    rows[:CHECKED_STEPS] = np.arange(CHECKED_STEPS * options.batch_size).reshape(CHECKED_STEPS, -1)
    one = tf.constant(1, tf.int64)
    return Program(
        train,
        [tf.constant(rows), one],
        ["loss/train"],
        owners,
        written,
        lambda function: [
            [float(function(tf.constant(np.roll(rows, -step, axis=0)), one)[0])]
            for step in range(CHECKED_STEPS)
        ],
    )


def sample_program(options, precision, photos) -> Program:
    """Images, uint8, of latents and one-hot classes, as bin/sample makes them: in float32."""
    generator = kernels.accelerate(gan.build_generator(width=options.width, dtype="float32"))

    def sample(latents, classes):
        images = generator([latents, classes], training=False)
        return [tf.cast(tf.clip_by_value(tf.round((images + 1) * 127.5), 0, 255), tf.uint8)]

    latents = tf.zeros([SAMPLED, generator.inputs[0].shape[1]])
    owners, _ = owned({"generator": generator}, {})
    return Program(sample, [latents, tf.zeros([SAMPLED, 2])], ["images"], owners)


def predict_program(options, precision, photos) -> Program:
    """Logits of images, uint8, in float32."""
    judge = make_estimator(options, "float32")

    def predict(images):
        return [judge.logits(tf.cast(images, tf.float32) / 127.5 - 1.0)]

    owners, _ = owned({"estimator": judge.model}, {})
    return Program(predict, [tf.constant(photos[0][:PREDICTED])], ["logits"], owners)


def vgg16_program(options, precision, photos) -> Program:
    """Squared norms of VGG16's filters for images, uint8; its weights go to vgg16.npz."""
    norms, network = norms_function(options.vgg16_weights)
    owners, _ = owned({"vgg16": network}, {})
    values = {f"vgg16/{v.path}": v.numpy().astype(np.float16) for v in network.variables}
    np.savez(options.output / "vgg16.npz", **values)

    def score(images):
        return [norms(tf.cast(images, tf.float32))]

    return Program(score, [tf.constant(photos[0][:SCORED])], ["norms"], owners)


TRAINING = {"gan": gan_program, "estimator": estimator_program, "tune": tune_program}
PROGRAMS = TRAINING | {
    "sample": sample_program,
    "predict": predict_program,
    "vgg16": vgg16_program,
}

if __name__ == "__main__":
    main()
