"""Tells how far the norms of VGG16's filters are from those of float32 when taken in bfloat16.

    python benchmarks/vgg16_bfloat16.py --weights=vgg16.h5 --photos=PHOTOS

Photographs are resized to 64x64, as generated images are. A filter counts for an image if it
holds more than a hundredth of the layer's norm, so that its rate is above 0.01.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from pirgan_tf.users.vgg16_layers import KERAS_NAMES
from pirgan_tf.users.vgg16_weights import load_vgg16, served_layers


def main() -> None:
    """Prints the relative errors of each layer for which the weights suffice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", required=True, help="imagenet or a file")
    parser.add_argument("--photos", required=True, type=Path, help="a folder of JPEG files")
    parser.add_argument("--images", type=int, default=6, help="how many")
    options = parser.parse_args()
    files = sorted(options.photos.rglob("*.jp*g"))
    if not files or options.images < 1:
        parser.error(
            "photos must hold JPEG files, and images be at least 1. "
            f"Received: {options.photos}, {options.images}"
        )
    files = files[:: max(1, len(files) // options.images)][: options.images]
    small = [Image.open(file).convert("RGB").resize((64, 64)) for file in files]
    pixels = tf.image.resize(np.stack(small).astype(np.float32), [224, 224])
    pixels = keras.applications.vgg16.preprocess_input(pixels)

    plain = load_vgg16(options.weights)
    coarse = keras.models.clone_model(plain, clone_function=in_bfloat16)
    for variable, value in zip(coarse.weights, plain.weights, strict=True):
        variable.assign(value)
    print(f"{len(files)} images: error of the layer's norm, of filters' norms, and of rates")
    for layer in served_layers(options.weights):
        exact, found = (norms(network, KERAS_NAMES[layer], pixels) for network in (plain, coarse))
        totals = [np.linalg.norm(x, axis=1, keepdims=True) for x in (exact, found)]
        counts = exact > 0.01 * totals[0]
        errors = (np.abs(found - exact)[counts]) / exact[counts]
        rates = np.abs(found / totals[1] - exact / totals[0])
        print(
            f"{layer}  layer {np.max(np.abs(totals[1] / totals[0] - 1)):.2%}"
            f"  filters: median {np.median(errors):.2%}, 99 of 100 {np.quantile(errors, 0.99):.2%},"
            f" largest {errors.max():.2%}  rates: largest {rates.max():.4f}"
        )


def in_bfloat16(layer):
    """Returns a layer like another, in mixed precision."""
    return type(layer).from_config({**layer.get_config(), "dtype": "mixed_bfloat16"})


def norms(network, name, pixels):
    """Returns the norm of each filter of a layer, shape [n, filters]."""
    output = network.get_layer(name).output
    activations = tf.cast(keras.Model(network.input, output)(pixels), tf.float32)
    positions = tuple(range(1, len(activations.shape) - 1))
    return np.sqrt(tf.reduce_sum(activations**2, axis=positions))


if __name__ == "__main__":
    main()
