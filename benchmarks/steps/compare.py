"""Times the training steps here, in plain Keras and in PyTorch, alternating.

    python benchmarks/steps/compare.py --precisions=float32

All make the same step of the paper's networks, batch 64 at 64x64, from photographs in memory
as uint8; one pass of the generator is used for both updates of the GAN. PyTorch takes part where
a Python that has it is given: --torch_python=/path/to/venv/bin/python.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BENCHMARK = HERE.parents[1] / "bin" / "benchmark"


def main() -> None:
    """Prints a table for each precision and stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precisions", default="float32,bfloat16")
    parser.add_argument("--steps", type=int, default=2, help="steps a repetition")
    parser.add_argument("--repetitions", type=int, default=3, help="of a process")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each, alternating")
    parser.add_argument("--torch_python", help="a Python with torch; without it, Keras alone")
    options = parser.parse_args()
    for precision in options.precisions.split(","):
        compare_stages(precision, options)


def compare_stages(precision, options):
    """Compares the GAN step, then the estimator's."""
    numbers = [f"--{name}={getattr(options, name)}" for name in ("steps", "repetitions")]
    flags = [f"--precision={precision}", *numbers]
    gan = {
        "pirgan_tf": lambda: ours("pretrain", flags),
        "Keras fit": lambda: printed([sys.executable, HERE / "gan_keras.py", *flags]),
    }
    if options.torch_python:
        torch = [options.torch_python, HERE / "gan_torch.py", *flags]
        gan["PyTorch"] = lambda: printed(torch)
        gan["PyTorch compiled"] = lambda: printed([*torch, "--compile"])
    estimator = {
        "pirgan_tf": lambda: ours("train_estimator", flags),
        "Keras fit": lambda: printed([sys.executable, HERE / "estimator_keras.py", *flags]),
    }
    compare(f"GAN step, {precision}", gan, options.rounds)
    compare(f"estimator step, {precision}", estimator, options.rounds)


def compare(title, variants, rounds):
    """Times the variants alternately, several times, and prints a table."""
    seconds = {name: [] for name in variants}
    for _ in range(rounds):
        for name, measure in variants.items():
            seconds[name] += measure()
    ours_median = statistics.median(seconds["pirgan_tf"])
    print(f"{title:28}{'s per step':>10}{'spread':>8}{'as slow as ours, times':>24}", flush=True)
    for name, measured in seconds.items():
        median = statistics.median(measured)
        spread = (max(measured) - min(measured)) / median
        print(f"{name:28}{median:>10.3f}{spread:>8.1%}{median / ours_median:>24.2f}", flush=True)


def ours(stage, flags):
    """Returns the seconds per step of bin/benchmark's repetitions."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "figures.json"
        command = [sys.executable, BENCHMARK, f"--stages={stage}", f"--output={output}", *flags]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(output.read_text())["stages"][stage]["seconds"]


def printed(command):
    """Returns what a command prints as its last line, as JSON."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
