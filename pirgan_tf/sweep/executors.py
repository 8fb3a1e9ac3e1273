"""Where the objectives of a run are worked on: here, in processes, or on a Ray cluster."""

import contextlib
import math
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from pirgan_tf.cli import signals
from pirgan_tf.cli.command import import_tensorflow
from pirgan_tf.errors import TrainingError
from pirgan_tf.stages.shared.training_options import set_up_devices
from pirgan_tf.sweep.objective_run import Outcome, objective_folder, record_failure, run_objective


def run_objectives(
    texts: Sequence[str], options: Any, folder: Path
) -> Generator[Outcome, None, None]:
    """Works on objectives, and gives the outcome of each as it ends.

    Objectives one at a time run in this very process, and what the stages print is shown;
    elsewhere it goes to log.txt in the objective's folder.

    Args:
        texts: the objectives.
        options: the run's `ReproduceOptions`.
        folder: the run folder, absolute, on a file system that all workers share.

    Raises:
        TrainingError: if Ray's cluster cannot be reached.
        Interrupted: after SIGTERM or SIGINT, once the workers have stopped.
    """
    if options.executor == "local" and options.jobs == 1:
        yield from (run_objective(text, options, folder) for text in texts)
        return
    workers = (_Ray if options.executor == "ray" else _Processes)(options, folder)
    waiting, running = deque(texts), dict[Any, str]()
    # After the workers' start: Ray sets a handler of its own.
    with signals.raised("; the same command resumes it"), contextlib.closing(workers):
        while waiting or running:
            # No more at a time: what is handed over already cannot be taken back on a signal.
            while waiting and len(running) < options.jobs:
                text = waiting.popleft()
                running[workers.submit(text)] = text
            for handle in workers.wait(list(running)):
                text = running.pop(handle)
                try:
                    yield workers.result(handle)
                except _WorkerError as error:
                    yield record_failure(text, options, folder, "worker", str(error))


class _WorkerError(RuntimeError):
    """A worker ended in the middle of an objective."""


def _work(text: str, options: Any, folder: Path, directory: Path) -> Outcome:
    """Works on one objective in a process of its own, and logs what it prints."""
    # Paths in the options may be relative to where the command was given.
    os.chdir(directory)
    import_tensorflow()
    # Before a stage that trains nothing starts TensorFlow, with settings of its own.
    set_up_devices(options)
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


def _serve(calls: Any, options: Any, folder: Path, directory: Path) -> None:
    """Works on the objectives that arrive until there are no more, or until a signal."""
    _end_with_parent()
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            calls.send(_work(calls.recv(), options, folder, directory))


class _Processes:
    """Processes of this machine; new ones take the place of killed ones.

    Python's pools end all processes when one dies, and wait for ever if another was just
    starting.
    """

    def __init__(self, options: Any, folder: Path):
        self._options, self._folder = options, folder
        # By the end of the pipe that leads to it.
        self._processes = dict[Any, BaseProcess]()
        self._idle: list[Any] = []

    def submit(self, text: str) -> Any:
        calls = self._idle.pop() if self._idle else self._start()
        try:
            calls.send(text)
        except BrokenPipeError:
            # It was killed while it was idle.
            self._end(calls)
            return self.submit(text)
        return calls

    def wait(self, running: list) -> Iterable:
        return connection.wait(running)

    def result(self, done: Any) -> Outcome:
        try:
            outcome = done.recv()
        except (EOFError, ConnectionResetError):
            code = self._end(done)
            raise _WorkerError(
                f"its process was killed (exit code {code}), perhaps for lack of memory"
            ) from None
        self._idle.append(done)
        return outcome

    def close(self) -> None:
        for calls, process in self._processes.items():
            # The others end by themselves, and clean up.
            if calls not in self._idle:
                process.terminate()
        for calls in list(self._processes):
            self._end(calls)

    def _start(self) -> Any:
        # Spawned, for TensorFlow does not survive a fork.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, self._options, self._folder, Path.cwd())
        process = context.Process(target=_serve, args=arguments)
        # Ctrl-C reaches all processes of a terminal: the workers leave it to this one. The
        # tracker's start would lift the block.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
            # So that the pipe ends with the process.
            theirs.close()
            self._processes[ours] = process
        finally:
            # From here on a signal is raised, and `close` ends this one too.
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return ours

    def _end(self, calls: Any) -> int | None:
        """Waits for the end of a process, which comes when it has nothing to do."""
        calls.close()
        process = self._processes.pop(calls)
        process.join()
        return process.exitcode


class _Ray:
    """Tasks of a Ray cluster; one whose worker was killed is started again, and resumes."""

    def __init__(self, options: Any, folder: Path):
        import ray

        try:
            ray.init(log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise TrainingError(
                f"Ray's cluster must be within reach. Received: {reason}"
            ) from error
        self._ray, self._options, self._folder = ray, options, folder
        self._task = ray.remote(_work_on_ray).options(
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
        try:
            return self._ray.get(done)
        except self._ray.exceptions.RayError as error:
            # The rest is the worker's traceback.
            raise _WorkerError(str(error).strip().splitlines()[-1]) from error

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
