"""Times the table of VGG16's filters against VGG16's own prediction of the same images.

    python benchmarks/vgg16_table.py --weights=vgg16.h5 --images=1000

The goals are a ratio of at most 1.5 and a peak memory under 4 GB.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import users
from pirgan_tf.users.vgg16_weights import load_vgg16


def main() -> None:
    """Prints both times, their ratios, and the table's peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="random", help="imagenet, random or a file")
    parser.add_argument("--images", type=int, default=100, help="how many, 64x64")
    options = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (options.images, 64, 64, 3), np.uint8)

    table = _seconds(lambda: users.filter_norms(images, options.weights))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

    network = load_vgg16(options.weights)
    resized = tf.image.resize(images.astype(np.float32), [224, 224]).numpy()
    pixels = keras.applications.vgg16.preprocess_input(resized)
    predict = _seconds(lambda: network.predict(pixels, verbose=0))

    print(f"{options.images} images, seconds by the clock and of the CPUs (busy machines: these)")
    print(f"table    {table[0]:7.1f} {table[1]:7.1f}   with the loading of the weights")
    print(f"predict  {predict[0]:7.1f} {predict[1]:7.1f}   on images resized beforehand")
    print(f"ratio    {table[0] / predict[0]:7.2f} {table[1] / predict[1]:7.2f}")
    print(f"peak memory of the table: {peak:.2f} GB")


def _seconds(call: Callable[[], object]) -> tuple[float, float]:
    started, cpu_started = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - started, time.process_time() - cpu_started


if __name__ == "__main__":
    main()
