"""Policies: networks whose output are the parameters of a distribution of actions."""

import abc
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

HIDDEN = (100, 100)
"""The hidden layers, of tanh (Generative Adversarial Imitation Learning, section 6)."""


def build_network(states: np.ndarray, outputs: int, hidden: tuple[int, ...] = HIDDEN):
    """Builds a network of dense layers, whose last layer begins at 0.

    Args:
        states: observations `[n, size]` by whose mean and standard deviation every input is
            standardised.
        outputs: how many.
        hidden: units of the layers of tanh.

    Returns:
        A Keras model from `[n, size]` to `[n, outputs]`.
    """
    scaling = keras.layers.Normalization(mean=states.mean(0), variance=states.var(0) + 1e-8)
    layers = [keras.layers.Dense(units, "tanh") for units in hidden]
    last = keras.layers.Dense(outputs, kernel_initializer="zeros")
    return keras.Sequential([keras.Input((states.shape[1],)), scaling, *layers, last])


class Policy(abc.ABC):
    """A policy whose training is TensorFlow's, and whose steps in an environment are NumPy's.

    A step of a few states takes microseconds in NumPy, and the better part of a millisecond as a
    call of TensorFlow.

    Attributes:
        action: shape and kind of one action.
        model: from observations `[n, size]` to the distribution's parameters `[n, parameters]`.
    """

    action: tf.TensorSpec

    def __init__(self, model: keras.Model):
        self.model = model

    @property
    def variables(self) -> list:
        """What is trained."""
        return self.model.trainable_variables

    @abc.abstractmethod
    def distribution(self, parameters):
        """Returns TFP's distribution of actions, `[n]`."""

    @abc.abstractmethod
    def draw(self, parameters: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draws actions `[n, ...]`."""

    @abc.abstractmethod
    def mode(self, parameters: np.ndarray) -> np.ndarray:
        """Returns the most probable actions `[n, ...]`."""

    def parameters(self) -> Callable[[np.ndarray], np.ndarray]:
        """Returns the network as a function of NumPy's, with the weights of this moment."""
        scaling, *layers = self.model.layers
        mean, scale = (np.asarray(each) for each in (scaling.mean, np.sqrt(scaling.variance)))
        *hidden, (last, last_bias) = [layer.get_weights() for layer in layers]

        def forward(observations: np.ndarray) -> np.ndarray:
            x = (observations - mean) / scale
            for kernel, bias in hidden:
                x = np.tanh(x @ kernel + bias)
            return x @ last + last_bias

        return forward

    def actor(self) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
        """Returns a function that draws actions, with the weights of this moment."""
        parameters = self.parameters()
        return lambda observations, random: self.draw(parameters(observations), random)

    def greedy_actor(self) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
        """Returns a function that chooses the most probable actions."""
        parameters = self.parameters()
        return lambda observations, _: self.mode(parameters(observations))


class CategoricalPolicy(Policy):
    """A policy of discrete actions; the parameters are logits `[n, actions]`."""

    action = tf.TensorSpec((), tf.int64)

    def distribution(self, parameters):
        """Returns the distribution of actions."""
        return tfp.distributions.Categorical(logits=parameters)

    def draw(self, parameters: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draws actions `[n]`, by adding Gumbel noise to the logits."""
        return (parameters + random.gumbel(size=parameters.shape)).argmax(1)

    def mode(self, parameters: np.ndarray) -> np.ndarray:
        """Returns the most probable actions `[n]`."""
        return parameters.argmax(1)


class GaussianPolicy(Policy):
    """A policy of one continuous action.

    The parameters `[n, 2]` are the mean and the logarithm of the standard deviation; both depend
    on the state, and are 0 at the beginning.
    """

    action = tf.TensorSpec((1,), tf.float32)

    def distribution(self, parameters):
        """Returns the distribution of actions `[n, 1]`."""
        mean, scale = parameters[:, :1], tf.exp(parameters[:, 1:])
        return tfp.distributions.MultivariateNormalDiag(mean, scale)

    def draw(self, parameters: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draws actions `[n, 1]`."""
        mean, scale = parameters[:, :1], np.exp(parameters[:, 1:])
        return (mean + scale * random.standard_normal(mean.shape)).astype(np.float32)

    def mode(self, parameters: np.ndarray) -> np.ndarray:
        """Returns the means `[n, 1]`."""
        return parameters[:, :1].astype(np.float32)
