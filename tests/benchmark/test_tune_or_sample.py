"""The table of docs/sampling.md, with stages in place of which only their outputs are made."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pirgan_tf import analysis
from pirgan_tf.cli.outputs import write_json

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "tune_or_sample.py"
# The mean rate after what makes a gallery of a sampler, and of the tuned GAN.
AFTER = {"plug_and_play": 0.6, "best_of": 0.7, None: 0.8}


def _options(folder, stage, **options):
    folder.mkdir(parents=True)
    write_json(folder / "options.json", {"stage": stage, "options": options})


@pytest.fixture
def run(tmp_path):
    """What `reproduce` leaves of two objectives, of which one was tuned with several weights."""
    folder = tmp_path / "run"
    _options(folder, "reproduce", vgg16_weights="random", gan=None)
    place = folder / "objectives" / "color-red"
    _options(place / "evaluation", "evaluate", objective="color:red")
    _options(place / "gallery", "sample", num_images=50, seed=1)
    write_json(place / "seconds.json", {"gallery": 5.0, "gan": 90.0})
    (folder / "objectives" / "color-blue" / "weight-10").mkdir(parents=True)
    return folder


@pytest.fixture
def script(monkeypatch):
    """The script, and the outputs that its stages were asked for."""
    spec = importlib.util.spec_from_file_location("tune_or_sample", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    asked = []

    def run_stage(run, options):
        asked.append(options)
        Path(options.output).mkdir()
        if run is module.sample.run:
            return
        earlier = [o for o in asked if o.output == options.after]
        mean = AFTER[earlier[0].sampler if earlier else None]
        noise = np.random.default_rng(0).normal(0, 0.01, 50)
        figures = dict.fromkeys(module.DIVERSITY, 0.5)
        content = {
            "comparison": analysis.compare(0.5 + noise, mean + noise).as_dict(),
            "estimated": {"change": 0.25},
            "diversity": figures | {"distance_before": 2.0, "distance_after": 1.0},
        }
        write_json(Path(options.output) / "evaluation.json", content)

    monkeypatch.setattr(module, "run_stage", run_stage)

    def call(*flags):
        monkeypatch.setattr(sys, "argv", ["tune_or_sample", *flags])
        module.main()
        return asked

    return call


def test_every_way_has_a_row_and_is_not_done_twice(script, run, tmp_path, capsys):
    flags = (f"--run={run}", f"--output={tmp_path / 'table'}", "--strengths=10,50,20")
    asked = script(*flags)
    assert "color-blue: left out" in capsys.readouterr().out
    # Six ways, of which all but tuning sample first.
    assert len(asked) == 11
    samples = [options for options in asked if hasattr(options, "sampler")]
    place = run / "objectives" / "color-red"
    assert {(o.num_images, o.seed, o.estimator) for o in samples} == {(50, 1, f"{place}/estimator")}
    assert [o.gan for o in samples] == 4 * [f"{run}/gan"] + [f"{place}/gan"]
    assert [o.strength for o in samples] == [10, 50, 20, None, 20]

    table = pd.read_csv(tmp_path / "table" / "table.csv").set_index("method")
    assert table["change"].tolist() == pytest.approx([0.3, 0.1, 0.1, 0.1, 0.2, 0.1])
    assert table["spread"].tolist() == 6 * [0.5]
    assert table.loc["tuning", "seconds_per_image"] == 0.1
    assert table["seconds_before"].tolist() == [90, 0, 0, 0, 0, 90]
    lines = (tmp_path / "table" / "table.md").read_text().splitlines()
    assert len(lines) == 8 and lines[2].startswith("| tuning | 1 | 0.3 |")

    script(*flags)
    assert len(asked) == 11
    other = json.loads((tmp_path / "table/color-red/plug-10/seconds.json").read_text())
    assert other["gallery"] >= 0
