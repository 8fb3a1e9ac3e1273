"""TF_CONFIG, and workers that do not answer."""

import json
import socket
import time

import pytest

from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.training.cluster import Cluster, read_cluster, wait_for_workers

ONE, TWO, THREE = "one:2222", "two:2222", "10.0.0.3:2222"


def set_config(monkeypatch, cluster, kind="worker", index=0):
    content = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(content))


@pytest.mark.parametrize(
    "kind, index, place", [("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)]
)
def test_the_chief_comes_first(monkeypatch, kind, index, place):
    set_config(monkeypatch, {"worker": [TWO, THREE], "chief": [ONE]}, kind, index)
    assert read_cluster() == Cluster((ONE, TWO, THREE), place)


def test_without_a_chief_the_first_worker_is_it(monkeypatch):
    set_config(monkeypatch, {"worker": [ONE, TWO]}, index="1")
    assert read_cluster() == Cluster((ONE, TWO), 1)


WORKERS = {"worker": [ONE, TWO]}
TASK = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "worker",
        "{",
        "[]",
        json.dumps({"task": TASK}),
        json.dumps({"cluster": WORKERS}),
        json.dumps({"cluster": WORKERS, "task": {"type": "worker"}}),
        json.dumps({"cluster": WORKERS, "task": {"type": "worker", "index": 2}}),
        json.dumps({"cluster": WORKERS, "task": {"type": "worker", "index": -1}}),
        json.dumps({"cluster": WORKERS, "task": {"type": "chief", "index": 0}}),
        json.dumps({"cluster": WORKERS | {"ps": [THREE]}, "task": TASK}),
        json.dumps({"cluster": WORKERS | {"chief": [THREE, "four:1"]}, "task": TASK}),
        json.dumps({"cluster": {"worker": [ONE, ONE]}, "task": TASK}),
        json.dumps({"cluster": {"worker": ["one", "two"]}, "task": TASK}),
        json.dumps({"cluster": {"worker": ["one:0", TWO]}, "task": TASK}),
        json.dumps({"cluster": {"worker": [1, 2]}, "task": TASK}),
    ],
)
def test_what_is_no_cluster_is_refused_with_an_example(monkeypatch, text):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=r'TF_CONFIG must .* "index": 0}}\. Received: ') as error:
        read_cluster()
    assert str(error.value).endswith("Received: nothing") or text in str(error.value)


@pytest.fixture
def port():
    with socket.create_server(("localhost", 0)) as server:
        number = server.getsockname()[1]
    return number


def test_a_worker_that_does_not_answer_is_named(port):
    with socket.create_server(("localhost", 0)) as answering:
        addresses = (
            f"localhost:{port}",
            f"localhost:{answering.getsockname()[1]}",
            "localhost:1",
        )
        started = time.monotonic()
        with pytest.raises(TrainingError, match=r"answer within 0\.5 s\. .*from localhost:1$"):
            wait_for_workers(Cluster(addresses, 0), seconds=0.5)
        assert time.monotonic() - started < 10
        # It answered meanwhile, and has given its port back.
        wait_for_workers(Cluster(addresses[:2], 0))


def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("localhost", 0)) as taken:
        own = f"localhost:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"must be free: Address .*Received: {own}"):
            wait_for_workers(Cluster((own, "localhost:1"), 0))
