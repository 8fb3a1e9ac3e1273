"""Run folders as bin/reproduce leaves them, filled with made-up figures.

To look at a page: PYTHONPATH=. python tests/analysis/fake_runs.py FOLDER
"""

import json
import re
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
    """Make a run of three objectives, which are all evaluated."""
    rng = np.random.default_rng(0)
    make_empty_run(folder)
    _gan(folder / "gan", rng, tint, side)
    _image(folder / "gan" / "images" / "reals.png", rng, tint, side)
    for text, (family, change) in OBJECTIVES.items():
        make_objective(folder, text, family, change, rng=rng, tint=tint, side=side)


def make_empty_run(folder, **options):
    """Make a run folder without a GAN, as of one that is pretrained elsewhere."""
    common = {"seed": 7, "sample_num_images": 1000, "impressions": 1000, "gan": None}
    _options(folder, "reproduce", common | options)


def make_objective(
    run, text, family="1 filter", change=0.1, *, rng=None, tint=(90, 90, 90), side=2
):
    """Add an objective with one weight and one round to a run."""
    rng = rng or np.random.default_rng(2)
    place = slug_folder(run, text)
    make_estimator(place, rng)
    make_tuning(place, text, family, change, rng=rng, tint=tint, side=side)
    seconds = {"simulate": 1.0, "train_estimator": 230.0, "tune": 3700.0, "evaluate": 4.5}
    write_json(place / "seconds.json", seconds)


def make_rounds(run, text, changes, best, family="1 filter"):
    """Add an objective with a round for each of the changes of the mean rate."""
    rng = np.random.default_rng(3)
    place = slug_folder(run, text)
    for number, change in enumerate(changes, start=1):
        folder = place if number == 1 else place / f"round-{number}"
        make_estimator(folder, rng)
        make_tuning(folder, text, family, change, rng=rng)
    gan = "gan" if best == 1 else f"round-{best}/gan"
    estimates = [0.5 + change for change in changes]
    write_json(place / "best_round.json", {"round": best, "gan": gan, "estimates": estimates})


def make_weights(run, text, changes, family="1 filter"):
    """Add an objective with several PIR weights; changes: {weight: change of the mean rate}."""
    rng = np.random.default_rng(4)
    place = slug_folder(run, text)
    make_estimator(place, rng)
    for weight, change in changes.items():
        folder = place / f"weight-{weight:g}"
        make_tuning(folder, text, family, change, rng=rng, pir_weight=weight)


def make_failure(run, text, family="1 filter", stage="tune", reason="loss/pir is not finite"):
    """Record that an objective failed, with nothing else."""
    content = {"objective": text, "family": family, "stage": stage, "reason": reason}
    write_json(slug_folder(run, text) / "failure.json", content)


def make_estimator(folder, rng):
    """Make interactions/ and estimator/."""
    _options(
        folder / "interactions", "simulate", {"impressions": 1000, "rescale": False, "seed": 7}
    )
    _estimator(folder / "estimator", rng)


def make_tuning(folder, text, family, change, *, rng, tint=(90, 90, 90), side=2, pir_weight=1000.0):
    """Make gan/ and evaluation/."""
    tuned = [min(value + 400 * change, 255) for value in tint]
    _gan(folder / "gan", rng, tuned, side, pir=0.5 + change, pir_weight=pir_weight)
    make_evaluation(folder / "evaluation", text, family, change, rng=rng, tint=tint, side=side)


def slug_folder(run, text):
    return run / "objectives" / re.sub(r"[^a-z0-9]+", "-", text)


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
        "layer": text.split(":")[1] if text.startswith("vgg16:") else None,
        "comparison": compare(before, after).as_dict(),
        "diversity": {
            "features": "estimator",
            "num_images": 1000,
            "distance_before": 12.5,
            "distance_after": 10.0,
            "precision": 0.81,
            "recall": 0.62,
            "density": 0.9,
            "coverage": 0.71,
            "kid": 0.034,
        },
        "kid": {
            "photographs": "folder:heldout",
            "before": {"kid": 0.21, "standard_error": 0.01},
            "after": {"kid": 0.37, "standard_error": 0.02},
        },
        "rates_before": before.tolist(),
        "rates_after": after.tolist(),
        "estimated": {
            "before": 0.5,
            "after": 0.5321,
            "change": 0.0321,
            "learned_before": False,
            "slope": {"slope": 1.21, "low": 0.98, "high": 1.44},
        },
    }
    write_json(folder / "evaluation.json", evaluation)
    _options(folder, "evaluate", {"objective": text, "num_images": 1000})
    _image(folder / "before.png", rng, tint, side)
    _image(folder / "after.png", rng, [value + 60 for value in tint], side)


def _estimator(folder, rng):
    predicted = rng.normal(0.5, 0.03, 100)
    observed = 0.5 + 1.3 * (predicted - 0.5) + rng.normal(0, 0.01, 100)
    fit = {
        "num_train": 900,
        "num_validation": 50,
        "num_test": 50,
        "percent_nonzero": 97.5,
        "chosen_step": 1500,
        "steps": 2000,
        "temperature": 0.01,
        "loss": 2.91,
        "mae": 0.0123,
        "spearman": 0.8124,
        "spearman_ceiling": 0.9531,
        "slope": {"slope": 1.31, "low": 1.17, "high": 1.42},
        "calibration": calibration_table(predicted, observed),
    }
    write_json(folder / "fit.json", fit)
    rows = []
    for step in range(100, 2001, 100):
        row = {"step": step, "seconds": step / 9, "loss/train": 2 + 2.6 * np.exp(-step / 900)}
        if step % 500 == 0:
            row["heldout/loss"] = 2.8 + 1.8 * np.exp(-step / 500) + 1e-4 * max(step - 1500, 0)
        rows.append(row)
    _stats(folder, rows)
    options = {
        "steps": 2000,
        "seed": 7,
        "precision": "float32",
        "labels": "soft",
        "head": "softmax",
        "temperature": 0.01,
    }
    _options(folder, "train_estimator", options | {"slim_checkpoint": None, "initial": None})


def _gan(folder, rng, tint, side, pir=None, pir_weight=1000.0):
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
    options = {"steps": 10_000, "batch_size": 64, "seed": 7, "precision": "float32"}
    if pir is not None:
        options |= {"pir_weight": pir_weight, "adversarial_weight": 1.0, "temperature": 0.01}
    _options(folder, "pretrain" if pir is None else "tune", options)
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
    write_json(folder / "options.json", content)


def write_json(file, content):
    _write(file, json.dumps(content, allow_nan=False))


def _write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    root = Path(sys.argv[1])
    make_run(root / "run")
    write_report([root / "run"], root / "report")
