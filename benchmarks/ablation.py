"""What helps a GAN that learns from few photographs? See docs/stabilizers.md.

    python benchmarks/ablation.py --photos=folder:runs/photos --test=folder:runs/photos_test \
        --vgg16_weights=vgg16.weights.h5 --output=runs/ablation

Trains each variant for the same time on this machine, always with the moving average of the
generator's weights, and measures the kernel inception distance (KID), precision and recall of
both generators, that of the average and that of the last step, against photographs that no
variant has seen. Started again, it goes on with the variants that are missing. Writes
ablation.csv, a row for each variant, seed and generator, and a grid of images for each.
"""

import argparse
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import pandas as pd

from pirgan_tf import analysis, data, gan, training
from pirgan_tf.files.model import load_weights
from pirgan_tf.stages.shared.vgg16_features import vgg16_features

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
    "--checkpoint_every=0",
    "--log_every=10",
)
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
    table = options.output / "ablation.csv"
    rows = pd.read_csv(table).to_dict("records") if table.exists() else []
    done = {(row["variant"], row["seed"]) for row in rows}
    images = data.load_dataset(options.test).images
    real = vgg16_features(images, options.vgg16_weights, keep_in=options.output)
    for seed in range(options.seeds):
        for variant in options.variants:
            if (variant, seed) in done:
                continue
            folder, steps = _train(variant, seed, options)
            for name, file in GENERATORS.items():
                rows.append(
                    {"variant": variant, "seed": seed, "steps": steps, "minutes": options.minutes}
                    | {"generator": name}
                    | _measure(folder, file, real, options)
                )
                print(rows[-1], flush=True)
            pd.DataFrame(rows).to_csv(table, index=False)


def _train(variant: str, seed: int, options: argparse.Namespace) -> tuple[Path, int]:
    """Trains a variant for the time given; returns the GAN folder and its steps."""
    family, name = variant.split()
    folder = options.output / f"{family}-{name}-{seed}"
    command = [
        *(sys.executable, str(_PRETRAIN), f"--output={folder}", f"--dataset={options.photos}"),
        *(f"--family={family}", f"--seed={seed}", f"--width={options.width}"),
        *(f"--batch_size={options.batch_size}", *COMMON, *STABILIZERS[name]),
    ]
    if not folder.exists():
        partial = folder.with_name(f"{folder.name}.partial")
        # One that goes on would have more time than the others.
        shutil.rmtree(partial, ignore_errors=True)
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not (stats := partial / "stats.jsonl").exists() or not stats.read_text():
            if running.poll() is not None:
                raise SystemExit(f"{variant}: training must go on. Received: its end")
            time.sleep(1)
        time.sleep(60 * options.minutes)
        running.send_signal(signal.SIGTERM)
        running.wait()
        # It ends where it was stopped.
        saved = (partial / "checkpoints").glob("ckpt-*.index")
        steps = max(int(path.stem.split("-")[1]) for path in saved)
        subprocess.run([*command, f"--steps={steps}"], check=True, stdout=subprocess.DEVNULL)
    return folder, int(pd.read_json(folder / "stats.jsonl", lines=True)["step"].max())


def _measure(folder: Path, file: str, real: np.ndarray, options: argparse.Namespace) -> dict:
    """Returns the distances of a generator's images from photographs' features."""
    generator = gan.build_networks(gan.read_gan_shape(folder)).generator
    load_weights(generator, folder / file, "gan.json")
    images, _, _ = gan.generate(generator, options.samples, seed=1)
    training.save_png(training.image_grid(images[:64]), folder / f"{Path(file).stem}.png")
    fake = vgg16_features(images, options.vgg16_weights)
    kid = analysis.estimate_kid(fake, real)
    found = dataclasses.asdict(analysis.compare_diversity(real, fake, "vgg16"))
    shares = {name: found[name] for name in ("precision", "recall", "density", "coverage")}
    return {"kid": kid.kid, "kid_se": kid.standard_error} | shares


if __name__ == "__main__":
    main()
