import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CHECKS = Path(__file__).with_name("mirrored_checks.py")


@pytest.fixture(scope="module")
def seen(tmp_path_factory, helpers):
    """What mirrored_checks.py saw on two logical CPUs."""
    path = tmp_path_factory.mktemp("mirrored") / "seen.json"
    subprocess.run([sys.executable, CHECKS, path], env=helpers.environment(), check=True)
    return json.loads(path.read_text())


def test_devices_are_two_halves_of_the_cpu(seen):
    assert seen["reason"].startswith("2 CPUs, mirrored")


@pytest.mark.parametrize("network", ["stabilized", "estimator"])
def test_losses_of_the_replicas_add_up_to_those_of_one_device(seen, network):
    for name, (mirrored, single) in seen[network]["losses"].items():
        np.testing.assert_allclose(mirrored, single, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("network", ["stabilized", "estimator"])
def test_an_update_on_two_replicas_equals_one_with_the_whole_batch(seen, network):
    # Steps are about the learning rate of 1e-3. Adam divides a gradient by its own size, so
    # that of a gradient of about 0 rounding decides the sign: a few weights in ten thousand.
    assert seen[network]["moved"] > 1e-5
    assert seen[network]["quantile_error"] < 1e-6
    assert seen[network]["largest_error"] < 2.5e-3


def test_the_average_over_two_replicas_is_that_of_one_device(seen):
    assert seen["stabilized"]["averages"] < 2.5e-3


@pytest.mark.parametrize("dtype, rounding", [("float32", 1e-5), ("mixed_bfloat16", 2**-7)])
def test_batch_norm_over_two_replicas_is_that_of_the_whole_batch(seen, dtype, rounding):
    errors = seen["batch_norm"][dtype]
    # Outputs, gradients by inputs, scale and offset, moving mean and variance.
    assert len(errors) == 6
    assert all(error < rounding for error in errors)


@pytest.mark.parametrize("part", ["stabilized", "estimator", "training"])
def test_weights_and_statistics_are_equal_on_both_replicas(seen, part):
    assert seen[part]["differing_variables"] == []


def test_training_draws_other_latents_masks_and_images_on_each_replica(seen):
    training = seen["training"]
    assert training["drawn_by"] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert training["images_a_replica"] == 4
    assert training["equal_draws"] == []
    assert training["draws_of_the_step"]


def test_training_moves_every_weight_and_gives_finite_losses(seen):
    assert seen["training"]["unmoved"] == 0
    assert seen["training"]["finite"]


def test_replicas_share_an_epoch_of_the_estimator_between_them(seen):
    assert sorted(seen["epoch"][:20]) == sorted(seen["epoch"][20:]) == list(range(20))
    assert seen["epoch"][:20] != seen["epoch"][20:]


def test_batches_that_the_host_draws_ahead_are_those_of_the_step(seen):
    assert seen["host_input"] < 1e-6
