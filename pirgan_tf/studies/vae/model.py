"""A variational autoencoder of small black-and-white images."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

IMAGE_SIZE = 28
"""Width and height of the images, in pixels."""

LATENT_SIZE = 32
"""Number of latent variables."""

_UNITS = 450


class VariationalAutoencoder(keras.Model):
    """Encoder, posterior and decoder, with a standard Gaussian prior and one stochastic layer.

    Convolutions of 3x3 with residual blocks and ELU, a dense layer of 450, and 32 latent
    variables, in the manner of Kingma et al. 2016 (section 6.1); depths of 16 and 32 channels,
    for a CPU.

    Args:
        posterior: one of `posteriors`.

    Attributes:
        encoder: from images `[n, 28, 28, 1]`, 0 or 1, to the posterior's parameters.
        decoder: from latents `[n, 32]` to the logits of each pixel being 1, `[n, 28, 28, 1]`.
        posterior: the posterior.
    """

    def __init__(self, posterior: keras.Layer):
        super().__init__()
        self.posterior = posterior
        self.encoder = _build_encoder(posterior.num_parameters)
        self.decoder = _build_decoder()
        # Builds the posterior too.
        self.log_weights(tf.zeros((2, IMAGE_SIZE, IMAGE_SIZE, 1)), [0, 0])

    def log_weights(self, images, seed, samples: int = 1):
        """Returns log p(x | z) + log p(z) - log q(z | x) of z drawn from q(z | x).

        Their mean is the variational bound, and the logarithm of the mean of their exponentials
        the importance-sampled log-likelihood.

        Args:
            images: `[n, 28, 28, 1]`, 0 or 1, float32.
            seed: a stateless seed `[2]`.
            samples: how many z for each image.

        Returns:
            `[n, samples]`, in nats.
        """
        parameters = tf.repeat(self.encoder(images), samples, axis=0)
        z, log_posterior = self.posterior(parameters, seed=seed)
        log_prior = -0.5 * tf.reduce_sum(tf.square(z) + np.log(2 * np.pi), axis=1)
        log_likelihood = log_bernoulli(tf.repeat(images, samples, axis=0), self.decoder(z))
        return tf.reshape(log_likelihood + log_prior - log_posterior, (-1, samples))

    def reconstruct(self, images, seed):
        """Returns the probability of each pixel, of one z from q(z | x), `[n, 28, 28, 1]`."""
        z, _ = self.posterior(self.encoder(images), seed=seed)
        return tf.sigmoid(self.decoder(z))

    def generate(self, count: int, seed):
        """Returns the probability of each pixel, of z from the prior, `[count, 28, 28, 1]`."""
        return tf.sigmoid(self.decoder(tf.random.stateless_normal((count, LATENT_SIZE), seed)))


def log_bernoulli(images, logits):
    """Returns log p(x | z) of images of 0 and 1, summed over the pixels, `[n]`, in nats."""
    loss = tf.nn.sigmoid_cross_entropy_with_logits(images, logits)
    return -tf.reduce_sum(loss, axis=(1, 2, 3))


def _convolution(x, channels: int, strides: int = 1):
    return layers.Conv2D(channels, 3, strides, padding="same")(x)


def _residual(x):
    """Adds two convolutions of the activated images to them."""
    channels = x.shape[-1]
    y = _convolution(layers.Activation("elu")(x), channels)
    return layers.Add()([x, _convolution(layers.Activation("elu")(y), channels)])


def _build_encoder(outputs: int) -> keras.Model:
    images = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1), name="images")
    x = images
    for channels in (16, 32):
        x = layers.Activation("elu")(_residual(_convolution(x, channels, strides=2)))
    x = layers.Dense(_UNITS, "elu")(layers.Flatten()(x))
    return keras.Model(images, layers.Dense(outputs)(x), name="encoder")


def _build_decoder() -> keras.Model:
    latents = keras.Input((LATENT_SIZE,), name="latents")
    side = IMAGE_SIZE // 4
    x = layers.Dense(_UNITS, "elu")(latents)
    x = layers.Reshape((side, side, 32))(layers.Dense(side * side * 32)(x))
    for channels in (16, 16):
        x = layers.UpSampling2D()(layers.Activation("elu")(_residual(x)))
        x = _convolution(x, channels)
    x = _convolution(layers.Activation("elu")(x), 1)
    return keras.Model(latents, x, name="decoder")
