"""Times a training step that export.py wrote; the counterpart of steps_torch.py.

python3 steps_xla.py PROGRAMS --step=gan --precision=bfloat16
"""

import argparse
import json
import sys
import time
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from programs import first_state, load, training_arguments  # noqa: E402


def main() -> None:
    """Compiles a program, waits for its turn, and times blocks of 100 steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument("--step", required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--block", type=int, default=100)
    options = parser.parse_args()
    state = first_state(options.programs)
    program = load(options.programs / f"{options.step}-{options.precision}")
    losses = []

    def run(first: int, count: int) -> dict:
        results = program(state, *training_arguments(options.step, state, first, count))
        return {name: float(value) / count for name, value in results.items()}

    losses = [run(step, 1) for step in range(3)]
    print("ready", flush=True)
    sys.stdin.readline()
    run(3, 20)
    seconds = []
    for number in range(5):
        began = time.perf_counter()
        last = run(23 + number * options.block, options.block)
        seconds.append((time.perf_counter() - began) / options.block)
    # What a call costs in addition to its steps.
    began = time.perf_counter()
    run(1000, 1)
    single = time.perf_counter() - began
    memory = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use", np.nan) / 1e9
    figures = {"compile_seconds": program.seconds, "seconds": seconds, "single_call": single}
    print(json.dumps({"xla": figures | {"gigabytes": memory, "losses": losses, "last": last}}))


if __name__ == "__main__":
    main()
