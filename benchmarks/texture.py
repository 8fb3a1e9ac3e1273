"""Where does the mesh in the images of the paper's generator come from? See docs/stabilizers.md.

    python benchmarks/texture.py --photos=folder:PHOTOS --output=runs/texture

Trains the paper's GAN twice with the same seed, with its upsampling by nearest neighbours and
with a bilinear one. Then compares the spectra of their images with that of the photographs.
Upsampling by nearest neighbours is a box filter: of what an image of 8x8 or 16x16 pixels in the
generator holds, nothing can be at the frequencies where the filter is zero, but its mirror images
are on both sides of them. These are the mesh. Writes texture.csv and a grid for each generator.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import pandas as pd

from pirgan_tf import data, gan, training
from pirgan_tf.gan.networks import paper
from pirgan_tf.stages import pretrain

FAMILIES = {"nearest": gan.FAMILIES["paper"], "bilinear": Path(__file__).stem}
build_discriminator = paper.build_discriminator


def build_generator(*arguments: object, **options: object) -> keras.Model:
    """Builds the paper's generator with bilinear upsampling."""

    def exchange(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.UpSampling2D):
            config["interpolation"] = "bilinear"
        return type(layer).from_config(config)

    return keras.models.clone_model(
        paper.build_generator(*arguments, **options), clone_function=exchange
    )


def dips(images: np.ndarray) -> dict[str, float]:
    """Returns the power at the filter's zeros in proportion to that around them, by period.

    Args:
        images: shape `[n, size, size, 3]`, uint8.
    """
    grey = images.mean(axis=-1)
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    power = np.square(np.abs(np.fft.rfft(grey, axis=2))).mean(axis=(0, 1))
    size = images.shape[2]
    return {
        f"period {period}": power[k] / power[[k - 3, k - 2, k + 2, k + 3]].mean()
        for period, k in ((8, size // 8), (4, size // 4))
    }


def main() -> None:
    """Trains what is missing, and prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, help="photographs to learn from, folder:DIR")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    parser.add_argument("--steps", default="1200")
    parser.add_argument("--width", default="0.25", help="of the networks")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    photos = data.load_dataset(options.photos).images
    rows = [{"images": "photographs"} | dips(photos)]
    for name, module in FAMILIES.items():
        # Its own module is found beside this script.
        gan.FAMILIES["paper"] = importlib.import_module(module).__name__
        folder = options.output / name
        if not folder.exists():
            sys.argv = [
                *("pretrain", f"--output={folder}", f"--dataset={options.photos}"),
                *(f"--steps={options.steps}", f"--width={options.width}", "--average_decay=0.999"),
                *("--generator_learning_rate=2e-4", "--discriminator_learning_rate=2e-4"),
                *("--images_every=0", "--log_every=50"),
            ]
            try:
                pretrain.main()
            except SystemExit as end:
                if end.code:
                    raise
        images, _, _ = gan.generate(gan.load_generator(folder), 256, seed=1)
        training.save_png(training.image_grid(images[:64]), options.output / f"{name}.png")
        rows.append({"images": name} | dips(images))
    table = pd.DataFrame(rows)
    table.to_csv(options.output / "texture.csv", index=False)
    print(table.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
