"""The generator and the discriminator of the paper (section 2.1.1, appendix A)."""

import keras
from keras import layers

from pirgan_tf.gan.networks.layers import flatten
from pirgan_tf.gan.networks.sizes import count_halvings, scale_depth

_FIRST_SIZE, _FIRST_DEPTH = 4, 512
_LAST_SIZE, _DEPTHS = 8, (16, 32, 64, 128, 256, 512)
# The convolutions of stride 2: the first two of these at 32x32, three at 64x64, all at 128x128.
_HALVING = (1, 3, 5, 2)
_DROPOUT_AFTER = (1, 3, 5)


def build_generator(
    num_classes: int = 2,
    latent_size: int = 64,
    width: float = 1.0,
    image_size: int = 64,
    *,
    dtype: str | None = None,
) -> keras.Model:
    """Builds the generator G(z, c).

    A dense layer to 4x4x512, then five blocks of [nearest-neighbour x2 upsampling, except
    in the first] -> zero padding -> 3x3 convolution -> leaky ReLU 0.2, or tanh in the last,
    with depths 512, 256, 128, 64 and 3 (section 2.1.1). The dense layer has no activation and
    padding is by zeros; both are decisions of ours where the paper is silent.

    Images of 32x32 take one block fewer (512, 256, 128, 3) and images of 128x128 one more
    (512, 256, 128, 64, 32, 3): what makes the images of one size is the same in all.

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        latent_size: number of units of the latent z.
        width: scales every depth but the last; 1.0 is the paper.
        image_size: height and width of the images; 64 is the paper.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's default.
            Outputs are float32 in any case.

    Returns:
        A model from `[latents [n, latent_size], one-hot labels [n, num_classes]]` (without
        classes: from latents alone) to images `[n, image_size, image_size, 3]`, float32 in
        [-1, 1]. At 64x64 it has 4,459,139 parameters with 2 classes, 4,442,755 with none.

    Raises:
        InputError: if `width` leaves a layer without channels, or for another image size.
    """
    latents = keras.Input((latent_size,), name="latents")
    inputs, x = [latents], latents
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="labels"))
        x = layers.Concatenate(name="latents_and_labels", dtype=dtype)(inputs)

    depth = scale_depth(_FIRST_DEPTH, width)
    x = layers.Dense(_FIRST_SIZE**2 * depth, name="dense", dtype=dtype)(x)
    x = layers.Reshape((_FIRST_SIZE, _FIRST_SIZE, depth), name="reshape", dtype=dtype)(x)
    halvings = count_halvings(image_size, _FIRST_SIZE)
    depths = [scale_depth(_FIRST_DEPTH >> i, width) for i in range(halvings)] + [3]
    for i, depth in enumerate(depths, start=1):
        if i > 1:
            x = layers.UpSampling2D(2, name=f"upsample_{i}", dtype=dtype)(x)
        x = layers.Conv2D(depth, 3, padding="same", name=f"conv_{i}", dtype=dtype)(x)
        if i < len(depths):
            x = layers.LeakyReLU(0.2, name=f"leaky_relu_{i}", dtype=dtype)(x)
    images = layers.Activation("tanh", name="images", dtype="float32")(x)
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
    """Builds the discriminator D(i).

    Six 3x3 convolutions with depths 16, 32, 64, 128, 256, 512 and strides 2, 1, 2, 1, 2, 1,
    each followed by batch normalisation and leaky ReLU 0.2, with dropout after the first,
    third and fifth; then one dense layer to the source and one to the classes (section 2.1.1,
    appendix A).

    The depths are the same for every image size, and so is the 8x8 image that the dense
    layers see: at 32x32 the strides are 2, 1, 2, 1, 1, 1, at 128x128 they are 2, 2, 2, 1, 2, 1.

    The paper's source output is tanh(a) with P(real) = (1 + tanh a) / 2, which equals
    sigmoid(2a). The model gives the logit 2a, so that log P never has to be taken from a
    saturated tanh; no parameter depends on it. The dropout rate, the order within a block and
    the convolutions without bias, which batch normalisation would cancel, are decisions of ours.

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        width: scales every depth; 1.0 is the paper.
        image_size: height and width of the images; 64 is the paper.
        dropout: rate of the dropout layers.
        minibatch_features: features of `MinibatchFeatures` beside the last layer's; 0 is none.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's default.
            Outputs are float32 in any case.

    Returns:
        A model from images `[n, image_size, image_size, 3]` in [-1, 1] to (source logits
        `[n, 1]`, class logits `[n, num_classes]`); without classes to source logits alone;
        `sigmoid(source logits)` is P(real). With 2 classes it has 1,674,099 parameters, moving
        statistics included, with none 1,608,561.

    Raises:
        InputError: if `width` leaves a layer without channels, or for another image size.
    """
    halving = _HALVING[: count_halvings(image_size, _LAST_SIZE)]
    images = x = keras.Input((image_size, image_size, 3), name="images")
    for i, depth in enumerate(_DEPTHS, start=1):
        x = layers.Conv2D(
            scale_depth(depth, width),
            3,
            strides=2 if i in halving else 1,
            padding="same",
            use_bias=False,
            name=f"conv_{i}",
            dtype=dtype,
        )(x)
        x = layers.BatchNormalization(name=f"batch_norm_{i}", dtype=dtype)(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu_{i}", dtype=dtype)(x)
        if i in _DROPOUT_AFTER:
            x = layers.Dropout(dropout, name=f"dropout_{i}", dtype=dtype)(x)
    x = flatten(x, minibatch_features=minibatch_features, dtype=dtype)
    # The heads stay in float32: log-likelihoods of bfloat16 logits are coarse.
    source = layers.Dense(1, name="source", dtype="float32")(x)
    logits = layers.Rescaling(2.0, name="source_logits", dtype="float32")(source)
    if not num_classes:
        return keras.Model(images, logits, name="discriminator")
    classes = layers.Dense(num_classes, name="class_logits", dtype="float32")(x)
    return keras.Model(images, (logits, classes), name="discriminator")
