"""Makes a GAN folder of a snapshot that pretrain.py brought home.

python benchmarks/gpu/import_gan.py snapshot-66000.npz --dataset=runs/photos --output=runs/gan
"""

import argparse
import dataclasses
import json
from pathlib import Path

import keras
import numpy as np

from pirgan_tf import data, gan


def main() -> None:
    """Writes generator.keras, discriminator.keras and gan.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--dataset", required=True, help="the dataset folder it was trained on")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True)
    names = data.load_dataset(f"folder:{options.dataset}").class_names
    shape = gan.GanShape(names, width=options.width)
    networks = gan.build_networks(shape)._asdict()
    with np.load(options.snapshot) as arrays:
        for name, network in networks.items():
            fill(network, name, arrays)
            network.save(options.output / f"{name}.keras")
    content = json.dumps(dataclasses.asdict(shape), indent=2)
    (options.output / "gan.json").write_text(content + "\n")


def fill(network: keras.Model, name: str, arrays: np.lib.npyio.NpzFile) -> None:
    """Gives a network the weights of the snapshot that have its variables' paths."""
    for variable in network.weights:
        value = arrays[f"{name}|{variable.path.replace('/', '|')}"].astype(np.float32)
        if not np.isfinite(value).all():
            raise SystemExit(f"weights must be finite. Received: {name}/{variable.path}")
        variable.assign(value)


if __name__ == "__main__":
    main()
