"""The networks of DCGAN, made conditional so that they fit the losses of an ACGAN.

Source: Radford, Metz & Chintala 2016, "Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks", section 3 and figure 1. Decisions of ours:
latents are normal as in the paper's own family (theirs are uniform on [-1, 1]; their number is
100), the class is a one-hot vector beside them, the discriminator has class logits beside the
source, and the moving statistics of batch normalisation follow within tens of steps.
"""

import functools

import keras
from keras import layers

from pirgan_tf.gan.networks.layers import flatten
from pirgan_tf.gan.networks.reference_norm import ReferenceBatchNormalization
from pirgan_tf.gan.networks.sizes import count_halvings, scale_depth

_SMALLEST, _LARGEST_DEPTH = 4, 1024
_BatchNorm = functools.partial(layers.BatchNormalization, momentum=0.9)


def build_generator(
    num_classes: int = 2,
    latent_size: int = 100,
    width: float = 1.0,
    image_size: int = 64,
    *,
    norm: str = "batch",
    dtype: str | None = None,
) -> keras.Model:
    """Builds the generator.

    A dense layer to 4x4x1024, then 5x5 transposed convolutions of stride 2 with depths 512,
    256, 128 and 3, with batch normalisation and ReLU before each and tanh at the end. A layer's
    depth goes with the size of its images, so that 32x32 takes one layer fewer (512, 256, 3)
    and 128x128 one more (512, 256, 128, 64, 3).

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        latent_size: number of units of the latent.
        width: scales every depth but the last.
        image_size: height and width of the images.
        norm: `batch`, or `reference` or `virtual` for `ReferenceBatchNormalization`.
        dtype: a Keras dtype policy; outputs are float32 in any case.

    Returns:
        A model with the inputs and outputs of the paper's generator.

    Raises:
        InputError: if `width` leaves a layer without channels, or for another image size.
    """
    latents = keras.Input((latent_size,), name="latents")
    inputs, x = [latents], latents
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="labels"))
        x = layers.Concatenate(name="latents_and_labels", dtype=dtype)(inputs)

    depth = scale_depth(_LARGEST_DEPTH, width)
    x = layers.Dense(
        _SMALLEST**2 * depth,
        use_bias=False,
        kernel_initializer=_initializer(),
        name="dense",
        dtype=dtype,
    )(x)
    x = layers.Reshape((_SMALLEST, _SMALLEST, depth), name="reshape", dtype=dtype)(x)
    batch_norm = _BatchNorm
    if norm != "batch":
        batch_norm = functools.partial(ReferenceBatchNormalization, virtual=norm == "virtual")
    halvings = count_halvings(image_size, _SMALLEST)
    for i in range(1, halvings + 1):
        last = i == halvings
        x = batch_norm(name=f"batch_norm_{i}", dtype=dtype)(x)
        x = layers.ReLU(name=f"relu_{i}", dtype=dtype)(x)
        x = layers.Conv2DTranspose(
            3 if last else scale_depth(_LARGEST_DEPTH >> i, width),
            5,
            strides=2,
            padding="same",
            use_bias=last,
            kernel_initializer=_initializer(),
            name=f"conv_{i}",
            dtype=dtype,
        )(x)
    images = layers.Activation("tanh", name="images", dtype="float32")(x)
    return keras.Model(inputs if num_classes else latents, images, name="generator")


def build_discriminator(
    num_classes: int = 2,
    width: float = 1.0,
    image_size: int = 64,
    *,
    dropout: float = 0.0,
    minibatch_features: int = 0,
    dtype: str | None = None,
) -> keras.Model:
    """Builds the discriminator, the generator mirrored.

    5x5 convolutions of stride 2 with depths 128, 256, 512 and 1024 down to 4x4, each but the
    first followed by batch normalisation, all by leaky ReLU 0.2; then dense layers to the
    source and to the classes.

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        width: scales every depth.
        image_size: height and width of the images.
        dropout: rate of dropout after every activation, which DCGAN has none of.
        minibatch_features: features of `MinibatchFeatures` beside the last layer's; 0 is none.
        dtype: a Keras dtype policy; outputs are float32 in any case.

    Returns:
        A model with the input and outputs of the paper's discriminator.

    Raises:
        InputError: if `width` leaves a layer without channels, or for another image size.
    """
    halvings = count_halvings(image_size, _SMALLEST)
    images = x = keras.Input((image_size, image_size, 3), name="images")
    for i in range(1, halvings + 1):
        x = layers.Conv2D(
            scale_depth(_LARGEST_DEPTH >> (halvings - i), width),
            5,
            strides=2,
            padding="same",
            use_bias=i == 1,
            kernel_initializer=_initializer(),
            name=f"conv_{i}",
            dtype=dtype,
        )(x)
        if i > 1:
            x = _BatchNorm(name=f"batch_norm_{i}", dtype=dtype)(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu_{i}", dtype=dtype)(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout_{i}", dtype=dtype)(x)
    x = flatten(x, minibatch_features=minibatch_features, dtype=dtype)
    source = layers.Dense(1, name="source_logits", dtype="float32")(x)
    if not num_classes:
        return keras.Model(images, source, name="discriminator")
    classes = layers.Dense(num_classes, name="class_logits", dtype="float32")(x)
    return keras.Model(images, (source, classes), name="discriminator")


def _initializer() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)
