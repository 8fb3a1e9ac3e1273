"""Several workers give what one process gives, and end together."""

import json
import math
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

CHECKS = Path(__file__).with_name("worker_checks.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, helpers):
    """Where worker_checks.py has left its outputs."""
    folder = tmp_path_factory.mktemp("workers")
    # A worker that is killed leaves its temporary folder.
    environment = helpers.environment() | {"TMPDIR": str(folder)}
    subprocess.run([sys.executable, CHECKS, folder], env=environment, check=True)
    return folder


@pytest.fixture(scope="module")
def seen(folder):
    return json.loads((folder / "seen.json").read_text())


def rows(output):
    return [json.loads(line) for line in (output / "stats.jsonl").read_text().splitlines()]


def test_workers_finish_and_only_the_chief_tells_of_steps(seen):
    chief, *others = seen["three"]
    assert [worker["status"] for worker in seen["three"]] == [0, 0, 0]
    assert "3 workers of 1 CPUs each" in chief["out"]
    assert "step 24/24" in chief["out"]
    assert not any("step 24/24" in other["out"] for other in others)


def test_their_estimator_is_that_of_one_process_on_the_same_batches(folder):
    one, three = (
        keras.models.load_model(folder / output / "estimator.keras").get_weights()
        for output in ("one", "three")
    )
    for a, b in zip(one, three, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    for a, b in zip(rows(folder / "one"), rows(folder / "three"), strict=True):
        losses = {name for name in a if "/" in name}
        assert losses == {name for name in b if "/" in name}
        for name in ("step", *losses):
            assert math.isclose(a[name], b[name], rel_tol=1e-5)


def test_two_workers_draw_and_learn_what_two_replicas_of_one_process_do(folder):
    mirrored, *workers = (
        np.load(folder / f"{name}.npz")
        for name in ("mirrored-0", "multi_worker-0", "multi_worker-1")
    )
    for name, values in mirrored.items():
        np.testing.assert_array_equal(workers[0][name], workers[1][name])
        np.testing.assert_allclose(workers[0][name], values, rtol=1e-5, atol=1e-7)


def test_the_output_is_the_chiefs_alone(folder):
    one, three = ({path.name for path in (folder / name).iterdir()} for name in ("one", "three"))
    assert one == three
    assert not list(folder.glob("*.partial"))
    options = json.loads((folder / "three" / "options.json").read_text())["options"]
    assert (options["strategy"], options["replicas"]) == ("multi_worker", 3)


def test_when_one_is_killed_the_others_end_with_one_line(seen):
    # About 20 s; more where other tests keep the machine busy.
    assert seen["seconds"] < 120
    first, killed, last = seen["killed"]
    assert killed["status"] == -9
    for worker in (first, last):
        assert worker["status"] == 1
        [line] = [line for line in worker["err"].splitlines() if "train_estimator: " in line]
        assert "all workers must run until the end" in line
        assert "Traceback" not in worker["err"]


def test_the_same_commands_go_on_from_the_last_checkpoint(seen):
    steps = [line for line in seen["three"][0]["out"].splitlines() if line.startswith("step ")]
    assert steps and not any(line.startswith("step 4/24") for line in steps)
