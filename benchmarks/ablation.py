"""What helps a GAN that learns from few photographs? See docs/stabilizers.md.

    python benchmarks/ablation.py --photos=folder:runs/photos --test=folder:runs/photos_test \
        --vgg16_weights=vgg16.weights.h5 --output=runs/ablation

Times a step of each variant first, so leave the machine alone for these minutes. Then trains
each for the steps that it can do in the same time, always with the moving average of the
generator's weights, and measures the kernel inception distance (KID), precision and recall of
both generators, that of the average and that of the last step, against photographs that no
variant has seen. Started again, it goes on where it was stopped. Writes times.csv, ablation.csv
with a row for each variant, seed and generator, and a grid of images for each.
"""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import pandas as pd

from pirgan_tf import analysis, data, gan, training
from pirgan_tf.files.model import load_weights

FAMILIES = ("paper", "dcgan")
STABILIZERS = {
    "plain": (),
    "augmentation": ("--augmentation=0.5",),
    "label_smoothing": ("--real_label=0.9",),
    "minibatch_features": ("--minibatch_features=32",),
    "r1": ("--r1_weight=1",),
    "unrolled": ("--unroll_steps=1",),
}
VARIANTS = tuple(f"{family} {name}" for family in FAMILIES for name in STABILIZERS)
GENERATORS = {"average": "generator.keras", "last": "generator_raw.keras"}
# Of pretrain, in all variants: a learning rate at which minutes show something.
COMMON = (
    "--average_decay=0.999",
    "--generator_learning_rate=2e-4",
    "--discriminator_learning_rate=2e-4",
    "--images_every=0",
    "--log_every=10",
)
_TIMED_STEPS = 60
_PRETRAIN = Path(__file__).resolve().parents[1] / "bin" / "pretrain"


def main() -> None:
    """Trains and measures what is missing, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, help="photographs to learn from, folder:DIR")
    parser.add_argument("--test", required=True, help="photographs to compare with, folder:DIR")
    parser.add_argument("--vgg16_weights", required=True, help="file of VGG16's weights")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    parser.add_argument("--minutes", type=float, default=10, help="of training, per variant")
    parser.add_argument("--variants", nargs="+", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 on")
    parser.add_argument("--width", default="0.5", help="of the networks")
    parser.add_argument("--batch_size", default="64")
    parser.add_argument("--samples", type=int, default=500, help="images to measure")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    steps = _steps_in(options)
    table = options.output / "ablation.csv"
    rows = pd.read_csv(table).to_dict("records") if table.exists() else []
    done = {(row["variant"], row["seed"]) for row in rows}
    images = data.load_dataset(options.test).images
    real = analysis.vgg16_features(images, options.vgg16_weights, keep_in=options.output)
    for seed in range(options.seeds):
        for variant in options.variants:
            if (variant, seed) in done:
                continue
            folder = options.output / f"{variant.replace(' ', '-')}-{seed}"
            if not folder.exists():
                _pretrain(variant, seed, steps[variant], folder, options)
            for name, file in GENERATORS.items():
                rows.append(
                    {"variant": variant, "seed": seed, "steps": steps[variant]}
                    | {"minutes": options.minutes, "generator": name}
                    | _measure(folder, file, real, options)
                )
                print(rows[-1], flush=True)
            pd.DataFrame(rows).to_csv(table, index=False)


def _steps_in(options: argparse.Namespace) -> dict[str, int]:
    """Returns the steps that each variant can do in the time given, on a quiet machine."""
    table = options.output / "times.csv"
    seconds = dict(pd.read_csv(table).values) if table.exists() else {}
    for variant in options.variants:
        if variant not in seconds:
            folder = options.output / "timing"
            _pretrain(variant, 0, _TIMED_STEPS, folder, options, "--overwrite")
            rows = pd.read_json(folder / "stats.jsonl", lines=True)
            # The first rows have the tracing.
            seconds[variant] = 1 / rows["steps_per_second"].iloc[len(rows) // 2 :].median()
            shutil.rmtree(folder)
            found = pd.DataFrame(seconds.items(), columns=["variant", "seconds_per_step"])
            found.to_csv(table, index=False)
    return {variant: round(60 * options.minutes / seconds[variant]) for variant in options.variants}


def _pretrain(
    variant: str, seed: int, steps: int, folder: Path, options: argparse.Namespace, *flags: str
) -> None:
    family, name = variant.split()
    command = [
        *(sys.executable, str(_PRETRAIN), f"--output={folder}", f"--dataset={options.photos}"),
        *(f"--family={family}", f"--seed={seed}", f"--width={options.width}", f"--steps={steps}"),
        *(f"--batch_size={options.batch_size}", *COMMON, *STABILIZERS[name], *flags),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _measure(folder: Path, file: str, real: np.ndarray, options: argparse.Namespace) -> dict:
    """Returns the distances of a generator's images from photographs' features."""
    generator = gan.build_networks(gan.read_gan_shape(folder)).generator
    load_weights(generator, folder / file, "gan.json")
    images, _, _ = gan.generate(generator, options.samples, seed=1)
    training.save_png(training.image_grid(images[:64]), folder / f"{Path(file).stem}.png")
    fake = analysis.vgg16_features(images, options.vgg16_weights)
    kid = analysis.estimate_kid(fake, real)
    found = dataclasses.asdict(analysis.compare_diversity(real, fake, "vgg16"))
    shares = {name: found[name] for name in ("precision", "recall", "density", "coverage")}
    return {"kid": kid.kid, "kid_se": kid.standard_error} | shares


if __name__ == "__main__":
    main()
