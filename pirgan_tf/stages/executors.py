"""Where the objectives of a run are worked on: here, in processes, or on a Ray cluster."""

import contextlib
import functools
import math
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf.errors import Interrupted, TrainingError
from pirgan_tf.stages.command import import_tensorflow
from pirgan_tf.stages.objective_run import Outcome, objective_folder, record_failure, run_objective

# TensorFlow keeps the graphs of loops, some 150 MB an objective, until its process ends.
_OBJECTIVES_A_PROCESS = 8


def run_objectives(
    texts: Sequence[str], options: Any, folder: Path
) -> Generator[Outcome, None, None]:
    """Works on objectives, and gives the outcome of each as it ends.

    A few objectives, one at a time, run in this very process, and what the stages print
    is shown; elsewhere it goes to log.txt in the objective's folder.

    Args:
        texts: the objectives.
        options: the run's `ReproduceOptions`.
        folder: the run folder, absolute, on a file system that all workers share.

    Raises:
        TrainingError: if Ray's cluster cannot be reached.
        Interrupted: after SIGTERM, once the workers have stopped.
    """
    few = len(texts) <= _OBJECTIVES_A_PROCESS
    if options.executor == "local" and options.jobs == 1 and few:
        yield from (run_objective(text, options, folder) for text in texts)
        return
    workers = (_Ray if options.executor == "ray" else _Processes)(options, folder)
    # After the workers' start: Ray sets a handler of its own.
    previous = signal.signal(signal.SIGTERM, _stop)
    waiting, running = deque(texts), dict[Any, str]()
    try:
        while waiting or running:
            # No more at a time: what is handed over already cannot be taken back on a signal.
            while waiting and len(running) < options.jobs:
                text = waiting.popleft()
                running[workers.submit(text)] = text
            for handle in workers.wait(list(running)):
                text = running.pop(handle)
                try:
                    yield workers.result(handle)
                except Exception as error:
                    reason = workers.explain(error)
                    yield record_failure(text, options, folder, "worker", reason)
    finally:
        workers.close()
        signal.signal(signal.SIGTERM, previous)


def _stop(signum: int, frame: Any) -> NoReturn:
    for worker in multiprocessing.active_children():
        worker.terminate()
    raise Interrupted(signum, "stopped by SIGTERM; the same command goes on")


def _work(text: str, options: Any, folder: Path, directory: Path) -> Outcome:
    """Works on one objective in a process of its own, and logs what it prints."""
    # Paths in the options may be relative to where the command was given.
    os.chdir(directory)
    import_tensorflow()
    place = objective_folder(text, options, folder)
    with (
        (place / "log.txt").open("a") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        return run_objective(text, options, folder)


def _end_with_parent() -> None:
    """Has a worker end when the run is killed: the next attempt needs what it has locked."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Processes:
    """Processes of this machine; new ones take the place of old or killed ones."""

    def __init__(self, options: Any, folder: Path):
        self._options, self._folder = options, folder
        self._pool = self._start()
        self._submitted = 0

    def submit(self, text: str) -> Future:
        work = functools.partial(_work, text, self._options, self._folder, Path.cwd())
        if self._submitted == self._options.jobs * _OBJECTIVES_A_PROCESS:
            # What runs in it goes on to its end.
            self._pool.shutdown(wait=False)
            self._pool = self._start()
            self._submitted = 0
        self._submitted += 1
        try:
            return self._pool.submit(work)
        except BrokenProcessPool:
            self._pool = self._start()
            return self._pool.submit(work)

    def wait(self, running: list[Future]) -> Iterable[Future]:
        return wait(running, return_when=FIRST_COMPLETED).done

    def result(self, done: Future) -> Outcome:
        return done.result()

    def explain(self, error: Exception) -> str:
        if isinstance(error, BrokenProcessPool):
            # All of them end then, and which it was is not known.
            return "a worker process was killed, perhaps for want of memory"
        return f"{type(error).__name__}: {error}"

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        # Spawned, for TensorFlow does not survive a fork.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            self._options.jobs, mp_context=context, initializer=_end_with_parent
        )


class _Ray:
    """Tasks of a Ray cluster; one whose worker was killed is begun again, and so goes on."""

    def __init__(self, options: Any, folder: Path):
        import ray

        try:
            ray.init(log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise TrainingError(f"Ray's cluster cannot be reached: {reason}") from error
        self._ray, self._options, self._folder = ray, options, folder
        self._task = ray.remote(max_calls=_OBJECTIVES_A_PROCESS)(_work_on_ray).options(
            max_retries=3,
            retry_exceptions=[_WorkerStoppedError],
            scheduling_strategy="SPREAD",
            num_cpus=1,
            num_gpus=_gpus_for_each(ray.cluster_resources().get("GPU", 0), options.jobs),
        )

    def submit(self, text: str) -> Any:
        return self._task.remote(text, self._options, self._folder, Path.cwd())

    def wait(self, running: list) -> Iterable:
        return self._ray.wait(running, num_returns=1)[0]

    def result(self, done: Any) -> Outcome:
        return self._ray.get(done)

    def explain(self, error: Exception) -> str:
        # The rest is the worker's traceback.
        return str(error).strip().splitlines()[-1]

    def close(self) -> None:
        self._ray.shutdown()


class _WorkerStoppedError(RuntimeError):
    """A worker of a cluster was asked to stop, as when its machine is needed elsewhere."""


def _work_on_ray(*arguments: Any) -> Outcome:
    try:
        return _work(*arguments)
    except KeyboardInterrupt as stop:
        raise _WorkerStoppedError(str(stop)) from None


def _gpus_for_each(gpus: float, jobs: int) -> float:
    """Returns how much of a GPU each of some objectives at once may take, so that all fit."""
    return 1 / math.ceil(jobs / gpus) if gpus else 0
