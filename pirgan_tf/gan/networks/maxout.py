"""Fully connected networks: a generator of rectifiers and a discriminator of maxout units.

Sources: Yala & Song, "Generating Gaussians, Pictures, and Stories with Generative Adversarial
Networks", section 3, which names the units and no sizes, and Goodfellow et al. 2014, "Generative
Adversarial Networks", section 5, which it follows: the sizes are those of its authors' MNIST.
"""

import keras
from keras import layers

from pirgan_tf.gan.networks.layers import append_minibatch_features
from pirgan_tf.gan.networks.sizes import check_image_size, scale_depth

_GENERATOR_UNITS = 1200
_MAXOUT_UNITS, _PIECES = 240, 5
_LAYERS = 2
# Goodfellow et al. drop a fifth of the pixels where they drop half of the units.
_PIXELS_DROPOUT = 0.4


def build_generator(
    num_classes: int = 2,
    latent_size: int = 100,
    width: float = 1.0,
    image_size: int = 64,
    *,
    dtype: str | None = None,
) -> keras.Model:
    """Builds the generator.

    Two dense layers of 1200 rectifiers and one of sigmoids, the pixels in [0, 1], which are
    scaled to [-1, 1].

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        latent_size: number of units of the latent.
        width: scales the layers of rectifiers.
        image_size: height and width of the images.
        dtype: a Keras dtype policy; outputs are float32 in any case.

    Returns:
        A model with the inputs and outputs of the paper's generator.

    Raises:
        InputError: if `width` leaves a layer without units, or for another image size.
    """
    check_image_size(image_size)
    latents = keras.Input((latent_size,), name="latents")
    inputs, x = [latents], latents
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="labels"))
        x = layers.Concatenate(name="latents_and_labels", dtype=dtype)(inputs)
    units = scale_depth(_GENERATOR_UNITS, width)
    for i in range(1, _LAYERS + 1):
        x = layers.Dense(units, "relu", name=f"dense_{i}", dtype=dtype)(x)
    x = layers.Dense(image_size**2 * 3, name="dense", dtype=dtype)(x)
    x = layers.Activation("sigmoid", name="pixels", dtype="float32")(x)
    x = layers.Reshape((image_size, image_size, 3), name="reshape", dtype="float32")(x)
    images = layers.Rescaling(2.0, -1.0, name="images", dtype="float32")(x)
    return keras.Model(inputs if num_classes else latents, images, name="generator")


def build_discriminator(
    num_classes: int = 2,
    width: float = 1.0,
    image_size: int = 64,
    *,
    dropout: float = 0.5,
    minibatch_features: int = 0,
    dtype: str | None = None,
) -> keras.Model:
    """Builds the discriminator.

    Two layers of 240 maxout units, each the largest of 5 linear functions of its inputs, then
    dense layers to the source and to the classes.

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        width: scales the layers of maxout units.
        image_size: height and width of the images.
        dropout: rate of dropout after both layers; that of the pixels is 0.4 of it.
        minibatch_features: features of `MinibatchFeatures` beside the last layer's; 0 is none.
        dtype: a Keras dtype policy; outputs are float32 in any case.

    Returns:
        A model with the input and outputs of the paper's discriminator.

    Raises:
        InputError: if `width` leaves a layer without units, or for another image size.
    """
    check_image_size(image_size)
    images = keras.Input((image_size, image_size, 3), name="images")
    x = layers.Flatten(name="flatten", dtype=dtype)(images)
    if dropout:
        x = layers.Dropout(_PIXELS_DROPOUT * dropout, name="dropout_pixels", dtype=dtype)(x)
    units = scale_depth(_MAXOUT_UNITS, width)
    for i in range(1, _LAYERS + 1):
        x = layers.Dense(_PIECES * units, name=f"dense_{i}", dtype=dtype)(x)
        x = layers.Reshape((_PIECES, units), name=f"pieces_{i}", dtype=dtype)(x)
        x = layers.GlobalMaxPooling1D(name=f"maxout_{i}", dtype=dtype)(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout_{i}", dtype=dtype)(x)
    x = append_minibatch_features(x, x, minibatch_features, dtype)
    source = layers.Dense(1, name="source_logits", dtype="float32")(x)
    if not num_classes:
        return keras.Model(images, source, name="discriminator")
    classes = layers.Dense(num_classes, name="class_logits", dtype="float32")(x)
    return keras.Model(images, (source, classes), name="discriminator")
