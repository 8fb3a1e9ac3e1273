"""Times the training steps here, in plain Keras and in PyTorch, one after another.

    python benchmarks/steps/compare.py --precisions=float32

All make the same step of the paper's networks, batch 64 at 64x64, from photographs in memory
as uint8; one pass of the generator serves both updates of the GAN. PyTorch may be installed
elsewhere: --torch_python=/path/to/venv/bin/python.
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
    """Prints a table for each precision."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precisions", default="float32,bfloat16")
    parser.add_argument("--steps", type=int, default=3, help="steps a repetition")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--torch_python", default=sys.executable)
    options = parser.parse_args()
    for precision in options.precisions.split(","):
        for stage in ("pretrain", "train_estimator"):
            title = f"{stage}, {precision}"
            print(f"{title:28}{'s a step':>10}{'spread':>8}{'ours is faster by':>19}", flush=True)
            ours = None
            for name, seconds in variants(stage, precision, options):
                median = statistics.median(seconds)
                ours = ours or median
                spread = (max(seconds) - min(seconds)) / median
                print(f"{name:28}{median:>10.3f}{spread:>8.1%}{median / ours:>19.2f}", flush=True)


def variants(stage, precision, options):
    """Yields a variant's name and the seconds of a step in each repetition."""
    how_long = [f"--steps={options.steps}", f"--repetitions={options.repetitions}"]
    flags = [f"--precision={precision}", *how_long]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "figures.json"
        command = [sys.executable, BENCHMARK, f"--stages={stage}", f"--output={output}", *flags]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        yield "pirgan_tf", json.loads(output.read_text())["stages"][stage]["seconds"]
    if stage == "train_estimator":
        yield "Keras fit", printed([sys.executable, HERE / "estimator_keras.py", *flags])
        return
    yield "Keras fit", printed([sys.executable, HERE / "gan_keras.py", *flags])
    torch = [options.torch_python, HERE / "gan_torch.py", *flags]
    yield "PyTorch", printed(torch)
    yield "PyTorch compiled", printed([*torch, "--compile"])


def printed(command):
    """Returns what a command prints as its last line, as JSON."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
