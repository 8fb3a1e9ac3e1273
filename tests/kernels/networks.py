"""Plain networks in which every layer that `accelerate` exchanges occurs."""

import keras
import numpy as np

from pirgan_tf.kernels.winograd import FEWEST_CHANNELS

LATENT = 8


def generator(dtype=None, use_bias=True):
    """From latents `[n, 8]` to images `[n, 16, 16, 3]`; one layer is Winograd's, one is not."""
    latents = keras.Input((LATENT,))
    x = keras.layers.Dense(4 * 4 * FEWEST_CHANNELS, dtype=dtype)(latents)
    x = keras.layers.Reshape((4, 4, FEWEST_CHANNELS), dtype=dtype)(x)
    for depth, activation in ((FEWEST_CHANNELS, "relu"), (3, "tanh")):
        x = keras.layers.UpSampling2D(2, dtype=dtype)(x)
        x = keras.layers.Conv2D(
            depth, 3, padding="same", activation=activation, use_bias=use_bias, dtype=dtype
        )(x)
    return keras.Model(latents, x, name="generator")


def discriminator(dtype=None, dropout=0.5):
    """From images `[n, 16, 16, 3]` to a tuple of logits `[n, 1]` and `[n, 2]`."""
    images = keras.Input((16, 16, 3))
    x = images
    for depth, stride in ((FEWEST_CHANNELS, 2), (FEWEST_CHANNELS, 1)):
        x = keras.layers.Conv2D(depth, 3, stride, padding="same", use_bias=False, dtype=dtype)(x)
        x = keras.layers.BatchNormalization(dtype=dtype)(x)
        x = keras.layers.LeakyReLU(0.2, dtype=dtype)(x)
        x = keras.layers.Dropout(dropout, dtype=dtype)(x)
    x = keras.layers.Flatten(dtype=dtype)(x)
    heads = [keras.layers.Dense(units, dtype="float32")(x) for units in (1, 2)]
    return keras.Model(images, tuple(heads), name="discriminator")


def transposing(dtype=None):
    """A generator of transposed convolutions with batch norm, one of them of a dense layer."""
    latents = keras.Input((LATENT,))
    x = keras.layers.Dense(4 * 4 * 8, use_bias=False, dtype=dtype)(latents)
    x = keras.layers.BatchNormalization(dtype=dtype)(x)
    x = keras.layers.Reshape((4, 4, 8), dtype=dtype)(x)
    x = keras.layers.Conv2DTranspose(8, 5, 2, padding="same", use_bias=False, dtype=dtype)(x)
    x = keras.layers.BatchNormalization(dtype=dtype)(x)
    x = keras.layers.ReLU(dtype=dtype)(x)
    x = keras.layers.Conv2DTranspose(3, 5, 2, padding="same", activation="tanh", dtype=dtype)(x)
    return keras.Model(latents, x, name="transposing")


def stir(model, seed=0):
    """Moves biases, scales and statistics away from their initial values."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [w + rng.uniform(0, 0.1, w.shape) if w.ndim == 1 else w for w in model.get_weights()]
    )
    return model
