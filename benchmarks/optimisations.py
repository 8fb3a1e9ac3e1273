"""Times a training step without each of the optimisations that docs/performance.md tells of.

    python benchmarks/optimisations.py --stages=pretrain,train_estimator,tune

Every variant runs in a process of its own, and all of them --rounds times in turn, so that
a slow minute of the machine meets all alike.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def without_fused_upsampling():
    """Upsamples, and convolves the large image."""
    from pirgan_tf.kernels import patterns

    patterns.is_upsampling_pair = lambda before, after: False


def without_fused_batch_norm():
    """Uses Keras's layer."""
    from pirgan_tf.kernels import patterns

    patterns.is_batch_norm_of_images = lambda layer: False


def without_winograd():
    """Convolves small deep images like all others."""
    from pirgan_tf.kernels import winograd

    winograd.LARGEST_SIZE = 0


def without_joined_convolutions():
    """Computes each 1x1 convolution of an Inception block for itself, as a convolution."""
    from pirgan_tf.kernels import patterns

    patterns.is_pointwise = lambda layer: False


def without_frozen_estimator():
    """Tunes with the estimator's network as it is trained, batch norm, kernels and stem."""
    from pirgan_tf import kernels

    kernels.freeze = kernels.accelerate


def without_operations_side_by_side():
    """Starts an operation when the one before has ended."""
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)


def without_onednn():
    """Uses the convolutions that TensorFlow takes by default on a CPU without AVX512."""
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"


VARIANTS = {
    "as it is": contextlib.nullcontext,
    "Winograd's algorithm": without_winograd,
    "fused upsampling": without_fused_upsampling,
    "fused batch norm": without_fused_batch_norm,
    "joined 1x1 convolutions": without_joined_convolutions,
    "frozen estimator": without_frozen_estimator,
    "operations side by side": without_operations_side_by_side,
    "oneDNN": without_onednn,
}
_GAN_ONLY = ("fused upsampling",)
_NOT_IN = {
    "pretrain": ("joined 1x1 convolutions", "frozen estimator"),
    "train_estimator": (*_GAN_ONLY, "frozen estimator"),
    # The rest is told by the other two.
    "tune": set(VARIANTS) - {"as it is", "Winograd's algorithm", "frozen estimator"},
}


def main() -> None:
    """Prints a table for each stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", default=",".join(_NOT_IN), help="all by default")
    parser.add_argument("--steps", type=int, default=3, help="steps a repetition")
    parser.add_argument("--repetitions", type=int, default=3, help="of a process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.variant:
        print(json.dumps(seconds_of(options)))
        return
    for stage in options.stages.split(","):
        names = [name for name in VARIANTS if name not in _NOT_IN[stage]]
        seconds = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                seconds[name] += in_process(name, stage, options)
        print(f"{stage:26}{'s per step':>10}{'fastest':>10}{'without, slower by':>20}")
        for name in names:
            median = statistics.median(seconds[name])
            slower = median / statistics.median(seconds["as it is"])
            print(f"{name:26}{median:>10.4f}{min(seconds[name]):>10.4f}{slower:>20.2f}", flush=True)


def in_process(variant, stage, options):
    """Returns the seconds of a variant's repetitions."""
    numbers = [f"--{name}={getattr(options, name)}" for name in ("steps", "repetitions")]
    command = [sys.executable, __file__, f"--variant={variant}", f"--stages={stage}", *numbers]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def seconds_of(options):
    """Returns seconds per step of each repetition, in this process."""
    VARIANTS[options.variant]()
    from pirgan_tf.benchmark import speed
    from pirgan_tf.benchmark.work import make_work
    from pirgan_tf.stages.benchmark import BenchmarkOptions
    from pirgan_tf.stages.shared.training_options import set_up_devices

    resolved, devices = set_up_devices(BenchmarkOptions(precision="float32", strategy="one"))
    work = make_work(options.stages, resolved, devices)
    work.run(1)
    return speed.time_steps(work.run, options.steps, options.repetitions).seconds


if __name__ == "__main__":
    main()
