"""Times the GAN step in plain Keras: its own layers and optimizers, `train_step` and `fit`.

    python benchmarks/steps/gan_keras.py --precision=float32

Prints seconds per step, one number per repetition, as JSON.
"""

import json
import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras_fit import Clock, set_up

from pirgan_tf import gan

CLASSES, LATENT, SIZE = 2, 64, 64


class KerasGan(keras.Model):
    """An ACGAN as Keras's own examples write one."""

    def __init__(self):
        super().__init__()
        # As exported: UpSampling2D, BatchNormalization and Dropout layers.
        self.generator = gan.build_generator(CLASSES, LATENT)
        self.discriminator = gan.build_discriminator(CLASSES)

    def compile(self):
        """Makes the optimizers."""
        super().compile()
        self.generator_optimizer = keras.optimizers.Adam(1e-5, beta_1=0.5)
        self.discriminator_optimizer = keras.optimizers.RMSprop(1e-5)

    def train_step(self, data):
        """Updates the discriminator, then the generator; one generator pass is used for both."""
        images, real_labels = data
        images = tf.cast(images, tf.float32) / 127.5 - 1
        count = tf.shape(images)[0]
        labels = tf.random.uniform([count], 0, CLASSES, tf.int32)
        noise = tf.random.normal([count, LATENT])
        likely = tf.math.log_sigmoid
        cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        with tf.GradientTape() as generator_tape:
            fakes = self.generator([noise, tf.one_hot(labels, CLASSES)], training=True)
            with tf.GradientTape() as tape:
                source, classes = self.discriminator(images, training=True)
                loss = cross_entropy(real_labels, classes) - tf.reduce_mean(likely(source))
                source, _ = self.discriminator(tf.stop_gradient(fakes), training=True)
                loss -= tf.reduce_mean(likely(-source))
            self._apply(self.discriminator_optimizer, self.discriminator, tape, loss)
            source, classes = self.discriminator(fakes, training=True)
            loss = 1.5 * cross_entropy(labels, classes) - tf.reduce_mean(likely(source))
        self._apply(self.generator_optimizer, self.generator, generator_tape, loss)
        return {"loss": loss}

    def _apply(self, optimizer, network, tape, loss):
        variables = network.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        optimizer.apply_gradients(zip(gradients, variables, strict=True))


def main() -> None:
    """Prints seconds per step."""
    options = set_up(__doc__)
    rng = np.random.default_rng(0)
    photographs = rng.integers(0, 256, (2048, SIZE, SIZE, 3), np.uint8)
    labels = rng.integers(0, CLASSES, 2048)
    data = tf.data.Dataset.from_tensor_slices((photographs, labels)).shuffle(2048).repeat()
    data = data.batch(options.batch_size, drop_remainder=True).prefetch(2)
    model, clock = KerasGan(), Clock()
    model.compile()
    steps = clock.warm_up + options.steps * options.repetitions
    model.fit(data, steps_per_epoch=steps, verbose=0, callbacks=[clock])
    print(json.dumps(clock.repetitions(options.steps)))


if __name__ == "__main__":
    main()
