"""Times the training steps as XLA programs and in PyTorch on one GPU.

    python3 benchmarks/gpu/compare.py PROGRAMS --output=OUT

The processes of a group compile side by side, and are then timed one after the other.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
GROUPS = (
    "xla:gan:bfloat16 xla:estimator:bfloat16 xla:tune:bfloat16",
    "torch:gan:bfloat16 torch:estimator:bfloat16 torch:tune:bfloat16 torch:matrix:bfloat16:eager",
    "xla:gan:float32 xla:estimator:float32 xla:tune:float32",
    "torch:gan:float32 torch:estimator:float32 torch:tune:float32 torch:matrix:float32:eager",
)


def main() -> None:
    """Times group by group, the more telling ones first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument(
        "--groups", default=",".join(GROUPS), help="KIND:STEP:PRECISION[:FORM+FORM]"
    )
    parser.add_argument("--seconds", type=float, default=240, help="begin no group after these")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    began, figures = time.monotonic(), {}
    for group in options.groups.split(","):
        if time.monotonic() - began > options.seconds:
            print(f"no time is left for {group}")
            break
        figures |= time_group(group.split(), options.programs)
        (options.output / "steps.json").write_text(json.dumps(figures, indent=1))
        print(f"{group}: {time.monotonic() - began:.0f} s so far", flush=True)


def time_group(names: list[str], programs: Path) -> dict:
    """Starts a process per name, and lets each time itself when all have compiled."""
    environment = os.environ | {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TORCHINDUCTOR_COMPILE_THREADS": "4",
    }
    running = {}
    for name in names:
        kind, step, precision, *forms = name.split(":")
        command = [sys.executable, str(HERE / f"steps_{kind}.py")]
        command += [str(programs)] * (kind == "xla") + [
            f"--step={step}",
            f"--precision={precision}",
        ]
        command += ["--forms=" + form.replace("+", ",") for form in forms]
        running[name] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
    watch = threading.Timer(170, lambda: [process.kill() for process in running.values()])
    watch.start()
    ready = {name: _wait(process) for name, process in running.items()}
    figures = {}
    for name, process in running.items():
        output = process.communicate("go\n")[0] if ready[name] else ""
        try:
            figures[name] = json.loads(output.splitlines()[-1])
        except (IndexError, json.JSONDecodeError):
            figures[name] = {"error": output[-300:]}
        for form, row in figures[name].items():
            if "seconds" in row:
                median = statistics.median(row["seconds"])
                print(
                    f"{name:24} {form:14} {1e3 * median:8.3f} ms {64 / median:8.0f} images/s"
                    f" {row['gigabytes']:6.2f} GB, compiled in {row['compile_seconds']:.0f} s",
                    flush=True,
                )
    watch.cancel()
    return figures


def _wait(process: subprocess.Popen) -> bool:
    return any(line.strip() == "ready" for line in process.stdout)


if __name__ == "__main__":
    main()
