"""Rows of results.csv, made up from a seed, with the paper's pattern in them."""

import json

import numpy as np
import pandas as pd
from scipy import stats

from pirgan_tf.analysis.table import results

COLORS = {
    "single color": ("red", "green", "blue"),
    "two colors": ("red-green", "red-blue", "green-red", "green-blue", "blue-red", "blue-green"),
    "three colors": ("red-green-blue", "green-blue-red", "blue-red-green"),
}
LAYERS = ("pool1", "pool2", "pool3", "pool4", "pool5", "fc6", "fc7", "fc8")
SPARSE = ("pool5", "fc6", "fc7")


def make_rows(filters=10, sets=10, *, layers=LAYERS, rounds=1, weights=(1000.0,), failures=0):
    """Return a table: 12 colour objectives, and `filters` + `sets` of each layer.

    Args:
        filters, sets: single filters, and sets of 20, of each layer.
        layers: of VGG16.
        rounds: of the single filters of pool2 and fc8; others have one.
        weights: PIR weights of the colours; others have 1000.
        failures: how many of the objectives that come last have failed.
    """
    rng = np.random.default_rng(0)
    objectives = [
        (f"color:{text}", family, None) for family, texts in COLORS.items() for text in texts
    ]
    for layer in layers:
        objectives += [(f"vgg16:{layer}:{k}", "1 filter", layer) for k in range(filters)]
        for k in range(sets):
            # Of pool1's 64 filters, ten sets of 20 have some in common.
            text = ",".join(str((4 if layer == "pool1" else 20) * k + index) for index in range(20))
            objectives.append((f"vgg16:{layer}:{text}", "20 filters", layer))
    rows = []
    for number, (objective, family, layer) in enumerate(objectives):
        if number >= len(objectives) - failures:
            rows.append(_row(objective, family, layer, failure="tune: loss is not finite, step 40"))
            continue
        spread = rng.uniform(0.02, 0.08)
        sparse = family == "1 filter" and layer in SPARSE
        nonzero = rng.uniform(2, 40) if sparse else rng.uniform(85, 100)
        effect = rng.normal(0.1 if sparse else 3.0, 0.05 if sparse else 0.4)
        if not sparse:
            effect -= 0.13 * (LAYERS.index(layer) if layer else 16 * (family == "three colors"))
        for weight in weights if layer is None else (1000.0,):
            share = min(weight / 1000, 2) ** 0.5
            last = rounds if family == "1 filter" and layer in ("pool2", "fc8") else 1
            for number in range(1, last + 1):
                later = 0.3 if layer == "pool2" else -0.4
                d = effect * share + later * (number - 1)
                row = _figures(rng, d, spread, nonzero) | _diversity(share, number)
                rows.append(
                    _row(objective, family, layer, round=number, kept=number == last)
                    | row
                    | {"pir_weight": weight}
                )
    return table_of(rows)


def table_of(rows):
    """Return a table of dicts, which may lack columns."""
    table = {
        name: pd.Series([row.get(name) for row in rows], dtype=dtype)
        for name, dtype in results.COLUMNS.items()
    }
    return results.correct(pd.DataFrame(table))


def _row(objective, family, layer, **given):
    return {
        "results_version": results.RESULTS_VERSION,
        "run": "sweep",
        "objective": objective,
        "family": family,
        "layer": layer,
        "seed": 0,
        "round": 1,
        "kept": True,
        "num_images": 1000,
        "num_train": 900,
        "impressions": 1000,
        "rescaled": False,
        "labels": "hard",
        "head": "softmax",
        "temperature": 0.01,
        "initial": "random",
        "pir_weight": 1000.0,
        "adversarial_weight": 1.0,
        "tune_steps": 50_000,
        "run_options": json.dumps({"seed": 0}),
    } | given


def _figures(rng, d, spread, nonzero, n=1000):
    mean = 0.2 if nonzero > 50 else 0.01
    change = d * spread
    t = d * np.sqrt(n / 2)
    df = 2 * n - 2
    p = float(2 * stats.t.sf(abs(t), df))
    half = 1.96 * spread * np.sqrt(2 / n)
    verdict = "no significant change"
    if p < 0.001:
        verdict = "improved significantly" if change > 0 else "got worse"
    estimated = change / 1.67 + rng.normal(0, 0.004)
    return {
        "num_before": n,
        "num_after": n,
        "mean_before": mean,
        "mean_after": mean + change,
        "sd_before": spread,
        "sd_after": spread,
        "change": change,
        "cohens_d": d,
        "cohens_d_low": d - 0.1,
        "cohens_d_high": d + 0.1,
        "t": t,
        "df": df,
        "p": p,
        "ci_low": change - half,
        "ci_high": change + half,
        "significant": p < 0.001,
        "verdict": verdict,
        "percent_nonzero": nonzero,
        "undefined_before": 0,
        "undefined_after": 0,
        "estimated_before": mean,
        "estimated_after": mean + estimated,
        "estimated_change": estimated,
        "heldout_spearman": rng.uniform(0.7, 0.9),
        "heldout_spearman_ceiling": 0.95,
        "heldout_mae": 0.012,
        "fit_num_heldout": 100,
        "fit_chosen_step": 1500,
        "seconds": 280.0,
        "seconds_estimator": 100.0,
        "seconds_tuning": 120.0,
    }


def _diversity(share, number):
    kept = 1 - 0.3 * share - 0.05 * (number - 1)
    return {
        "features": "estimator",
        "distance_before": 10.0,
        "distance_after": 10 * kept,
        "precision": 0.8,
        "recall": kept - 0.1,
        "density": 0.9,
        "coverage": kept,
        "kid": 0.1 * share,
        "diversity_images": 1000,
    }
