"""The discriminator of the paper (section 2.1.1, appendix A)."""

import keras

from pirgan_tf.gan.generator import IMAGE_SIZE
from pirgan_tf.gan.width import scale_depth
from pirgan_tf.kernels.batch_norm import FusedBatchNormalization
from pirgan_tf.kernels.winograd_layers import WinogradConv2D

_DEPTHS = (16, 32, 64, 128, 256, 512)
_STRIDES = (2, 1, 2, 1, 2, 1)
_DROPOUT_AFTER = (1, 3, 5)


def build_discriminator(
    num_classes: int = 2,
    width: float = 1.0,
    *,
    dropout: float = 0.5,
    masked: bool = False,
    fused: bool = False,
    synchronized: bool = False,
    dtype: str | None = None,
) -> keras.Model:
    """Builds the discriminator D(i).

    Six 3x3 convolutions with depths 16, 32, 64, 128, 256, 512 and strides
    2, 1, 2, 1, 2, 1, each followed by batch normalisation and leaky ReLU 0.2,
    with dropout after the first, third and fifth; then one dense layer to the
    source and one to the classes (section 2.1.1, appendix A).

    The paper's source output is tanh(a) with P(real) = (1 + tanh a) / 2, which
    equals sigmoid(2a). The model gives the logit 2a, so that log P never has to
    be taken from a saturated tanh; no parameter depends on it. The dropout rate,
    the order within a block and the convolutions without bias, which batch
    normalisation would cancel, are decisions of ours.

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        width: scales every depth; 1.0 is the paper.
        dropout: rate of the dropout layers.
        masked: whether the dropout masks are inputs of the model instead of
            layers which draw their own. Training uses this: its masks come from
            the step's seed, so that a resumed run draws the same ones. The
            weights are the same, in the same order.
        fused: whether to build for speed: batch normalisation as one operation, and
            convolutions of small images with fewer multiplications. The weights are the
            same, in the same order.
        synchronized: whether batch statistics are taken over all replicas.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's
            default. Outputs are float32 in any case.

    Returns:
        A model from images `[n, 64, 64, 3]` in [-1, 1] to (source logits
        `[n, 1]`, class logits `[n, num_classes]`); without classes to source
        logits alone; `sigmoid(source logits)` is P(real). If `masked`, from
        `[images, *masks]` with masks of the shapes that `dropout_shapes` gives.
        With 2 classes it has 1,674,099 parameters, moving statistics included,
        with none 1,608,561.

    Raises:
        InputError: if `width` leaves a layer without channels.
    """
    conv = WinogradConv2D if fused else keras.layers.Conv2D
    batch_norm = FusedBatchNormalization if fused else keras.layers.BatchNormalization
    images = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3), name="images")
    inputs, x = [images], images
    for i, (depth, stride) in enumerate(zip(_DEPTHS, _STRIDES, strict=True), start=1):
        x = conv(
            scale_depth(depth, width),
            3,
            stride,
            padding="same",
            use_bias=False,
            name=f"conv_{i}",
            dtype=dtype,
        )(x)
        x = batch_norm(synchronized=synchronized, name=f"batch_norm_{i}", dtype=dtype)(x)
        x = keras.layers.LeakyReLU(0.2, name=f"leaky_relu_{i}", dtype=dtype)(x)
        if i in _DROPOUT_AFTER and masked:
            inputs.append(keras.Input(x.shape[1:], name=f"mask_{i}"))
            x = keras.layers.Multiply(name=f"dropout_{i}", dtype=dtype)([x, inputs[-1]])
        elif i in _DROPOUT_AFTER:
            x = keras.layers.Dropout(dropout, name=f"dropout_{i}", dtype=dtype)(x)
    x = keras.layers.Flatten(name="flatten", dtype=dtype)(x)
    # The heads stay in float32: log-likelihoods of bfloat16 logits are coarse.
    source = keras.layers.Dense(1, name="source", dtype="float32")(x)
    outputs = [keras.layers.Rescaling(2.0, name="source_logits", dtype="float32")(source)]
    if num_classes:
        outputs.append(keras.layers.Dense(num_classes, name="class_logits", dtype="float32")(x))
    return keras.Model(
        inputs if masked else images,
        tuple(outputs) if num_classes else outputs[0],
        name="discriminator",
    )


def dropout_shapes(discriminator: keras.Model) -> list[tuple[int, int, int]]:
    """Returns the shape `(h, w, channels)` of each mask of a `masked` discriminator."""
    return [tuple(tensor.shape[1:]) for tensor in discriminator.inputs[1:]]
