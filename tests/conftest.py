"""What the tests of the commands share: ways to call a stage, and the long runs they look at."""

import contextlib
import dataclasses
import gc
import importlib
import io
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

# Before TensorFlow starts: commands that are called in this process give the bits of those in
# processes of their own.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
# The bits of CPUs can be repeated. `PIRGAN_TEST_GPU=1 pytest -m gpu` runs what needs a GPU.
if os.environ.get("PIRGAN_TEST_GPU") != "1":
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import tensorflow as tf

# As --deterministic does: it can be given to a command that is called in this process.
tf.config.threading.set_inter_op_parallelism_threads(1)

REPOSITORY = Path(__file__).resolve().parents[1]
_SHORT_NETWORKS = Path(__file__).parent / "short_networks"
runpy.run_path(str(_SHORT_NETWORKS / "sitecustomize.py"))
_TIMEOUT = 600
# Written by the C++ of TensorFlow, or indented under one of its messages.
_TENSORFLOW_LINE = re.compile(
    r"[IWEF]\d{4} \d\d:\d\d:|WARNING: All log messages|To enable the fol|\d{4}-\d"
)

# The smallest runs in which every part of a stage has something to do. The learning
# rates are high, so that a few steps change every weight. With patience, checkpoints
# of the estimator hold what early stopping remembers; it never stops so soon.
_DETERMINISTIC = "--deterministic"
_STEPS = ("--steps=12", "--batch_size=8", "--log_every=1", "--checkpoint_every=4", _DETERMINISTIC)
_GAN_RATES = ("--generator_learning_rate=1e-3", "--discriminator_learning_rate=1e-3")
TINY = {
    "pretrain": (*_STEPS, *_GAN_RATES, "--width=0.0625", "--landscapes=24", "--images_every=6"),
    "sample": ("--num_images=40",),
    "simulate": ("--impressions=50",),
    "train_estimator": (
        *_STEPS,
        "--learning_rate=1e-3",
        "--depth_multiplier=0.1",
        "--evaluate_every=3",
        "--heldout=0.2",
        "--patience=50",
    ),
    "tune": (*_STEPS, *_GAN_RATES, "--images_every=6"),
}
LONG_RUNS = ("reproducing", "sweeping", "mirroring", "interrupting")


@dataclasses.dataclass(frozen=True)
class Result:
    """How a command ended.

    `complaints` are the lines on standard error but for those of TensorFlow's C++.
    """

    status: int
    stdout: str
    stderr: str

    @property
    def complaints(self) -> list[str]:
        lines = self.stderr.splitlines()
        return [line for line in lines if line.strip() and not _TENSORFLOW_LINE.match(line)]

    def refusal(self) -> str:
        """Returns the one line that a command refused for the user's mistake."""
        assert self.status == 2, self
        assert len(self.complaints) == 1, self.stderr
        assert "Traceback" not in self.stdout
        return self.complaints[0]


class Running:
    """A command that runs in a process of its own, with its `output`."""

    def __init__(
        self,
        stage: str,
        flags: tuple[str, ...],
        output: Path = Path("none"),
        *,
        poisoned: bool = False,
        cpu_seconds: int | None = None,
    ):
        self.partial = output.with_name(output.name + ".partial")
        self._started = time.monotonic()
        # Time on the CPU, not on the clock: the machine may be busy with other tests.
        limit = ["sh", "-c", f'ulimit -t {cpu_seconds}; exec "$@"', "sh"] if cpu_seconds else []
        self.process = subprocess.Popen(
            [*limit, sys.executable, str(REPOSITORY / "bin" / stage), *flags],
            env=environment(poisoned),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Waits for a moment of the run."""
        while not reached():
            if self.process.poll() is not None:
                pytest.fail(f"ended too early: {self.result()}")
            if time.monotonic() - self._started > _TIMEOUT:
                self.process.kill()
                pytest.fail(f"did not get there: {self.result()}")
            time.sleep(0.005)

    def stop(self, signum: int) -> Result:
        """Sends a signal and waits for the end."""
        self.process.send_signal(signum)
        return self.result()

    def result(self) -> Result:
        """Waits for the end."""
        try:
            stdout, stderr = self.process.communicate(timeout=_TIMEOUT)
        finally:
            self.process.kill()
        return Result(self.process.returncode, stdout, stderr)


class Commands:
    """The executables of bin/, called as users call them."""

    tiny = TINY

    def __init__(self):
        self.started: list[Running] = []
        self._closed = False

    def start(self, stage: str, *flags: str, output: Path) -> Running:
        """Starts a command with --output."""
        if self._closed:
            raise RuntimeError("the tests are over")
        running = Running(stage, (*flags, f"--output={output}"), output)
        self.started.append(running)
        return running

    def close(self) -> None:
        """Ends what still runs, also if the tests were interrupted."""
        self._closed = True
        for running in self.started:
            running.process.kill()

    def run(self, stage: str, *flags: str, cpu_seconds: int | None = None) -> Result:
        """Runs a command, which is killed if it computes for longer than `cpu_seconds`."""
        return Running(stage, flags, cpu_seconds=cpu_seconds).result()

    def run_without_tensorflow(self, stage: str, *flags: str) -> Result:
        """Runs a command that must answer in 2 s, where importing TensorFlow is an error."""
        return Running(stage, flags, poisoned=True, cpu_seconds=2).result()

    def call(self, stage: str, *flags: str, output: Path | None = None) -> Result:
        """Runs a command's main in this process, which has paid for TensorFlow's start."""
        flags += (f"--output={output}",) if output else ()
        main = command_module(stage).main
        arguments, sys.argv = sys.argv, [stage, *flags]
        stdout, stderr = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
                main()
        except SystemExit as end:
            return Result(end.code, stdout.getvalue(), stderr.getvalue())
        finally:
            sys.argv = arguments
        raise AssertionError("main returned")


@dataclasses.dataclass(frozen=True)
class Interrupted:
    """A run that was stopped and started again with the same flags.

    Attributes:
        ended: how the first process ended.
        stopped: a copy of the unfinished output which it left, as `NAME.partial`.
        resumed: how the second process ended.
        output: the finished output.
    """

    ended: Result
    stopped: Path
    resumed: Result
    output: Path


def environment(poisoned: bool = False) -> dict[str, str]:
    """Returns the environment of a command: this package, and CPUs, whose bits are repeatable."""
    paths = [str(REPOSITORY), str(_SHORT_NETWORKS), os.environ.get("PYTHONPATH", "")]
    if poisoned:
        paths.insert(0, str(Path(__file__).parent / "invariants" / "without_tensorflow"))
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }


def command_module(command: str) -> types.ModuleType:
    """Returns the module that bin/COMMAND runs."""
    package = "sweep" if command == "reproduce" else "stages"
    return importlib.import_module(f"pirgan_tf.{package}.{command}")


def last_step(partial: Path) -> int:
    """Returns the last step on record, 0 if there is none."""
    try:
        text = (partial / "stats.jsonl").read_text()
    except FileNotFoundError:
        return 0
    # A line may be half written at this moment: who waits asks again.
    try:
        return json.loads(text.splitlines()[-1])["step"]
    except (IndexError, json.JSONDecodeError):
        return 0


def newest_checkpoint(partial: Path) -> int:
    """Returns the step of the newest whole checkpoint, 0 if there is none."""
    found = (partial / "checkpoints").glob("ckpt-*.index")
    return max([int(path.stem.split("-")[1]) for path in found], default=0)


def tree(folder: Path) -> dict[str, bytes]:
    """Returns the content of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    commands = Commands()
    yield commands
    commands.close()


@pytest.fixture(scope="session")
def helpers() -> type:
    """Looks into outputs: `tree`, `last_step`, `newest_checkpoint`."""

    class Helpers:
        repository = REPOSITORY
        environment = staticmethod(environment)
        command_module = staticmethod(command_module)
        tree = staticmethod(tree)
        last_step = staticmethod(last_step)
        newest_checkpoint = staticmethod(newest_checkpoint)

    return Helpers


@pytest.fixture(scope="module")
def whole_networks() -> Iterator[None]:
    """Inception v2 and the paper's GAN as they are, in the whole module."""
    from pirgan_tf.estimator import inception_v2
    from pirgan_tf.gan.networks import paper

    with pytest.MonkeyPatch.context() as patch:
        for module in (inception_v2, paper):
            for name, value in module.WHOLE.items():
                patch.setattr(module, name, value)
        yield


@pytest.fixture
def small_inception(monkeypatch) -> None:
    """A network in place of Inception v2, which takes long to trace and to compile."""
    import keras

    from pirgan_tf.estimator import pir_estimator

    def build(image_size, *_, dtype=None, **__):
        images = keras.Input((image_size, image_size, 3))
        x = keras.layers.Conv2D(16, 3, 2, use_bias=False, dtype=dtype, name="conv")(images)
        x = keras.layers.BatchNormalization(scale=False, dtype=dtype, name="batch_norm")(x)
        x = keras.layers.ReLU(dtype=dtype)(x)
        return keras.Model(images, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x))

    monkeypatch.setattr(pir_estimator, "build_inception_v2", build)


@pytest.fixture
def tiny_family(monkeypatch) -> str:
    """A family of networks with nothing but what a family must have, which are traced at once.

    Flags know it as maxout, for they take no other names than those of the package.
    """
    import keras

    from pirgan_tf.gan.networks.families import FAMILIES

    def build_generator(num_classes, latent_size, width, image_size, *, dtype):
        inputs = [keras.Input((latent_size,)), keras.Input((num_classes,))]
        x = keras.layers.Concatenate()(inputs)
        x = keras.layers.Dense(image_size**2 * 3, "tanh", dtype="float32")(x)
        return keras.Model(inputs, keras.layers.Reshape((image_size, image_size, 3))(x))

    def build_discriminator(num_classes, width, image_size, *, dtype):
        images = keras.Input((image_size, image_size, 3))
        x = keras.layers.Flatten()(images)
        return keras.Model(images, [keras.layers.Dense(n)(x) for n in (1, num_classes)])

    module = types.ModuleType("tiny_family")
    module.build_generator, module.build_discriminator = build_generator, build_discriminator
    monkeypatch.setitem(sys.modules, "tiny_family", module)
    monkeypatch.setitem(FAMILIES, "tiny", "tiny_family")
    monkeypatch.setitem(FAMILIES, "maxout", "tiny_family")
    return "tiny"


@pytest.fixture
def nowhere(tmp_path) -> Iterator[Path]:
    """An output in a folder that does not exist; a command that is refused makes neither."""
    yield tmp_path / "new" / "output"
    assert not (tmp_path / "new").exists(), "a refused command has written something"


# The long runs go two at a time in the background, and the tests that ask for
# them come last, so that two cores are busy while the short tests run.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not tf.config.list_physical_devices("GPU"):
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no GPU, or PIRGAN_TEST_GPU is not 1"))
    items.sort(key=lambda item: max([0, *map(_position, item.fixturenames)]))


def pytest_collection_finish() -> None:
    # What was imported stays: with it, a collection of garbage takes a fifth of a second.
    gc.collect()
    gc.freeze()


def _position(fixture: str) -> int:
    return LONG_RUNS.index(fixture) + 1 if fixture in LONG_RUNS else 0


@pytest.fixture(scope="session", autouse=True)
def _begin_long_runs(request) -> None:
    needed = {name for item in request.session.items for name in item.fixturenames}
    for name in LONG_RUNS:
        if name in needed:
            request.getfixturevalue(name)


@pytest.fixture(scope="session")
def pool(commands) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(2)
    yield pool
    commands.close()
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def reproducing(pool, commands, tmp_path_factory) -> Future:
    """A straight run of everything: (result, run folder)."""
    output = tmp_path_factory.mktemp("reproduced") / "run"

    def run() -> tuple[Result, Path]:
        return commands.start("reproduce", *_reproduce_flags(), output=output).result(), output

    return pool.submit(run)


@pytest.fixture(scope="session")
def sweeping(pool, commands, reproducing, tmp_path_factory) -> Future:
    """Objectives on the GAN of `reproduced`, that run's first, in two processes, stopped, and
    finished in one: (first, second, folder)."""
    folder = tmp_path_factory.mktemp("sweep")

    def run() -> tuple[Result, Result, Path]:
        listed = folder / "objectives.txt"
        listed.write_text("color:red  # single color\nvgg16:pool1:0,7\n")
        flags = [
            flag
            for flag in _reproduce_flags()
            if not flag.startswith(("--pretrain_", "--objectives="))
        ]
        flags += [
            f"--objectives={listed}",
            f"--gan={_finished(reproducing) / 'gan'}",
            "--vgg16_weights=random",
        ]
        output = folder / "run"
        first = commands.start("reproduce", *flags, "--jobs=2", output=output)
        partial = output / "objectives" / "color-red" / "estimator.partial"
        first.wait_until(lambda: last_step(partial) > 0)
        stopped = first.stop(signal.SIGTERM)
        return stopped, commands.start("reproduce", *flags, output=output).result(), output

    return pool.submit(run)


@pytest.fixture(scope="session")
def interrupting(pool, commands, reproducing, tmp_path_factory) -> dict[str, Future]:
    """Runs with the flags and inputs of `reproduced`, stopped and started again, by stage.

    What a signal leaves is the same for all stages: pretraining gets SIGTERM, tuning is killed.
    """
    folder = tmp_path_factory.mktemp("interrupted")

    def run(stage: str) -> Interrupted:
        inputs = {} if stage == "pretrain" else _inputs(_finished(reproducing))[stage]
        flags = (*TINY[stage], *(f"--{name}={path}" for name, path in inputs.items()))
        output = folder / stage
        first = commands.start(stage, *flags, output=output)
        partial = first.partial
        if stage == "pretrain":
            first.wait_until(lambda: last_step(partial) > 0)
            ended = first.stop(signal.SIGTERM)
        else:
            # A kill loses the steps since the last checkpoint.
            first.wait_until(lambda: last_step(partial) > newest_checkpoint(partial) > 0)
            ended = first.stop(signal.SIGKILL)
        stopped = shutil.copytree(partial, folder / "stopped" / f"{stage}.partial")
        resumed = commands.start(stage, *flags, output=output).result()
        return Interrupted(ended, stopped, resumed, output)

    return {stage: pool.submit(run, stage) for stage in ("pretrain", "tune")}


@pytest.fixture(scope="session")
def mirroring(pool, commands, tmp_path_factory) -> Future:
    """A run on two replicas, interrupted and started again: (first result, second, output)."""
    output = tmp_path_factory.mktemp("mirrored") / "gan"

    def run() -> tuple[Result, Result, Path]:
        flags = (*TINY["pretrain"], "--strategy=mirrored", "--replicas=2")
        first = commands.start("pretrain", *flags, output=output)
        first.wait_until(lambda: last_step(first.partial) > 0)
        interrupted = first.stop(signal.SIGINT)
        return interrupted, commands.start("pretrain", *flags, output=output).result(), output

    return pool.submit(run)


@pytest.fixture(scope="session")
def reproduced(reproducing) -> Path:
    """The run folder of the straight run; no test changes it."""
    return _finished(reproducing)


@pytest.fixture(scope="session")
def inputs(reproduced) -> dict[str, dict[str, Path]]:
    """The inputs that each stage had in `reproduced`, by flag."""
    return _inputs(reproduced)


def _finished(reproducing: Future) -> Path:
    result, output = reproducing.result()
    assert result.status == 0, result.stderr
    return output


def _inputs(run: Path) -> dict[str, dict[str, Path]]:
    place = run / "objectives" / "color-red"
    return {
        "sample": {"gan": run / "gan"},
        "simulate": {"gallery": run / "gallery"},
        "train_estimator": {"gallery": run / "gallery", "interactions": place / "interactions"},
        "tune": {"gan": run / "gan", "estimator": place / "estimator"},
        "evaluate": {
            "before": run / "before",
            "after": place / "gallery",
            "estimator": place / "estimator",
        },
        "report": {"runs": run},
    }


def _reproduce_flags() -> tuple[str, ...]:
    prefixes = {stage: stage for stage in TINY} | {"train_estimator": "estimator"}
    stages = (
        f"--{prefixes[stage]}_{flag.removeprefix('--')}"
        for stage in TINY
        for flag in TINY[stage]
        # One for all stages.
        if flag != _DETERMINISTIC
    )
    return ("--objectives=color:red", _DETERMINISTIC, *stages)
