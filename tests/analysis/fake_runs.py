"""Run folders as bin/reproduce leaves them, filled with made-up figures.

To look at a page: PYTHONPATH=. python tests/analysis/fake_runs.py FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from pirgan_tf.analysis import calibration_table, compare, write_report

OBJECTIVES = {
    "color:red": ("single color", 0.12),
    "color:red-blue": ("two colors", 0.002),
    "color:green-blue-red": ("three colors", -0.04),
}


def make_run(folder, *, tint=(90, 110, 140), side=8):
    rng = np.random.default_rng(0)
    _options(folder, "reproduce", {"seed": 7, "impressions": 1000, "gan": None})
    _gan(folder / "gan", rng, tint, side)
    _image(folder / "gan" / "images" / "reals.png", rng, tint, side)
    for text, (family, change) in OBJECTIVES.items():
        slug = text.replace(":", "-")
        path = folder / "objectives" / slug
        _estimator(path / "estimator", rng)
        tuned = [min(value + 400 * change, 255) for value in tint]
        _gan(path / "gan", rng, tuned, side, pir=0.5 + change)
        make_evaluation(path / "evaluation", text, family, change, rng=rng, tint=tint, side=side)


def make_evaluation(
    folder, text="color:red", family="single color", change=0.1, *, rng=None, tint=(90, 90, 90),
    side=2,
):  # fmt: skip
    rng = rng or np.random.default_rng(1)
    before = rng.normal(0.5, 0.05, 1000).clip(0, 1)
    after = rng.normal(0.5 + change, 0.06, 1000).clip(0, 1)
    evaluation = {
        "objective": text,
        "family": family,
        "num_before": 1000,
        "num_after": 1000,
        "undefined_before": 0,
        "undefined_after": 3 if change < 0 else 0,
        "comparison": compare(before, after).as_dict(),
        "rates_before": before.tolist(),
        "rates_after": after.tolist(),
        "estimated": {"before": 0.5, "after": 0.5321, "change": 0.0321},
    }
    _write(folder / "evaluation.json", json.dumps(evaluation, allow_nan=False))
    _options(folder, "evaluate", {"objective": text, "num_images": 1000})
    _image(folder / "before.png", rng, tint, side)
    _image(folder / "after.png", rng, [value + 60 for value in tint], side)


def _estimator(folder, rng):
    predicted = rng.normal(0.5, 0.03, 100)
    observed = 0.5 + 1.3 * (predicted - 0.5) + rng.normal(0, 0.01, 100)
    fit = {
        "num_train": 900,
        "num_heldout": 100,
        "chosen_step": 1500,
        "steps": 2000,
        "temperature": 0.01,
        "loss": 2.91,
        "mae": 0.0123,
        "spearman": 0.8124,
        "spearman_ceiling": 0.9531,
        "calibration": calibration_table(predicted, observed),
    }
    _write(folder / "fit.json", json.dumps(fit))
    rows = []
    for step in range(100, 2001, 100):
        row = {"step": step, "seconds": step / 9, "loss/train": 2 + 2.6 * np.exp(-step / 900)}
        if step % 500 == 0:
            row["heldout/loss"] = 2.8 + 1.8 * np.exp(-step / 500) + 1e-4 * max(step - 1500, 0)
        rows.append(row)
    _stats(folder, rows)
    _options(folder, "train_estimator", {"steps": 2000, "seed": 7})


def _gan(folder, rng, tint, side, pir=None):
    rows = []
    for step in range(250, 10_001, 250):
        row = {"step": step, "seconds": step * 0.37, "steps_per_second": 2.7}
        noise = rng.normal(0, 0.03, 5)
        row |= {
            "loss/fake": -0.4 + noise[0],
            "loss/real": -0.5 + noise[1],
            "loss/fools": -1.3 + noise[2] + step / 20_000,
            "loss/fake_class": -0.5 + noise[3],
            "loss/real_class": -0.3 + noise[4],
        }
        if pir is not None:
            row["loss/pir"] = 0.5 + (pir - 0.5) * step / 10_000 + noise[0] / 10
        rows.append(row)
    _stats(folder, rows)
    _options(folder, "tune" if pir else "pretrain", {"steps": 10_000, "batch_size": 64, "seed": 7})
    _image(folder / "images" / "fakes_init.png", rng, (128, 128, 128), side)
    _image(folder / "images" / "fakes_000500.png", rng, (200, 0, 0), side)
    _image(folder / "images" / "fakes_010000.png", rng, tint, side)


def _image(file, rng, tint, side):
    file.parent.mkdir(parents=True, exist_ok=True)
    low = np.clip(np.array(tint) + rng.normal(0, 30, [side * 4, side * 4, 3]), 0, 255)
    Image.fromarray(low.astype(np.uint8)).resize([side * 66, side * 66], 2).save(file)


def _stats(folder, rows):
    _write(folder / "stats.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def _options(folder, stage, options):
    content = {
        "stage": stage,
        "options": options,
        "versions": {"pirgan_tf": "0.1.0", "python": "3.11.7", "tensorflow": "2.21.0"},
        "git_revision": "f93035e",
    }
    _write(folder / "options.json", json.dumps(content))


def _write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    root = Path(sys.argv[1])
    make_run(root / "run")
    write_report([root / "run"], root / "report")
