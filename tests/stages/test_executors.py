import importlib.util
import multiprocessing
import os
import signal
import threading
import time

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.stages import executors
from pirgan_tf.stages.executors import run_objectives
from pirgan_tf.stages.reproduce_options import ReproduceOptions

TEXTS = ["color:red", "color:blue"]


def make_options(folder, **changes):
    return ReproduceOptions(output=str(folder), objectives=" ".join(TEXTS), **changes)


def test_worker_processes_record_failures_and_go_on(tmp_path):
    """Without a first gallery, every objective fails at its first stage."""
    outcomes = list(run_objectives(TEXTS, make_options(tmp_path, jobs=2), tmp_path))
    assert sorted(outcome.objective for outcome in outcomes) == sorted(TEXTS)
    for outcome in outcomes:
        assert outcome.failure.startswith("simulate: gallery must be a gallery.npz")
    names = {path.parent.name for path in tmp_path.glob("objectives/*/failure.json")}
    assert names == {"color-red", "color-blue"}
    assert not multiprocessing.active_children()


def test_killed_workers_are_recorded_and_replaced(tmp_path):
    """Nothing is lost but what they worked on, and the next attempt goes on there."""
    texts = [*TEXTS, "color:green", "color:red-blue"]

    def kill():
        while not (workers := multiprocessing.active_children()):
            time.sleep(0.01)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcomes = list(run_objectives(texts, make_options(tmp_path, jobs=2), tmp_path))
    killer.join()
    failures = {outcome.objective: outcome.failure for outcome in outcomes}
    assert set(failures) == set(texts)
    killed = [text for text in TEXTS if failures[text].startswith("worker: ")]
    assert killed
    assert "a worker process was killed" in failures[killed[0]]
    assert failures["color:red-blue"].startswith("simulate: gallery must be")
    assert len(list(tmp_path.glob("objectives/*/failure.json"))) == 4
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_run_before_the_next_objective(tmp_path, stop):
    texts = [f"color:{name}" for name in ("red", "green", "blue", "red-green", "red-blue")]

    def send():
        while not list(tmp_path.glob("objectives/*/failure.json")):
            time.sleep(0.01)
        os.kill(os.getpid(), stop)

    sender = threading.Thread(target=send)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        # The first objectives fail at once for want of a gallery; then the signal comes.
        for _ in run_objectives(texts, make_options(tmp_path, jobs=1 + 1), tmp_path):
            sender.join()
    assert len(list(tmp_path.glob("objectives/*"))) < len(texts)
    assert not multiprocessing.active_children()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("gpus", "jobs", "share"), [(0, 2, 0), (2, 2, 1), (4, 2, 1), (2, 3, 0.5), (1, 3, 1 / 3)]
)
def test_objectives_at_once_fit_on_the_gpus(gpus, jobs, share):
    assert executors._gpus_for_each(gpus, jobs) == share


def test_ray_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"executor=ray needs Ray: pip install 'pirgan-tf\[clus"):
        make_options(tmp_path / "run", executor="ray").validate()
