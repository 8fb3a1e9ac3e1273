"""Compares the first losses of the programs with TensorFlow's: python3 check.py PROGRAMS"""

import argparse
import json
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from arrays import CHECKED_STEPS  # noqa: E402
from programs import first_state, load  # noqa: E402


def main() -> None:
    """Prints the largest relative difference of each program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=Path)
    options = parser.parse_args()
    expected = json.loads((options.programs / "expected.json").read_text())
    for name, losses in expected.items():
        program = load(options.programs / name)
        state = first_state(options.programs)
        received = [
            [float(x) for x in program(state, *arguments(options.programs, name, step)).values()]
            for step in range(len(losses))
        ]
        difference = np.max(np.abs(np.subtract(received, losses)) / (1e-3 + np.abs(losses)))
        print(f"{name}: compiled in {program.seconds:.1f} s, losses differ by {difference:.1e}")


def arguments(programs: Path, name: str, step: int) -> tuple:
    """Returns the arguments of one step, as export.py had them."""
    one = np.int64(1)
    if not name.startswith("estimator"):
        return np.int64(step), one
    shape = json.loads((programs / f"{name}.json").read_text())["arguments"][0]
    rows = np.zeros(shape, np.int32)
    rows[:CHECKED_STEPS] = np.arange(CHECKED_STEPS * shape[1]).reshape(CHECKED_STEPS, -1)
    return np.roll(rows, -step, axis=0), one


if __name__ == "__main__":
    main()
