"""The terms of the losses, one function per term.

Every function returns the term for each image of a batch, shape `[n]`, float32. A term's L of
the paper (section 2.1.1, appendix A) is its mean over the batch; all are maximised. The paper's
are log-likelihoods and at most 0. The mean is left to the caller, which alone knows the batch
over all replicas.

Source logits `[n, 1]` are those of `build_discriminator`: P(real) is their
sigmoid, (1 + tanh a) / 2 with a the paper's output before its tanh.
"""

import tensorflow as tf


def fake_image(source_logits_of_fakes):
    """log P(D_source(G(z, c)) = fake), of the discriminator's loss."""
    return -tf.nn.softplus(tf.squeeze(source_logits_of_fakes, -1))


def real_image(source_logits_of_reals, label: float = 1.0):
    """log P(D_source(i) = real), of the discriminator's loss.

    Args:
        source_logits_of_reals: shape `[n, 1]`.
        label: the target; below 1 the term is label log P(real) + (1 - label) log P(fake),
            one-sided label smoothing (Goodfellow 2016, section 4.2).
    """
    logits = tf.squeeze(source_logits_of_reals, -1)
    real = -tf.nn.softplus(-logits)
    return real if label == 1 else label * real - (1 - label) * tf.nn.softplus(logits)


def real_image_class(class_logits_of_reals, labels):
    """log P(D_class(i) = c), of the discriminator's loss.

    Args:
        class_logits_of_reals: shape `[n, classes]`.
        labels: shape `[n]`, integers below `classes`.
    """
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels, class_logits_of_reals)


def fake_image_fools(source_logits_of_fakes):
    """log P(D_source(G(z, c)) = real), of the generator's loss: the non-saturating cost."""
    return -tf.nn.softplus(-tf.squeeze(source_logits_of_fakes, -1))


def fake_image_minimax(source_logits_of_fakes):
    """-log P(D_source(G(z, c)) = fake), what the generator of the minimax game maximises.

    Source: Goodfellow 2016, section 3.2.2. At least 0; its gradient vanishes where the
    discriminator is sure of a fake.
    """
    return tf.nn.softplus(tf.squeeze(source_logits_of_fakes, -1))


def fake_image_likelihood(source_logits_of_fakes):
    """P(real) / P(fake), whose maximum is that of the likelihood if D is optimal.

    Source: Goodfellow 2016, section 3.2.4: exp of the logit. Above 0 and without bound.
    """
    return tf.exp(tf.squeeze(source_logits_of_fakes, -1))


def fake_image_class(class_logits_of_fakes, labels):
    """log P(D_class(G(z, c)) = c), of the generator's loss only.

    The paper leaves it out of the discriminator's loss, unlike ACGAN, so that
    the discriminator does not cooperate with the generator (appendix A).

    Args:
        class_logits_of_fakes: shape `[n, classes]`.
        labels: shape `[n]`, integers below `classes`.
    """
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels, class_logits_of_fakes)
