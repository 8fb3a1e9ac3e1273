"""The generator of the paper (section 2.1.1, appendix A)."""

import keras

from pirgan_tf.gan.width import scale_depth
from pirgan_tf.kernels.upsampling import UpsampleConv2D
from pirgan_tf.kernels.winograd_layers import WinogradConv2D

IMAGE_SIZE = 64
_FIRST_SIZE = 4
_DENSE_DEPTH = 512
_DEPTHS = (512, 256, 128, 64)


def build_generator(
    num_classes: int = 2,
    latent_size: int = 64,
    width: float = 1.0,
    *,
    fused: bool = False,
    dtype: str | None = None,
) -> keras.Model:
    """Builds the generator G(z, c).

    A dense layer to 4x4x512, then five blocks of [nearest-neighbour x2
    upsampling, except in the first] -> zero padding -> 3x3 convolution -> leaky
    ReLU 0.2, or tanh in the last, with depths 512, 256, 128, 64 and 3
    (section 2.1.1). The dense layer has no activation and padding is by zeros;
    both are decisions of ours where the paper is silent.

    Args:
        num_classes: number of image classes; 0 builds the plain GAN.
        latent_size: number of units of the latent z.
        width: scales every depth but the last; 1.0 is the paper.
        fused: whether to build for speed: upsampling and convolution as one
            operation, and small images with fewer multiplications. The weights are
            the same, in the same order.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's
            default. Outputs are float32 in any case.

    Returns:
        A model from `[latents [n, latent_size], one-hot labels [n, num_classes]]`
        (without classes: from latents alone) to images `[n, 64, 64, 3]`, float32
        in [-1, 1]. With 2 classes it has 4,459,139 parameters, with none
        4,442,755.

    Raises:
        InputError: if `width` leaves a layer without channels.
    """
    conv = WinogradConv2D if fused else keras.layers.Conv2D
    latents = keras.Input((latent_size,), name="latents")
    inputs, x = [latents], latents
    if num_classes:
        labels = keras.Input((num_classes,), name="labels")
        inputs.append(labels)
        x = keras.layers.Concatenate(name="latents_and_labels", dtype=dtype)(inputs)

    depth = scale_depth(_DENSE_DEPTH, width)
    x = keras.layers.Dense(_FIRST_SIZE**2 * depth, name="dense", dtype=dtype)(x)
    x = keras.layers.Reshape((_FIRST_SIZE, _FIRST_SIZE, depth), name="reshape", dtype=dtype)(x)
    depths = [scale_depth(depth, width) for depth in _DEPTHS] + [3]
    for i, depth in enumerate(depths, start=1):
        if fused and i > 1:
            x = UpsampleConv2D(depth, name=f"conv_{i}", dtype=dtype)(x)
        else:
            if i > 1:
                x = keras.layers.UpSampling2D(2, name=f"upsample_{i}", dtype=dtype)(x)
            x = conv(depth, 3, padding="same", name=f"conv_{i}", dtype=dtype)(x)
        if i < len(depths):
            x = keras.layers.LeakyReLU(0.2, name=f"leaky_relu_{i}", dtype=dtype)(x)
    images = keras.layers.Activation("tanh", name="images", dtype="float32")(x)
    return keras.Model(inputs if num_classes else latents, images, name="generator")
