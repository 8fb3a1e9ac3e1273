"""A sweep on a Ray cluster of two workers, one of which is killed in the middle.

Skipped where the extra `cluster` is not installed, as after `make setup`.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("ray")

OBJECTIVES = ("color:red", "color:green", "color:blue")


def _workers():
    """The processes that work on an objective: those whose title Ray sets to the task's name."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::_work"):
            found.append(int(folder.name))
    return found


@pytest.fixture
def cluster():
    """A head and a node with one CPU each, as two machines would be; gives the address."""
    ray = Path(sys.executable).parent / "ray"
    address = "127.0.0.1:6399"
    flags = ["--num-cpus=1", "--disable-usage-stats", "--block"]
    places = (["--head", "--port=6399", "--include-dashboard=false"], [f"--address={address}"])
    nodes = []
    try:
        for place in places:
            command = [ray, "start", *place, *flags]
            nodes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            # The second joins the first.
            time.sleep(8)
            assert nodes[-1].poll() is None
        yield address
    finally:
        for node in reversed(nodes):
            node.terminate()
            node.wait()


def test_a_killed_worker_is_replaced_and_nothing_is_lost(
    commands, helpers, reproduced, cluster, tmp_path, monkeypatch
):
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    flags = [
        f"--{name}"
        for name in (
            f"gan={reproduced / 'gan'}",
            f"objectives={' '.join(OBJECTIVES)}",
            "sample_num_images=40",
            "simulate_impressions=50",
            "executor=ray",
            "jobs=2",
        )
    ]
    for stage, prefix in (("train_estimator", "estimator"), ("tune", "tune")):
        flags += [
            f"--{prefix}_{flag.removeprefix('--')}"
            for flag in commands.tiny[stage]
            if flag != "--deterministic"
        ]
    output = tmp_path / "run"
    running = commands.start("reproduce", *flags, output=output)
    training = "objectives/*/estimator.partial"

    def trains():
        return any(helpers.last_step(folder) > 0 for folder in output.glob(training))

    running.wait_until(trains)
    os.kill(_workers()[0], signal.SIGKILL)
    result = running.result()
    assert (result.status, result.complaints) == (0, []), result
    rows = pd.read_csv(output / "report" / "results.csv")
    assert set(rows.objective) == set(OBJECTIVES)
    assert rows.failure.isna().all()
    begun = [
        (output / "objectives" / name / "log.txt").read_text().count("train_estimator: one CPU")
        for name in ("color-red", "color-green", "color-blue")
    ]
    # The one that was killed went on, in another process.
    assert sorted(begun) == [1, 1, 2]
