"""A network in the fastest form that cannot learn."""

import keras

from pirgan_tf.kernels.accelerate import accelerate
from pirgan_tf.kernels.fold import fold
from pirgan_tf.kernels.winograd_layers import WinogradConv2D


def freeze(model: keras.Model) -> keras.Model:
    """Returns a network that computes what another does when not training, as fast as it can be.

    Batch norm is part of the convolutions, layers are exchanged as by `accelerate`, and of the
    kernels for Winograd's algorithm the factors are kept.

    Args:
        model: a functional model; it is not changed.

    Returns:
        A functional model with weights of its own, which must not change any more.
    """
    frozen = accelerate(fold(model))
    frozen.trainable = False
    for layer in frozen.layers:
        if isinstance(layer, WinogradConv2D):
            layer.keep_factors()
    return frozen
