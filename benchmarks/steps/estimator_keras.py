"""Times the estimator's training step in plain Keras: its own layers, Adam, and `fit`.

    python benchmarks/steps/estimator_keras.py --precision=float32

Prints seconds per step, one number per repetition, as JSON.
"""

import json
import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras_fit import Clock, set_up

from pirgan_tf import estimator

SIZE, BINS = 64, 100


def main() -> None:
    """Prints seconds per step."""
    options = set_up(__doc__)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1000, SIZE, SIZE, 3), np.uint8)
    data = tf.data.Dataset.from_tensor_slices((images, rng.integers(0, BINS, len(images))))
    data = data.shuffle(len(images)).repeat().batch(options.batch_size)
    data = data.map(lambda images, bins: (tf.cast(images, tf.float32) / 127.5 - 1, bins))
    model = estimator.PirEstimator().model
    model.compile(
        keras.optimizers.Adam(5e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    clock = Clock()
    steps = clock.warm_up + options.steps * options.repetitions
    model.fit(data.prefetch(2), steps_per_epoch=steps, verbose=0, callbacks=[clock])
    print(json.dumps(clock.repetitions(options.steps)))


if __name__ == "__main__":
    main()
