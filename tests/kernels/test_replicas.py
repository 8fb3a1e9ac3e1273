"""An accelerated network learns on two replicas what the plain one learns on one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def results(tmp_path_factory, helpers):
    file = tmp_path_factory.mktemp("replicas") / "results.json"
    program = Path(__file__).with_name("replica_checks.py")
    subprocess.run([sys.executable, program, file], env=helpers.environment(), check=True)
    return json.loads(file.read_text())


def test_weights_and_statistics_move_as_the_plain_networks_on_one_replica(results):
    # Of how far they have moved.
    assert max(results["off"]) < 1e-3


def test_each_replica_draws_dropout_by_its_own_seed(results):
    assert results["masks as alone"]
    assert not results["masks alike"]
