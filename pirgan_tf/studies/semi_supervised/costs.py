"""The parts of the cost that other GANs lack (Salimans et al. 2016, sections 3.1 and 5)."""

import tensorflow as tf


def real_logits(class_logits):
    """Returns the logits of P(real), `[n, 1]`, of a classifier of K classes and "generated".

    The logit of "generated" is fixed to 0, which takes nothing from K + 1 free ones. Then
    D(x) = Z / (Z + 1) with Z the sum of exp(logit) over the K classes, whose logit is log Z.

    Args:
        class_logits: `[n, K]`.
    """
    return tf.reduce_logsumexp(class_logits, axis=1, keepdims=True)


def feature_distance(real_features, fake_features):
    """Returns the mean square, over features, of the difference of their means: feature matching.

    The paper has the sum; the mean, as in the authors' code, makes no difference to Adam.

    Args:
        real_features, fake_features: `[n, features]`.
    """
    means = [tf.reduce_mean(each, axis=0) for each in (real_features, fake_features)]
    return tf.reduce_mean(tf.math.squared_difference(*means))
