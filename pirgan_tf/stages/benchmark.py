"""Stage `benchmark`: how fast this machine does the work of each stage."""

import concurrent.futures.process
import dataclasses
import json
import multiprocessing
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf import benchmark
from pirgan_tf.cli.command import import_tensorflow, run_command
from pirgan_tf.cli.description import describe
from pirgan_tf.cli.options import option
from pirgan_tf.cli.outputs import write_output_file
from pirgan_tf.cli.paths import check_file
from pirgan_tf.errors import InputError, TrainingError, check_name
from pirgan_tf.stages.shared.training_options import DeviceOptions, set_up_devices

STAGE = "benchmark"
_HEADER = '{\n  "stage": "benchmark"'
_STAGES = ("pretrain", "train_estimator", "tune", "sample", "vgg16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(DeviceOptions):
    """Flags of benchmark; the defaults are the paper's networks."""

    output: str | None = option(  # type: ignore[assignment]
        "File for the figures as JSON; it must not exist yet.", None, changes_result=False
    )
    stages: tuple[str, ...] = option("Stages to time, with commas.", _STAGES)
    batch_size: int = option(
        "Images per training step, over all replicas.", 64, minimum=1, below=2**16
    )
    width: float = option(
        "Scales the depths of both networks of the GAN.", 1.0, above=0.0, below=16.0
    )
    depth_multiplier: float = option(
        "Scales the depths of Inception v2.", 1.0, above=0.0, below=16.0
    )
    steps: int = option("Steps of a repetition.", 3, minimum=1)
    repetitions: int = option("Repetitions, of which the median is reported.", 5, minimum=1)

    def validate(self) -> None:
        """Checks the numbers and the stages."""
        super().validate()
        self.check_replicas(self.batch_size)
        if not self.stages:
            raise InputError(f"stages must name some of {', '.join(_STAGES)}. Received: none")
        for stage in self.stages:
            check_name("stages", stage, _STAGES)

    def check_output(self) -> None:
        """Checks that the file, if one is wanted, may be written."""
        if self.output:
            check_file(Path(self.output), self.overwrite, _HEADER)


def run(options: BenchmarkOptions) -> None:
    """Times the work of the stages on random images, each in a process of its own.

    Prints for each the seconds of a step (median and spread of the repetitions), images
    and floating-point operations, and the lower bound: what the step would take at the rate
    of a large matrix product, measured in the same process and precision. `outside` is the
    part of a training run that is input or records; memory is the process's peak.
    """
    print(
        f"{'':16}{'batch':>6}{'s per step':>12}{'spread':>8}{'images/s':>10}{'GFLOP':>8}"
        f"{'GFLOP/s':>9}{'bound s':>9}{'reached':>9}{'outside':>9}{'memory':>9}",
        flush=True,
    )
    figures = {}
    for stage in options.stages:
        figures[stage] = _in_new_process(stage, options)
        _print_row(stage, figures[stage])
    if options.output:
        content = describe(STAGE, options) | {"stages": figures}
        write_output_file(options, json.dumps(content, indent=2, allow_nan=False) + "\n")


def measure(stage: str, options: BenchmarkOptions) -> dict[str, Any]:
    """Times one stage's work.

    Returns:
        batch_size; seconds per step, one number per repetition; median_seconds; spread, the
        largest less the smallest as a part of the median; images_per_second; operations per
        step; matrix_rate, operations per second of a matrix product; lower_bound_seconds;
        reached, that bound divided by the median; outside, the part of a run, or None;
        memory in bytes; precision; devices, in words.
    """
    options, devices = set_up_devices(options)
    work = benchmark.work.make_work(stage, options, devices)
    work.run(1)
    timing = benchmark.speed.time_steps(work.run, options.steps, options.repetitions)
    memory = benchmark.speed.peak_memory()
    precision = work.precision or devices.precision
    rate = benchmark.speed.matrix_rate(precision, options.repetitions)
    # Logical CPUs share one processor.
    rate *= devices.num_replicas if devices.kind == "GPU" else 1
    operations = work.operations()
    bound = operations / rate
    outside = work.outside() if work.outside else None
    return {
        "batch_size": work.batch_size,
        "seconds": list(timing.seconds),
        "median_seconds": timing.median,
        "spread": timing.spread,
        "images_per_second": work.batch_size / timing.median,
        "operations": operations,
        "matrix_rate": rate,
        "lower_bound_seconds": bound,
        "reached": bound / timing.median,
        "outside": None if outside is None else outside / timing.median,
        "memory": memory,
        "precision": precision,
        "devices": devices.reason,
    }


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, BenchmarkOptions, run, uses_tensorflow=False)


def _in_new_process(stage: str, options: BenchmarkOptions) -> dict[str, Any]:
    """Measures where no other work has taken memory, and with devices that are not set up yet."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context, import_tensorflow) as process:
        try:
            return process.submit(measure, stage, options).result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise TrainingError(
                f"the process for {stage} was killed, perhaps for lack of memory: a smaller "
                f"batch_size needs less. Received: {options.batch_size}"
            ) from error


def _print_row(stage: str, row: dict[str, Any]) -> None:
    outside = "-" if row["outside"] is None else f"{row['outside']:.1%}"
    print(
        f"{stage:16}{row['batch_size']:>6}{row['median_seconds']:>12.4f}{row['spread']:>8.1%}"
        f"{row['images_per_second']:>10.1f}{row['operations'] / 1e9:>8.1f}"
        f"{row['matrix_rate'] / 1e9:>9.0f}{row['lower_bound_seconds']:>9.3f}{row['reached']:>9.1%}"
        f"{outside:>9}{row['memory'] / 1e6:>6.0f} MB",
        flush=True,
    )
