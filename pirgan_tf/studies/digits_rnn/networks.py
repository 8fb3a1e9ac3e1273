"""The networks of Unrolled GANs, appendix B: an LSTM that draws digits, and its discriminator."""

import keras
from keras import layers, ops

from pirgan_tf import gan

IMAGE_SIZE = 28
LATENT_SIZE = 256
_UNITS = 256
_DEPTHS = (16, 32, 32)
_LEAK = 0.3


def build_networks() -> gan.Networks:
    """Builds the generator and the discriminator.

    The generator scales the latent by a dense layer of 256 ReLU, which is the initial state of
    an LSTM of 256 units (both parts of it: the paper has one). Its 28 outputs go through a dense
    layer of 28 tanh and are the columns of the image. The LSTM has no input: of zeros. All
    weights are Xavier's, the bias of the forget gate is 1.

    The discriminator has three convolutions of stride 2 with 16, 32 and 32 channels, 3x3
    (decision: the paper gives no size), each with batch normalisation and leaky ReLU 0.3, and a
    dense layer to the source. A convolution before batch normalisation has no bias.

    Returns:
        From latents `[n, 256]` to images `[n, 28, 28, 1]` in [-1, 1], and from these to the
        source logits `[n, 1]`.
    """
    return gan.Networks(_build_generator(), _build_discriminator())


def _build_generator() -> keras.Model:
    latents = keras.Input((LATENT_SIZE,), name="latents")
    state = layers.Dense(_UNITS, "relu", name="state")(latents)
    nothing = ops.repeat(ops.zeros_like(state)[:, None, :1], IMAGE_SIZE, axis=1)
    # Keras's is orthogonal.
    lstm = layers.LSTM(
        _UNITS, recurrent_initializer="glorot_uniform", return_sequences=True, name="lstm"
    )
    columns = layers.Dense(IMAGE_SIZE, "tanh", name="columns")(
        lstm(nothing, initial_state=[state, state])
    )
    images = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1), name="images")(
        layers.Permute((2, 1), name="rows")(columns)
    )
    return keras.Model(latents, images, name="generator")


def _build_discriminator() -> keras.Model:
    images = x = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1), name="images")
    for i, depth in enumerate(_DEPTHS, 1):
        x = layers.Conv2D(depth, 3, strides=2, padding="same", use_bias=False, name=f"conv_{i}")(x)
        x = layers.BatchNormalization(name=f"batch_norm_{i}")(x)
        x = layers.LeakyReLU(_LEAK, name=f"leaky_relu_{i}")(x)
    source = layers.Dense(1, name="source_logits")(layers.Flatten(name="flatten")(x))
    return keras.Model(images, source, name="discriminator")
