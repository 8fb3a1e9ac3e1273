"""Layers of networks that Keras lacks."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("pirgan_tf")
class MinibatchFeatures(keras.Layer):
    """How close an example is to the others of its batch, in learned projections.

    Of features f, projected to vectors M_b = f T_b for b = 1 .. B, the outputs are

        o_b(i) = sum over j other than i of exp(-|M_b(i) - M_b(j)|_1),

    over the batches of all replicas. Source: Salimans et al. 2016, "Improved Techniques for
    Training GANs", section 3.2.

    Args:
        count: B, outputs per example.
        size: length of each M_b.
        kwargs: those of `keras.Layer`.

    Input shape: `[n, features]`. Output shape: `[n, count]`, in [0, examples - 1].
    """

    def __init__(self, count: int, size: int = 5, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.size = size

    def build(self, input_shape):
        """Makes the projections T."""
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], self.count * self.size)
        )
        super().build(input_shape)

    def call(self, inputs):
        """Returns the sums of similarities."""
        vectors = tf.matmul(inputs, tf.cast(tf.convert_to_tensor(self.kernel), inputs.dtype))
        # Of bfloat16, sums of many small similarities are coarse.
        vectors = tf.reshape(tf.cast(vectors, tf.float32), [-1, self.count, self.size])
        everyone = vectors
        context = tf.distribute.get_replica_context()
        if context and context.num_replicas_in_sync > 1:
            everyone = context.all_gather(vectors, axis=0)
        distances = tf.reduce_sum(tf.abs(vectors[:, None] - everyone[None]), axis=3)
        # An example is similar to itself by 1.
        return tf.cast(tf.reduce_sum(tf.exp(-distances), axis=1) - 1, inputs.dtype)

    def compute_output_shape(self, input_shape):
        """Returns the shape of the outputs."""
        return (input_shape[0], self.count)

    def get_config(self):
        """Returns the arguments."""
        return {**super().get_config(), "count": self.count, "size": self.size}


def flatten(images, *, minibatch_features: int = 0, dtype: str | None = None):
    """Returns the features of a discriminator's last images that its heads see.

    Args:
        images: a Keras tensor of shape `[n, h, w, channels]`.
        minibatch_features: how many `MinibatchFeatures` of the images' mean are appended (of the
            mean and not of all pixels, so that the projections stay small: decision of ours).
        dtype: a Keras dtype policy.
    """
    x = keras.layers.Flatten(name="flatten", dtype=dtype)(images)
    if not minibatch_features:
        return x
    mean = keras.layers.GlobalAveragePooling2D(name="mean", dtype=dtype)(images)
    return append_minibatch_features(x, mean, minibatch_features, dtype)


def append_minibatch_features(x, seen, count: int, dtype: str | None = None):
    """Returns features of a discriminator with `MinibatchFeatures` beside them.

    Args:
        x: a Keras tensor of shape `[n, features]`.
        seen: what is compared, `[n, length]`.
        count: how many `MinibatchFeatures`; with 0 it is `x` itself.
        dtype: a Keras dtype policy.
    """
    if not count:
        return x
    closeness = MinibatchFeatures(count, name="minibatch_features", dtype=dtype)(seen)
    return keras.layers.Concatenate(name="features", dtype=dtype)([x, closeness])
