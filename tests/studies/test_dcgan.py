"""The dcgan study: ways between latents, sums of them, attributes, and the command."""

import json
import types

import numpy as np
import pytest

from pirgan_tf import gan
from pirgan_tf.studies import dcgan


def _normal(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def test_latents_between_two_are_as_normal_as_both():
    first, second = _normal(2, 5000, 4)
    ways = dcgan.interpolate(first, second, 5)
    np.testing.assert_allclose(ways[:, 0], first)
    np.testing.assert_allclose(ways[:, -1], second, atol=1e-12)
    # On a straight line, the variance halfway would be a half.
    np.testing.assert_allclose(ways.var(axis=0), 1, atol=0.1)


def test_sums_of_three_exemplars_each_have_the_variance_of_a_latent():
    exemplars = _normal(5000, 3, dcgan.EXEMPLARS, 4)
    sums = dcgan.combine(exemplars)
    slow = [sum(e[0]) / 3 - sum(e[1]) / 3 + sum(e[2]) / 3 for e in exemplars[:7]]
    np.testing.assert_allclose(sums[:7], slow)
    np.testing.assert_allclose(sums.var(axis=0), 1, atol=0.1)


def test_attributes_are_of_the_whole_image():
    images = np.zeros((3, 2, 2, 3), np.uint8)
    images[0] = (200, 100, 0)
    images[1, 0] = 60
    np.testing.assert_allclose(dcgan.measure(images), [[100, 200], [30, 0], [0, 0]])
    among = np.array([[0.0, 9.0], [10.0, 8.0], [20.0, 7.0], [30.0, 6.0]])
    ranks = dcgan.percentiles(np.array([[-1.0, 10.0], [15.0, 7.5]]), among)
    assert ranks.tolist() == [[0, 1], [0.5, 0.5]]


def test_exemplars_have_the_attributes_that_are_asked_for():
    ranks = np.random.default_rng(1).random((400, 2))
    corners = np.array([[True, True], [False, True], [False, False]])
    rows = dcgan.draw_exemplars(ranks, corners, 20, np.random.default_rng(0))
    assert rows.shape == (20, 3, dcgan.EXEMPLARS)
    chosen = ranks[rows]
    assert ((chosen > 0.5) == corners[:, None]).all()
    assert all(len(set(exemplars)) == dcgan.EXEMPLARS for trial in rows for exemplars in trial)
    assert len({tuple(trial.ravel()) for trial in rows}) > 15


def test_the_longest_step_of_an_even_way_is_one_of_all_and_of_a_jump_is_the_whole():
    even = np.arange(0, 50, 10, dtype=np.uint8)
    jump = np.array([0, 0, 0, 90, 90], np.uint8)
    ways = np.stack([even, jump])[..., None, None, None] * np.ones((4, 4, 3), np.uint8)
    np.testing.assert_allclose(dcgan.largest_step(ways), [0.25, 1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    shape = gan.GanShape(("a", "b"), 8, 1 / 16, "dcgan", 32)
    networks = gan.build_networks(shape)
    trainer = types.SimpleNamespace(**networks._asdict(), averaged_generator=lambda: None)
    folder = tmp_path_factory.mktemp("gan")
    gan.save_gan(trainer, shape, folder)
    return folder


def test_the_command_counts_what_sums_of_latents_give(commands, folder, tmp_path):
    output = tmp_path / "output"
    flags = (f"--gan={folder}", "--seeds=1", "--num_images=100")
    result = commands.call("study", "dcgan", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"]: finding for finding in found["findings"]}
    share = figures["share of sums that are brighter and bluer"]
    assert list(share["seeds"]) == ["0"] and 0 <= share["value"] <= 1
    longest = figures["share of the longest of 8 steps in a way, of even ones 0.125"]
    assert 1 / 8 <= longest["value"] <= 1
    assert set(found["figures"]) == {"samples", "ways", "sums"}


@pytest.mark.parametrize(
    "flags, words",
    [
        ((), ("--gan is required",)),
        (("--gan=nothing",), ("gan.json", "nothing")),
        (("--gan={folder}", "--num_images=99"), ("num_images", "at least 100")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, folder, nowhere, flags, words):
    flags = [flag.format(folder=folder) for flag in flags]
    line = commands.call("study", "dcgan", *flags, output=nowhere).refusal()
    assert all(word in line for word in words)
