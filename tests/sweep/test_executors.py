import contextlib
import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import light_workers
import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.sweep import executors
from pirgan_tf.sweep.executors import run_objectives
from pirgan_tf.sweep.reproduce_options import ReproduceOptions

TEXTS = ["color:red", "color:blue"]


def make_options(folder, **changes):
    return ReproduceOptions(output=str(folder), objectives=" ".join(TEXTS), **changes)


@pytest.fixture
def light(monkeypatch):
    """Workers whose objectives fail at once."""
    monkeypatch.setattr(executors, "_serve", light_workers.serve)


def test_only_the_objective_of_a_killed_worker_is_lost(light, tmp_path):
    texts = [*TEXTS, "color:green", "color:red-blue"]
    (tmp_path / "hold").touch()

    def kill():
        while not any(ids := [path.read_text() for path in tmp_path.glob("objectives/*/pid")]):
            time.sleep(0.01)
        os.kill(int(next(filter(None, ids))), signal.SIGKILL)
        (tmp_path / "hold").unlink()

    killer = threading.Thread(target=kill)
    killer.start()
    outcomes = list(run_objectives(texts, make_options(tmp_path, jobs=2), tmp_path))
    killer.join()
    assert {outcome.objective for outcome in outcomes} == set(texts)
    killed = [outcome for outcome in outcomes if outcome.failure.startswith("worker: ")]
    (failure,) = (outcome.failure for outcome in killed)
    assert failure.endswith("was killed (exit code -9), perhaps for lack of memory")
    assert killed[0].objective in TEXTS
    for outcome in set(outcomes) - set(killed):
        assert outcome.failure == "work: light"
    assert len(list(tmp_path.glob("objectives/*/failure.json"))) == 4
    assert not multiprocessing.active_children()


def test_a_worker_that_was_killed_while_idle_is_replaced(light, tmp_path):
    workers = executors._Processes(make_options(tmp_path, jobs=2), tmp_path)
    try:
        for text in TEXTS:
            (done,) = workers.wait([workers.submit(text)])
            assert workers.result(done).failure == "work: light"
            (worker,) = multiprocessing.active_children()
            worker.kill()
            worker.join()
    finally:
        workers.close()
    assert len({path.read_text() for path in tmp_path.glob("objectives/*/pid")}) == 2


def test_objectives_one_at_a_time_stay_in_this_process(tmp_path):
    names = ("red", "green", "blue")
    texts = [f"color:{name}" for name in names]
    texts += [f"color:{left}-{right}" for left in names for right in names if left != right]
    for outcome in run_objectives(texts, make_options(tmp_path), tmp_path):
        assert outcome.failure.startswith("simulate: gallery must be")
        assert not multiprocessing.active_children()
    assert len(list(tmp_path.glob("objectives/*/failure.json"))) == 9
    assert not list(tmp_path.glob("objectives/*/log.txt"))


def test_workers_do_not_outlive_a_killed_run(tmp_path):
    code = f"""
from pathlib import Path
from pirgan_tf.sweep.executors import run_objectives
from pirgan_tf.sweep.reproduce_options import ReproduceOptions
if __name__ == "__main__":
    options = ReproduceOptions(output="x", objectives="", jobs=2)
    list(run_objectives({TEXTS!r}, options, Path({str(tmp_path)!r})))
"""
    (tmp_path / "run.py").write_text(code)
    run = subprocess.Popen([sys.executable, str(tmp_path / "run.py")])
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    # Two workers, and what Python starts to clean up after them.
    while len(workers := children.read_text().split()) < 3:
        assert run.poll() is None
        time.sleep(0.01)
    run.kill()
    run.wait()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, workers
        time.sleep(0.1)


def test_a_second_signal_ends_a_run_and_its_workers_at_once(tmp_path):
    code = f"""
import sys
from pathlib import Path
from pirgan_tf.cli import signals
from pirgan_tf.sweep.executors import run_objectives
from pirgan_tf.sweep.reproduce_options import ReproduceOptions
if __name__ == "__main__":
    options = ReproduceOptions(output="x", objectives="", jobs=2)
    with signals.raised():
        try:
            list(run_objectives({TEXTS!r}, options, Path({str(tmp_path)!r})))
        except KeyboardInterrupt as error:
            sys.exit(str(error))
"""
    (tmp_path / "run.py").write_text(code)
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py")], stderr=subprocess.PIPE, process_group=0
    )
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    while len(workers := children.read_text().split()) < 3:
        assert run.poll() is None
        time.sleep(0.01)
    # As Ctrl-C in a terminal does it; a worker that has stopped would not hear of SIGTERM.
    for worker in workers[1:]:  # The first is the resource tracker.
        os.kill(int(worker), signal.SIGSTOP)
        while "State:\tT" not in Path(f"/proc/{worker}/status").read_text():
            time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)
    time.sleep(0.5)
    assert run.poll() is None
    started = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait() == -signal.SIGINT, run.stderr.read()
    assert time.monotonic() - started < 2
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(worker), signal.SIGCONT)
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, workers
        time.sleep(0.1)
    assert b"Traceback" not in run.stderr.read()


def test_sigterm_stops_the_run_before_the_next_objective(light, tmp_path):
    texts = [f"color:{name}" for name in ("red", "green", "blue", "red-green", "red-blue")]

    def send():
        while not list(tmp_path.glob("objectives/*/failure.json")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    sender = threading.Thread(target=send)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        # The first objectives fail at once; then the signal comes.
        for _ in run_objectives(texts, make_options(tmp_path, jobs=2), tmp_path):
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
