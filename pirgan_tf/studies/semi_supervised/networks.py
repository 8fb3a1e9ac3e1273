"""The networks of the improved GAN on MNIST, in which pixels have no neighbours."""

import keras
import tensorflow as tf
from keras import layers

from pirgan_tf.gan.networks.layers import MinibatchFeatures

IMAGE_SIZE = 28
"""Width and height of the images, in pixels."""

LATENT_SIZE = 100
"""Length of a latent, uniform on [0, 1]."""

_HIDDEN = (1000, 500, 250, 250, 250)
_GENERATOR_UNITS = 500
_NOISE_ON_IMAGES, _NOISE = 0.3, 0.5
_CLOSENESS = 100
# Under a root; as in the authors' code.
_EPSILON = 1e-6


class WeightNormalisedDense(keras.Layer):
    """A dense layer whose weights are directions of length 1, times a scale for each unit.

    Source: Salimans & Kingma 2016, "Weight Normalization".

    Args:
        units: outputs.
        activation: a name of Keras's.
        train_scale: whether the scale is learned.

    Input shape: `[n, inputs]`. Output shape: `[n, units]`.
    """

    def __init__(self, units: int, activation: str = "relu", *, train_scale: bool = False):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)
        self._train_scale = train_scale

    def build(self, input_shape):
        """Makes the weights, of which the length does not matter, scales and biases."""
        self.direction = self.add_weight(
            name="direction",
            shape=(input_shape[-1], self.units),
            initializer=keras.initializers.RandomNormal(stddev=0.1),
        )
        self.scale = self.add_weight(
            name="scale", shape=(self.units,), initializer="ones", trainable=self._train_scale
        )
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        """Returns the activated outputs."""
        return self.activation(self._project(inputs) + self.bias)

    def initialise(self, inputs) -> None:
        """Sets scale and bias so that these inputs give outputs of mean 0 and variance 1."""
        mean, variance = tf.nn.moments(self._project(inputs), axes=[0])
        self.scale.assign(self.scale * tf.math.rsqrt(variance))
        self.bias.assign(-mean * tf.math.rsqrt(variance))

    def _project(self, inputs):
        squares = tf.reduce_sum(tf.square(self.direction), axis=0)
        # Of the outputs, which are fewer numbers than the weights.
        return tf.matmul(inputs, self.direction) * (self.scale * tf.math.rsqrt(squares + _EPSILON))


class Classifier(keras.Model):
    """The discriminator: layers of 1000, 500, 250, 250 and 250 ReLU, and one logit per class.

    All are weight-normalised, and only the last one's scale is learned, as in the authors' code.
    Gaussian noise is added to the images (standard deviation 0.3) and before every other layer
    (0.5).

    Args:
        classes: how many.
        minibatch_discrimination: whether the last layer sees 100 `MinibatchFeatures` of the last
            hidden one as well.
    """

    def __init__(self, classes: int, *, minibatch_discrimination: bool = False):
        super().__init__()
        self.hidden = [WeightNormalisedDense(units) for units in _HIDDEN]
        self.last = WeightNormalisedDense(classes, "linear", train_scale=True)
        self.closeness = MinibatchFeatures(_CLOSENESS) if minibatch_discrimination else None
        self(tf.zeros((2, IMAGE_SIZE, IMAGE_SIZE, 1)))

    def call(self, images, *, seed=None, batches: int = 1):
        """Looks at images.

        Args:
            images: `[n, 28, 28, 1]` in [0, 1].
            seed: a stateless seed `[2]` of the noise; without one there is none.
            batches: how many batches of equal size the images are, one after the other: with
                minibatch discrimination an image is close to those of its own batch alone.

        Returns:
            The last hidden layer `[n, 250]`, and the classes' logits `[n, classes]`.
        """
        x = tf.reshape(images, (-1, IMAGE_SIZE * IMAGE_SIZE))
        for number, layer in enumerate(self.hidden):
            x = layer(_add_noise(x, number, seed))
        return x, self.last(self._see_others(_add_noise(x, len(self.hidden), seed), batches))

    def initialise(self, images, seed, batches: int = 1) -> None:
        """Sets scales and biases by what the layers make of some images, layer by layer.

        Args:
            images: `[n, 28, 28, 1]` in [0, 1].
            seed: of the noise.
            batches: as for a call; of the size that it will see.
        """
        x = tf.reshape(images, (-1, IMAGE_SIZE * IMAGE_SIZE))
        for number, layer in enumerate(self.hidden):
            x = _add_noise(x, number, seed)
            layer.initialise(x)
            x = layer(x)
        self.last.initialise(self._see_others(_add_noise(x, len(self.hidden), seed), batches))

    def _see_others(self, x, batches: int):
        if not self.closeness:
            return x
        closeness = [self.closeness(part) for part in tf.split(x, batches)]
        return tf.concat([x, tf.concat(closeness, axis=0)], axis=1)


def build_generator() -> keras.Model:
    """Builds the generator: twice 500 softplus with batch norm, and a weight-normalised layer.

    Returns:
        From latents `[n, 100]` to images `[n, 28, 28, 1]` in [0, 1].
    """
    latents = x = keras.Input((LATENT_SIZE,), name="latents")
    for _ in range(2):
        x = layers.Dense(_GENERATOR_UNITS, use_bias=False)(x)
        x = layers.Activation("softplus")(layers.BatchNormalization(scale=False)(x))
    x = WeightNormalisedDense(IMAGE_SIZE * IMAGE_SIZE, "sigmoid", train_scale=True)(x)
    return keras.Model(latents, layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1))(x), name="generator")


def draw_latents(count: int, seed):
    """Draws latents `[count, 100]`, uniform on [0, 1], as in the authors' code."""
    return tf.random.stateless_uniform((count, LATENT_SIZE), seed)


def _add_noise(x, number: int, seed):
    if seed is None:
        return x
    noise = tf.random.stateless_normal(tf.shape(x), tf.random.fold_in(seed, number))
    return x + (_NOISE if number else _NOISE_ON_IMAGES) * noise
