"""The networks of Unrolled GANs, appendix C."""

import keras
from keras import layers

from pirgan_tf import gan
from pirgan_tf.gan.networks.sizes import scale_depth

IMAGE_SIZE = 32
_LATENT_SIZE = 256
_SMALLEST, _FIRST = 4, 512
_GENERATOR_DEPTHS = (256, 128, 64)
_DISCRIMINATOR_DEPTHS = (64, 128, 256)
_LEAK = 0.3


def build_networks(channels: int, width: float = 1.0) -> gan.Networks:
    """Builds the generator and the discriminator.

    The generator has a dense layer to 4x4x512, transposed convolutions of stride 2 with depths
    256, 128 and 64, and one of stride 1 to the image. The discriminator has convolutions of
    stride 2 with depths 64, 128 and 256, and a dense layer to the source. (The paper's tables
    have the kinds of convolution the other way round, which gives no images.) All are 3x3, with
    batch normalisation and leaky ReLU 0.3.

    Decisions: the dense layer has both too, the image neither but tanh; a convolution before
    batch normalisation has no bias; the moving statistics follow within tens of steps.

    Args:
        channels: of the images.
        width: scales every depth; 1 is the paper.

    Returns:
        From latents `[n, 256]` to images `[n, 32, 32, channels]` in [-1, 1], and from these to
        the source logits `[n, 1]`.

    Raises:
        InputError: if `width` leaves a layer without channels.
    """
    return gan.Networks(_build_generator(channels, width), _build_discriminator(channels, width))


def _build_generator(channels: int, width: float) -> keras.Model:
    latents = keras.Input((_LATENT_SIZE,), name="latents")
    depth = scale_depth(_FIRST, width)
    x = layers.Dense(_SMALLEST**2 * depth, use_bias=False, name="dense")(latents)
    x = _activate(layers.Reshape((_SMALLEST, _SMALLEST, depth), name="reshape")(x), 0)
    for i, depth in enumerate(_GENERATOR_DEPTHS, 1):
        x = _convolve(layers.Conv2DTranspose, x, scale_depth(depth, width), i)
    x = layers.Conv2DTranspose(channels, 3, padding="same", activation="tanh", name="images")(x)
    return keras.Model(latents, x, name="generator")


def _build_discriminator(channels: int, width: float) -> keras.Model:
    images = x = keras.Input((IMAGE_SIZE, IMAGE_SIZE, channels), name="images")
    for i, depth in enumerate(_DISCRIMINATOR_DEPTHS, 1):
        x = _convolve(layers.Conv2D, x, scale_depth(depth, width), i)
    source = layers.Dense(1, name="source_logits")(layers.Flatten(name="flatten")(x))
    return keras.Model(images, source, name="discriminator")


def _convolve(kind: type[keras.Layer], x, depth: int, number: int):
    layer = kind(depth, 3, strides=2, padding="same", use_bias=False, name=f"conv_{number}")
    return _activate(layer(x), number)


def _activate(x, number: int):
    x = layers.BatchNormalization(momentum=0.9, name=f"batch_norm_{number}")(x)
    return layers.LeakyReLU(_LEAK, name=f"leaky_relu_{number}")(x)
