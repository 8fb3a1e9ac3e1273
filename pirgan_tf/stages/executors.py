"""Where the objectives of a run are worked on: here, in processes, or on a Ray cluster."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf.errors import Interrupted, TrainingError
from pirgan_tf.stages.command import import_tensorflow
from pirgan_tf.stages.objective_run import Outcome, objective_folder, run_objective


def run_objectives(texts: Sequence[str], options: Any, folder: Path) -> Iterator[Outcome]:
    """Works on objectives, and gives the outcome of each as it ends.

    What the stages print is shown where one objective runs at a time in this very
    process; elsewhere it goes to log.txt in the objective's folder.

    Args:
        texts: the objectives.
        options: the run's `ReproduceOptions`.
        folder: the run folder, on a file system that all workers share.

    Raises:
        TrainingError: if a worker process died.
        Interrupted: after SIGTERM, once the workers have stopped.
    """
    if options.executor == "ray":
        return _on_ray(texts, options, folder)
    if options.jobs == 1:
        return (run_objective(text, options, folder) for text in texts)
    return _in_processes(texts, options, folder)


def _work(text: str, options: Any, folder: Path, directory: Path) -> Outcome:
    """Works on one objective in a process of its own, and logs what it prints."""
    # Paths in the options may be relative to where the command was given.
    os.chdir(directory)
    import_tensorflow()
    place = objective_folder(text, options, folder)
    try:
        with (place / "log.txt").open("a") as log, contextlib.redirect_stdout(log):
            return run_objective(text, options, folder)
    except KeyboardInterrupt as stop:
        return Outcome(text, str(stop) or "interrupted")


def _in_processes(texts: Sequence[str], options: Any, folder: Path) -> Iterator[Outcome]:
    # Spawned, for TensorFlow does not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(options.jobs, mp_context=context)
    previous = signal.signal(signal.SIGTERM, _stop_workers)
    try:
        futures = [pool.submit(_work, text, options, folder, Path.cwd()) for text in texts]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise TrainingError(
            "a worker process was killed, perhaps for want of memory: the same command goes on, "
            f"with fewer --jobs if you like. Received: {options.jobs}"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
        signal.signal(signal.SIGTERM, previous)


def _stop_workers(signum: int, frame: Any) -> NoReturn:
    for worker in multiprocessing.active_children():
        worker.terminate()
    raise Interrupted(signum, "stopped by SIGTERM; the same command goes on")


def _on_ray(texts: Sequence[str], options: Any, folder: Path) -> Iterator[Outcome]:
    import ray

    ray.init(log_to_driver=False)
    try:
        # A killed worker's objective is begun again, and goes on from its last checkpoint.
        task = ray.remote(_work).options(
            max_retries=3, scheduling_strategy="SPREAD", **_share(ray, options.jobs)
        )
        pending = {task.remote(text, options, folder.resolve(), Path.cwd()): text for text in texts}
        while pending:
            (done,), _ = ray.wait(list(pending), num_returns=1)
            text = pending.pop(done)
            try:
                yield ray.get(done)
            except ray.exceptions.RayError as error:
                yield Outcome(text, " ".join(str(error).split()))
    finally:
        ray.shutdown()


def _share(ray: Any, jobs: int) -> dict[str, float]:
    """Returns what of the cluster one of some objectives at once may take."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    total = {name: sum(node.get(name, 0) for node in nodes) for name in ("CPU", "GPU")}
    # A task runs on one node, so it must not ask for more than the largest has.
    largest = max(node.get("CPU", 0) for node in nodes)
    share = {"num_cpus": max(1, min(total["CPU"] // jobs, largest))}
    return share | ({"num_gpus": min(1, total["GPU"] / jobs)} if total["GPU"] else {})
