"""The training of one generator on a mixture of Gaussians, with K unrolled steps."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.gan import losses
from pirgan_tf.gan.unrolled import unroll
from pirgan_tf.studies.mixture.settings import Setting
from pirgan_tf.training.randomness import step_seeds, stream_seed

_LATENT_SIZE = 256
_WIDTH = 128
_BETA_1 = 0.5
# TensorFlow's, when the paper was written.
_EPSILON = 1e-8


def train(
    setting: Setting,
    unroll_steps: int,
    seed: int,
    steps: int,
    batch_size: int,
    records: int,
    samples: int,
) -> np.ndarray:
    """Trains a GAN on a mixture (Unrolled GANs, section 3.1 and appendix A).

    Both networks play for the value f of equation 4, whose sign the appendix has reversed. In a
    step each is updated once, on the same batch: the generator minimises f of the discriminator
    as it would be K steps on, and the discriminator takes one step from where it is.

    Args:
        setting: data and networks.
        unroll_steps: K; with 0 it is an ordinary GAN.
        seed: of the initial weights and of every draw.
        steps: how long.
        batch_size: samples of the data, and of the generator, per step.
        records: how often to sample.
        samples: how many, always from the same latents.

    Returns:
        What the generator makes before training and after each of `records` equal parts of it,
        `[records + 1, samples, 2]`.
    """
    keras.utils.set_random_seed(seed)
    generator = _network(setting, _LATENT_SIZE, 2, layers=2)
    discriminator = _network(setting, 2, 1, setting.discriminator_layers)
    optimizers = [
        keras.optimizers.Adam(rate, beta_1=_BETA_1, epsilon=_EPSILON)
        for rate in (setting.generator_rate, setting.discriminator_rate)
    ]
    for optimizer, model in zip(optimizers, (generator, discriminator), strict=True):
        optimizer.build(model.trainable_variables)
    centers, shares = setting.modes
    stream = stream_seed(seed, "mixture")

    def draw(step):
        seeds = step_seeds(stream, step, 3)
        modes = tf.random.stateless_categorical(np.log(shares)[None], batch_size, seeds[0])
        noise = tf.random.stateless_normal((batch_size, 2), seeds[1])
        reals = tf.gather(centers.astype("float32"), modes[0]) + setting.sd * noise
        return reals, tf.random.stateless_normal((batch_size, _LATENT_SIZE), seeds[2])

    def negative_value(weights, reals, fakes):
        (real, _), (fake, _) = (
            discriminator.stateless_call(weights, [], batch) for batch in (reals, fakes)
        )
        return -tf.reduce_mean(losses.real_image(real) + losses.fake_image(fake))

    def train_step(step):
        reals, latents = draw(step)
        weights = [variable.value for variable in discriminator.trainable_variables]
        with tf.GradientTape() as tape:
            fakes = generator(latents)
            later = unroll(
                lambda weights: negative_value(weights, reals, fakes),
                weights,
                optimizers[1],
                unroll_steps,
            )
            cost = -negative_value(later, reals, fakes)
        generator_gradients = tape.gradient(
            cost, [variable.value for variable in generator.trainable_variables]
        )
        with tf.GradientTape() as tape:
            tape.watch(weights)
            cost = negative_value(weights, reals, tf.stop_gradient(fakes))
        discriminator_gradients = tape.gradient(cost, weights)
        optimizers[0].apply(generator_gradients, generator.trainable_variables)
        optimizers[1].apply(discriminator_gradients, discriminator.trainable_variables)

    @tf.function
    def train_steps(first, last):
        for step in tf.range(first, last):
            train_step(step)

    latents = tf.random.stateless_normal((samples, _LATENT_SIZE), stream_seed(seed, "samples"))
    made = [generator(latents).numpy()]
    ends = np.linspace(0, steps, records + 1).round().astype(np.int32)
    for first, last in itertools.pairwise(ends):
        train_steps(tf.constant(first), tf.constant(last))
        made.append(generator(latents).numpy())
    return np.stack(made)


def _network(setting: Setting, inputs: int, outputs: int, layers: int) -> keras.Model:
    def dense(units, activation):
        # One initializer per layer: a shared one would give equal weights to layers of one shape.
        initial = keras.initializers.Orthogonal(setting.gain)
        return keras.layers.Dense(units, activation, kernel_initializer=initial)

    scale = setting.discriminator_scale if inputs == 2 else 1.0
    hidden = [dense(_WIDTH, setting.activation) for _ in range(layers)]
    return keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Rescaling(scale), *hidden, dense(outputs, None)]
    )
