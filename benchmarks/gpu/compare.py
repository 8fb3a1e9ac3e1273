"""Times the training steps as XLA programs and in PyTorch on one GPU, three processes at a time.

    python3 benchmarks/gpu/compare.py PROGRAMS --output=OUT

Processes compile side by side, and are then timed one after the other. Prints a row per form.
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
STEPS = ("gan", "estimator", "tune")


def main() -> None:
    """Times all, the more telling groups first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument("--groups", default="xla:bfloat16,torch:bfloat16,xla:float32,torch:float32")
    parser.add_argument("--seconds", type=float, default=240, help="begin no group after these")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    began, figures = time.monotonic(), {}
    for group in options.groups.split(","):
        if time.monotonic() - began > options.seconds:
            print(f"no time is left for {group}")
            break
        figures[group] = time_group(*group.split(":"), options.programs)
        (options.output / "steps.json").write_text(json.dumps(figures, indent=1))
        print(f"{group}: {time.monotonic() - began:.0f} s so far", flush=True)


def time_group(kind: str, precision: str, programs: Path) -> dict:
    """Starts a process per step, and lets each time itself when all have compiled."""
    script = [str(HERE / f"steps_{kind}.py"), *([str(programs)] if kind == "xla" else [])]
    environment = os.environ | {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TORCHINDUCTOR_COMPILE_THREADS": "5",
    }
    running = {}
    for step in STEPS:
        command = [sys.executable, *script, f"--step={step}", f"--precision={precision}"]
        running[step] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
    watch = threading.Timer(170, lambda: [process.kill() for process in running.values()])
    watch.start()
    figures = {}
    ready = {step: _wait(process) for step, process in running.items()}
    for step, process in running.items():
        if not ready[step]:
            figures[step] = {"error": "did not get ready"}
            continue
        output, _ = process.communicate("go\n")
        try:
            figures[step] = json.loads(output.splitlines()[-1])
        except (IndexError, json.JSONDecodeError):
            figures[step] = {"error": output[-300:]}
            continue
        for form, row in figures[step].items():
            if "seconds" in row:
                median = statistics.median(row["seconds"])
                print(
                    f"{step:10} {precision:9} {form:9} {1e3 * median:8.3f} ms"
                    f" {64 / median:8.0f} images/s {row['gigabytes']:6.2f} GB"
                    f" compiled in {row['compile_seconds']:.0f} s",
                    flush=True,
                )
    watch.cancel()
    return figures


def _wait(process: subprocess.Popen) -> bool:
    for line in process.stdout:
        if line.strip() == "ready":
            return True
    return False


if __name__ == "__main__":
    main()
