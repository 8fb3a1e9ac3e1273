import importlib.util
import multiprocessing
import os
import signal
import threading
import time
import types

import pytest

from pirgan_tf.errors import InputError, TrainingError
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


def test_a_killed_worker_ends_the_run_with_one_line(tmp_path):
    def kill():
        while not (workers := multiprocessing.active_children()):
            time.sleep(0.01)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(TrainingError, match=r"worker process was killed.*fewer --jobs"):
        list(run_objectives(TEXTS, make_options(tmp_path, jobs=2), tmp_path))
    killer.join()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("nodes", "jobs", "share"),
    [
        ([{"CPU": 2}], 2, {"num_cpus": 1}),
        ([{"CPU": 8}, {"CPU": 8}], 2, {"num_cpus": 8}),
        # A task cannot span nodes.
        ([{"CPU": 8}, {"CPU": 4}], 1, {"num_cpus": 8}),
        ([{"CPU": 2}], 5, {"num_cpus": 1}),
        ([{"CPU": 8, "GPU": 2}], 2, {"num_cpus": 4, "num_gpus": 1}),
        ([{"CPU": 8, "GPU": 1}], 2, {"num_cpus": 4, "num_gpus": 0.5}),
    ],
)
def test_objectives_at_once_share_the_cluster(nodes, jobs, share):
    alive = [{"Alive": True, "Resources": node} for node in nodes]
    dead = {"Alive": False, "Resources": {"CPU": 64, "GPU": 8}}
    ray = types.SimpleNamespace(nodes=lambda: [*alive, dead])
    assert executors._share(ray, jobs) == share


def test_ray_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"executor=ray needs Ray: pip install 'pirgan-tf\[clus"):
        make_options(tmp_path / "run", executor="ray").validate()
