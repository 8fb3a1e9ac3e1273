"""The terms of the paper's losses, one function a term.

Every function returns the term's log-likelihood for each image of a batch,
shape `[n]`, float32, at most 0. A term's L of the paper (section 2.1.1,
appendix A) is its mean over the batch; all are maximised. The mean is left to
the caller, which alone knows the batch over all replicas.

Source logits `[n, 1]` are those of `build_discriminator`: P(real) is their
sigmoid, (1 + tanh a) / 2 with a the paper's output before its tanh.
"""

import tensorflow as tf


def fake_image(source_logits_of_fakes):
    """log P(D_source(G(z, c)) = fake), of the discriminator's loss."""
    return -tf.nn.softplus(tf.squeeze(source_logits_of_fakes, -1))


def real_image(source_logits_of_reals):
    """log P(D_source(i) = real), of the discriminator's loss."""
    return -tf.nn.softplus(-tf.squeeze(source_logits_of_reals, -1))


def real_image_class(class_logits_of_reals, labels):
    """log P(D_class(i) = c), of the discriminator's loss.

    Args:
        class_logits_of_reals: shape `[n, classes]`.
        labels: shape `[n]`, integers below `classes`.
    """
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels, class_logits_of_reals)


def fake_image_fools(source_logits_of_fakes):
    """log P(D_source(G(z, c)) = real), of the generator's loss."""
    return -tf.nn.softplus(-tf.squeeze(source_logits_of_fakes, -1))


def fake_image_class(class_logits_of_fakes, labels):
    """log P(D_class(G(z, c)) = c), of the generator's loss only.

    The paper leaves it out of the discriminator's loss, unlike ACGAN, so that
    the discriminator does not cooperate with the generator (appendix A).

    Args:
        class_logits_of_fakes: shape `[n, classes]`.
        labels: shape `[n]`, integers below `classes`.
    """
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels, class_logits_of_fakes)
