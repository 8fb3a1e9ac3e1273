"""Is it better to tune, or to sample? The table of docs/sampling.md (section 5.2 of the paper).

    python benchmarks/tune_or_sample.py --run=runs/sweep --output=runs/tune_or_sample

Takes the GAN, the estimators and the tuned GANs of a finished `reproduce`, which it leaves as they
are, and samples from the same latents in other ways: Plug & Play at several strengths, the best
of several images, and Plug & Play on the tuned GAN. All galleries are evaluated like that of the
tuned GAN. Started again, it goes on where it was stopped. Writes table.csv, a row for each
objective and method, and table.md, each method's mean over the objectives.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import pandas as pd

from pirgan_tf.cli.outputs import read_options, write_json
from pirgan_tf.files.json import read_json
from pirgan_tf.stages import evaluate, sample
from pirgan_tf.sweep.objective_run import BEFORE

# What a row takes over from evaluation.json.
COMPARED = ("mean_before", "mean_after", "change", "ci_low", "ci_high", "cohens_d")
DIVERSITY = ("precision", "recall", "density", "coverage", "kid")


class Method(NamedTuple):
    """A way to images of a higher rate.

    Attributes:
        name: of its rows.
        slug: of its folder.
        tuned: whether it samples from the tuned GAN.
        flags: of sample; without any, it is the gallery that the run has.
    """

    name: str
    slug: str
    tuned: bool
    flags: dict[str, Any]


def main() -> None:
    """Samples and evaluates what is missing, and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of reproduce")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    parser.add_argument("--strengths", default="100,300,1000", help="of Plug & Play, with commas")
    parser.add_argument("--steps", type=int, default=20, help="of Plug & Play")
    parser.add_argument("--candidates", type=int, default=10, help="of the best of several")
    parser.add_argument("--features", default="vgg16", choices=evaluate.FEATURES[1:])
    parser.add_argument("--vgg16_weights", help="by default those of the run")
    options = parser.parse_args()
    run = read_options(
        options.run, ("reproduce",), {"vgg16_weights": str, "gan": (str, type(None))}
    )
    options.vgg16_weights = options.vgg16_weights or run["vgg16_weights"]
    options.gan = Path(run["gan"]) if run["gan"] else options.run / "gan"
    rows = []
    for place in sorted((options.run / "objectives").iterdir()):
        if not (place / "evaluation").exists():
            print(f"{place.name}: left out, without an evaluation of one tuned GAN", flush=True)
            continue
        for method in methods(options):
            rows.append(make_row(method, place, options))
            write_tables(pd.DataFrame(rows), options.output)


def methods(options: argparse.Namespace) -> list[Method]:
    """Returns the ways that are compared."""
    strengths = [float(text) for text in options.strengths.split(",")]

    def plug_and_play(strength: float) -> dict[str, Any]:
        return {"sampler": "plug_and_play", "strength": strength, "steps": options.steps}

    middle = sorted(strengths)[len(strengths) // 2]
    count = options.candidates
    best_of = {"sampler": "best_of", "candidates": count}
    return [
        Method("tuning", "tuning", True, {}),
        *(
            Method(f"Plug & Play {strength:g}", f"plug-{strength:g}", False, flags)
            for strength in strengths
            for flags in [plug_and_play(strength)]
        ),
        Method(f"best of {count}", f"best-{count}", False, best_of),
        Method(f"tuning, Plug & Play {middle:g}", f"tuned-{middle:g}", True, plug_and_play(middle)),
    ]


def make_row(method: Method, place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Does what is not done yet for an objective and a method, and returns its row."""
    objective = read_options(place / "evaluation", ("evaluate",), {"objective": str})["objective"]
    given = read_options(place / "gallery", ("sample",), {"num_images": int, "seed": int})
    folder = options.output / place.name / method.slug
    folder.mkdir(parents=True, exist_ok=True)
    spent = read_json(place / "seconds.json")
    gallery, seconds = place / "gallery", spent["gallery"]
    if method.flags:
        gallery = folder / "gallery"
        if not (folder / "seconds.json").exists():
            started = time.monotonic()
            run_stage(
                sample.run,
                sample.SampleOptions(
                    gan=str(place / "gan" if method.tuned else options.gan),
                    estimator=str(place / "estimator"),
                    num_images=given["num_images"],
                    seed=given["seed"],
                    output=str(gallery),
                    overwrite=True,
                    **method.flags,
                ),
            )
            write_json(folder / "seconds.json", {"gallery": time.monotonic() - started})
        seconds = read_json(folder / "seconds.json")["gallery"]
    if not (folder / "evaluation").exists():
        run_stage(
            evaluate.run,
            evaluate.EvaluateOptions(
                before=str(options.run / BEFORE),
                after=str(gallery),
                objective=objective,
                vgg16_weights=options.vgg16_weights,
                estimator=str(place / "estimator"),
                features=options.features,
                output=str(folder / "evaluation"),
            ),
        )
    found = read_json(folder / "evaluation" / "evaluation.json")
    diversity = found["diversity"]
    return {
        "objective": objective,
        "method": method.name,
        **{name: found["comparison"][name] for name in COMPARED},
        "estimated_change": found["estimated"]["change"],
        # As far apart as before tuning is 1.
        "spread": diversity["distance_after"] / diversity["distance_before"],
        **{name: diversity[name] for name in DIVERSITY},
        "seconds_per_image": seconds / given["num_images"],
        "seconds_before": spent["gan"] if method.tuned else 0.0,
    }


def run_stage(run, options) -> None:
    """Runs a stage, with the checks that its command makes."""
    options.validate()
    options.check_output()
    run(options)


def write_tables(rows: pd.DataFrame, folder: Path) -> None:
    """Writes table.csv and table.md."""
    rows.to_csv(folder / "table.csv", index=False)
    means = rows.drop(columns="objective").groupby("method", sort=False).mean()
    shown = ("change", "cohens_d", "spread", "recall", "kid", "seconds_per_image", "seconds_before")
    lines = [["method", "objectives", *shown], ["---"] * (len(shown) + 2)]
    for method, row in means.iterrows():
        count = int((rows["method"] == method).sum())
        lines.append([method, str(count), *(f"{row[name]:.3g}" for name in shown)])
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    (folder / "table.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
