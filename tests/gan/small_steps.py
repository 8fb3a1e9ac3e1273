"""What the tests of the GAN's steps share."""

import tensorflow as tf

# Far above the paper's, so that a step is large beside the rounding of float32 weights
# and the generator can tell the updated discriminator from the old one.
RATES = {"generator_learning_rate": 1e-3, "discriminator_learning_rate": 1e-3}


class Brightness:
    """A differentiable rate with a variable of its own: how bright and red an image is."""

    def __init__(self):
        self.slope = tf.Variable(2.0)

    def __call__(self, images):
        slope = tf.cast(self.slope, images.dtype)
        return tf.reduce_mean(tf.sigmoid(slope * images[..., 0] + images[..., 1]), [1, 2])


def variables_of(trainer):
    return [v for item in trainer.checkpoint_items().values() for v in item.variables]


def values_of(trainer):
    return [variable.numpy() for variable in variables_of(trainer)]


def train(trainer, first, count):
    sums = trainer.train(tf.constant(first, tf.int64), tf.constant(count, tf.int64))
    return {name: value.numpy() for name, value in sums.items()}
