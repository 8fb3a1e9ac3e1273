"""Pre-trains the GAN on a GPU by its exported program, and keeps some snapshots.

    python3 benchmarks/gpu/pretrain.py PROGRAMS --steps=100000 --output=OUT

Losses of each block of steps go to stats.jsonl. A snapshot holds the weights of both networks as
float16; import_gan.py makes a GAN folder of it.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from programs import first_state, load, training_arguments  # noqa: E402


def main() -> None:
    """Trains until the last step or the last second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--block", type=int, default=500, help="steps per call")
    parser.add_argument("--snapshots", default="", help="steps, besides the last")
    parser.add_argument("--generator_learning_rate", type=float, default=1e-5)
    parser.add_argument("--discriminator_learning_rate", type=float, default=1e-5)
    parser.add_argument("--seconds", type=float, default=1e9, help="end after these")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    state = first_state(options.programs)
    for name in ("generator", "discriminator"):
        rate = getattr(options, f"{name}_learning_rate")
        state[f"{name}_optimizer/learning_rate"] = jax.device_put(np.float32(rate))
    program = load(options.programs / f"gan-{options.precision}")
    due = sorted(int(step) for step in options.snapshots.split(",") if step)
    began, step = time.monotonic(), 0
    with (options.output / "stats.jsonl").open("w") as stats:
        while step < options.steps and time.monotonic() - began < options.seconds:
            count = min([options.block, options.steps - step, *(s - step for s in due if s > step)])
            results = program(state, *training_arguments("gan", state, step, count))
            losses = {name: float(value) / count for name, value in results.items()}
            step += count
            if not all(np.isfinite(list(losses.values()))):
                raise SystemExit(f"losses must be finite. Received: {losses} at step {step}")
            row = {"step": step, "seconds": time.monotonic() - began} | losses
            stats.write(json.dumps(row) + "\n")
            stats.flush()
            if step in due:
                save(state, options.output / f"snapshot-{step}.npz")
            if step % (20 * options.block) == 0:
                print(json.dumps({key: round(value, 3) for key, value in row.items()}), flush=True)
    if step not in due:
        save(state, options.output / f"snapshot-{step}.npz")
    print(f"{step} steps in {time.monotonic() - began:.1f} s")


def save(state: dict[str, Any], path: Path) -> None:
    """Writes the weights of both networks as float16."""
    np.savez(
        path,
        **{
            name.replace("/", "|"): np.asarray(value).astype(np.float16)
            for name, value in state.items()
            if name.startswith(("generator/", "discriminator/"))
        },
    )


if __name__ == "__main__":
    main()
