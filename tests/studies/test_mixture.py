"""The mixture study: its measures, its training, and how it goes on after it was stopped."""

import json
import math

import numpy as np
import pytest

from pirgan_tf.errors import InputError, Interrupted
from pirgan_tf.stages import study
from pirgan_tf.studies import mixture
from pirgan_tf.studies.mixture.study import Options
from pirgan_tf.studies.mixture.study import run as run_mixture

PAPER, NOTEBOOK = mixture.SETTINGS["paper"], mixture.SETTINGS["notebook"]


def _around(setting, modes, count=400, sd=None):
    """Returns samples around some modes of a setting, as many of each."""
    centers = setting.modes[0][list(modes)]
    noise = np.random.default_rng(0).standard_normal((len(centers), count, 2))
    return (centers[:, None] + (sd or setting.sd) * noise).reshape(-1, 2)


def test_the_notebook_has_seven_modes_and_the_paper_eight():
    centers, shares = PAPER.modes
    assert np.linalg.norm(centers, axis=1) == pytest.approx(np.full(8, 2.0), abs=1e-5)
    assert shares == pytest.approx(np.full(8, 1 / 8))
    assert sorted(NOTEBOOK.modes[1]) == pytest.approx([1 / 8] * 6 + [2 / 8])


def test_measures_of_the_data_of_one_mode_and_of_noise():
    data = mixture.measure(_around(PAPER, range(8), 2000), PAPER)
    assert data.modes == 8
    # Within 3 standard deviations in two dimensions.
    assert data.good == pytest.approx(1 - math.exp(-4.5), abs=0.005)
    assert data.divergence == pytest.approx(0, abs=1e-9)

    one = mixture.measure(_around(PAPER, [3]), PAPER)
    assert (one.modes, one.divergence) == (1, pytest.approx(math.log(8)))

    wide = mixture.measure(_around(PAPER, [0], sd=0.5), PAPER)
    assert wide.good < 0.05


def test_a_mode_is_covered_from_one_percent_of_the_samples_on():
    many, few = _around(PAPER, [0], 990, sd=1e-6), _around(PAPER, [1], 10, sd=1e-6)
    assert mixture.measure(np.concatenate([many, few]), PAPER).modes == 2
    assert mixture.measure(np.concatenate([many, few[1:]]), PAPER).modes == 1


def test_measures_of_several_sets_are_those_of_each():
    sets = np.stack([_around(PAPER, [0, 1]), _around(PAPER, [2, 2])])
    both = mixture.measure(sets, PAPER)
    assert list(both.modes) == [2, 1]
    assert both.divergence == pytest.approx([math.log(4), math.log(8)])


def _train(unroll_steps):
    return mixture.train(NOTEBOOK, unroll_steps, 0, 8, 32, records=2, samples=16)


def test_a_training_can_be_repeated_and_depends_on_its_unrolled_steps():
    plain, again, unrolled = (_train(unroll_steps) for unroll_steps in (0, 0, 1))
    assert plain.shape == (3, 16, 2)
    assert np.isfinite(unrolled).all()
    assert plain == pytest.approx(again, abs=1e-5)
    assert plain[0] == pytest.approx(unrolled[0])
    assert np.abs(plain[-1] - unrolled[-1]).max() > 1e-3


def test_a_stopped_study_goes_on_with_the_trainings_it_lacks(tmp_path, monkeypatch, helpers):
    trained = []

    def train(setting, unroll_steps, seed, *_, records, samples):
        if stopped_at == (unroll_steps, seed):
            raise Interrupted(15, "stopped by SIGTERM")
        trained.append((unroll_steps, seed))
        return np.tile(_around(setting, range(unroll_steps + 1), 50), (records + 1, 1, 1))

    monkeypatch.setattr(mixture, "train", train)
    output, given = tmp_path / "output", {"unroll_steps": ("0", "7"), "seeds": 2}
    stopped_at = (7, 1)
    with pytest.raises(Interrupted):
        study.run("mixture", Options(output=str(output), **given))
    kept = helpers.tree(tmp_path / "output.partial" / "trainings")
    assert set(kept) == {"K-0-seed-0.npz", "K-0-seed-1.npz", "K-7-seed-0.npz"}

    stopped_at = None
    trained.clear()
    study.run("mixture", Options(output=str(output), **given | {"seeds": 3}))
    assert trained == [(0, 2), (7, 1), (7, 2)]
    assert kept.items() <= helpers.tree(output / "trainings").items()

    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"]: finding for finding in found["findings"]}
    assert figures["K = 7: modes covered, of 8"]["seeds"] == {"0": 8.0, "1": 8.0, "2": 8.0}
    assert figures["K = 0: modes covered, of 8"]["value"] == 1
    assert figures["K = 7: seeds with all modes and 90% good samples"]["value"] == 1
    assert "K = 0 in 0 of 3 seeds; K = 7 in 3 of 3 seeds" in found["answer"]
    page = (output / "index.html").read_text()
    assert "data:image/jpeg;base64," in page


def test_an_unfinished_study_is_not_gone_on_with_in_another_setting(tmp_path, monkeypatch):
    def train(setting, unroll_steps, seed, *_, records, samples):
        if seed:
            raise Interrupted(15, "stopped by SIGTERM")
        return np.zeros((records + 1, samples, 2))

    monkeypatch.setattr(mixture, "train", train)
    output = str(tmp_path / "output")
    with pytest.raises(Interrupted):
        study.run("mixture", Options(output=output))
    with pytest.raises(ValueError, match="setting was 'paper' and is 'notebook'"):
        study.run("mixture", Options(output=output, setting="notebook"))


def test_a_damaged_training_is_one_line(tmp_path):
    (tmp_path / "trainings").mkdir()
    (tmp_path / "trainings" / "K-0-seed-0.npz").write_bytes(b"PK and then nothing")
    options = Options(output=str(tmp_path / "output"), unroll_steps=("0",), seeds=1)
    with pytest.raises(InputError, match=r"finished training must be .*K-0-seed-0"):
        run_mixture(options, tmp_path)
