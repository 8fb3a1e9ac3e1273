"""The machines of a run on several, as the environment's TF_CONFIG names them."""

import dataclasses
import json
import os
import socket
import time
from typing import Any

from pirgan_tf.errors import InputError, TrainingError

_VARIABLE = "TF_CONFIG"
# In the order in which TensorFlow counts them.
_JOBS = ("chief", "worker")
_ANSWER_SECONDS = 100.0
_EXAMPLE = (
    '{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers of a run, and which of them this process is.

    Attributes:
        addresses: of all workers, `"host:port"`; the first is the chief's.
        place: of this one among them.
    """

    addresses: tuple[str, ...]
    place: int


def read_cluster() -> Cluster:
    """Reads TF_CONFIG.

    Returns:
        The cluster.

    Raises:
        InputError: if there is none, or if it is not a cluster of workers, of which at most one
            is called chief, with the task of one of them.
    """
    text = os.environ.get(_VARIABLE)
    if not text:
        raise _error("nothing")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise _error(f"{text}, which is no JSON ({error})") from error
    try:
        jobs, task = content["cluster"], content["task"]
        addresses = [address for job in _JOBS for address in jobs.get(job, [])]
        own = jobs[task["type"]][int(task["index"])]
        right = jobs.keys() <= set(_JOBS) and len(jobs.get("chief", [])) <= 1
        right = right and int(task["index"]) >= 0 and len(set(addresses)) == len(addresses)
        for address in addresses:
            _split(address)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _error(text) from error
    if not right:
        raise _error(text)
    return Cluster(tuple(addresses), addresses.index(own))


def wait_for_workers(cluster: Cluster, seconds: float = _ANSWER_SECONDS) -> None:
    """Waits until all workers answer; TensorFlow itself would wait for an hour.

    This one answers meanwhile, at the address at which TensorFlow will.

    Args:
        cluster: the workers.
        seconds: how long.

    Raises:
        InputError: if this worker cannot use its address.
        TrainingError: if others do not answer.
    """
    own = cluster.addresses[cluster.place]
    try:
        server = socket.create_server(("", _split(own)[1]))
    except OSError as error:
        raise InputError(
            f"the port of this worker's address must be free: {error.strerror}. Received: {own}"
        ) from error
    silent = [address for address in cluster.addresses if address != own]
    until = time.monotonic() + seconds
    with server:
        while silent and time.monotonic() < until:
            silent = [address for address in silent if not _answers(address)]
            if silent:
                time.sleep(0.2)
    if silent:
        raise TrainingError(
            f"all workers must answer within {seconds:g} s. Received: nothing from "
            f"{', '.join(silent)}"
        )


def _answers(address: str) -> bool:
    try:
        socket.create_connection(_split(address), timeout=1).close()
    except OSError:
        return False
    return True


def _split(address: Any) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not 0 < int(port) < 2**16:
        raise ValueError(address)
    return host, int(port)


def _error(received: str) -> InputError:
    return InputError(
        f"{_VARIABLE} must name the workers and which of them this is, such as {_EXAMPLE}. "
        f"Received: {received}"
    )
