"""What logits say of the rate, by member of an ensemble."""

import tensorflow as tf

from pirgan_tf.estimator.bins import bin_centers
from pirgan_tf.estimator.shape import EstimatorShape


def member_rates(shape: EstimatorShape, logits, temperature: float) -> tf.Tensor:
    """Returns what each member estimates, `[members, n]`, float32.

    Args:
        shape: of the estimator.
        logits: its members', `[n, members * outputs]`, one member after the other.
        temperature: T, above 0; the scalar head has none.
    """
    parts = tf.split(logits, shape.members, axis=1)
    if shape.head == "scalar":
        return tf.sigmoid(tf.stack(parts)[:, :, 0])
    bins = tf.constant(bin_centers(shape.num_bins))
    return tf.stack([tf.linalg.matvec(tf.nn.softmax(part / temperature), bins) for part in parts])
