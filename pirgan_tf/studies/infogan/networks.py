"""The networks of InfoGAN on MNIST (appendix C.1)."""

import keras
from keras import layers

from pirgan_tf.studies.infogan.codes import CATEGORIES, CONTINUOUS, LATENT_SIZE

IMAGE_SIZE = 28
"""Width and height of the images, in pixels."""

_SIDE = IMAGE_SIZE // 4
_LEAK = 0.1


def build_generator() -> keras.Model:
    """Builds the generator: dense layers of 1024 and 7x7x128, transposed convolutions to 64 and 1.

    Returns:
        From latents `[n, 74]` to images `[n, 28, 28, 1]` in [0, 1].
    """
    latents = keras.Input((LATENT_SIZE,), name="latents")
    x = _normalised(layers.Dense(1024, use_bias=False)(latents), "relu")
    x = _normalised(layers.Dense(_SIDE * _SIDE * 128, use_bias=False)(x), "relu")
    x = layers.Reshape((_SIDE, _SIDE, 128))(x)
    x = layers.Conv2DTranspose(64, 4, 2, padding="same", use_bias=False)(x)
    x = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="sigmoid")(
        _normalised(x, "relu")
    )
    return keras.Model(latents, x, name="generator")


def build_discriminator() -> tuple[keras.Model, list[keras.Variable]]:
    """Builds the discriminator, whose trunk Q shares.

    Convolutions of 4x4 with stride 2 to 64 and 128 channels, a dense layer of 1024, leaky ReLU
    0.1; Q has a layer of 128 of its own.

    Returns:
        From images `[n, 28, 28, 1]` to the logit of P(real) `[n, 1]`, the logits of the
        categorical code `[n, 10]` and the means of the continuous codes `[n, 2]`; and the
        variables that Q alone has.
    """
    images = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1), name="images")
    x = layers.Conv2D(64, 4, 2, padding="same")(images)
    x = layers.LeakyReLU(_LEAK)(x)
    x = _normalised(layers.Conv2D(128, 4, 2, padding="same", use_bias=False)(x), "leaky")
    x = _normalised(layers.Dense(1024, use_bias=False)(layers.Flatten()(x)), "leaky")
    source = layers.Dense(1, name="source")(x)
    head = [
        layers.Dense(128, use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(_LEAK),
    ]
    y = x
    for layer in head:
        y = layer(y)
    ends = [layers.Dense(CATEGORIES, name="category"), layers.Dense(CONTINUOUS, name="continuous")]
    model = keras.Model(images, [source, *(end(y) for end in ends)], name="discriminator")
    return model, [v for layer in (*head, *ends) for v in layer.trainable_variables]


def _normalised(x, activation: str):
    x = layers.BatchNormalization()(x)
    return layers.LeakyReLU(_LEAK)(x) if activation == "leaky" else layers.Activation("relu")(x)
