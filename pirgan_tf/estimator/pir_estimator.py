"""The estimator R of the Positive Interaction Rate (section 2.1.3)."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from pirgan_tf.estimator.bins import USE_TEMPERATURE, bin_centers
from pirgan_tf.estimator.inception_v2 import build_inception_v2
from pirgan_tf.estimator.member_rates import member_rates
from pirgan_tf.estimator.shape import EstimatorShape, network_file, read_estimator_shape
from pirgan_tf.files.model import load_weights
from pirgan_tf.kernels.freeze import freeze
from pirgan_tf.kernels.weights import copy_weights

# Decision of ours. The moving statistics must follow within the few hundred steps
# in which a thousand images are learned: at 0.99 and from random weights, held-out
# correlation stayed at 0.3 where 0.9 gave 0.7.
_BATCH_NORM_MOMENTUM = 0.9
_HEAD = "logits"
# Where all members agree, the square root has no slope.
_LEAST_VARIANCE = 1e-12


def build_estimator(shape: EstimatorShape, dtype: str | None = None) -> keras.Model:
    """Builds a network of an estimator, of plain layers: Inception v2 and a dense layer.

    Args:
        shape: how.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's default.

    Returns:
        A model from images `[n, size, size, 3]` in [-1, 1] to logits `[n, outputs]`, float32
        in any case.
    """
    trunk = build_inception_v2(
        shape.image_size,
        shape.depth_multiplier,
        batch_norm_momentum=_BATCH_NORM_MOMENTUM,
        dtype=dtype,
    )
    logits = keras.layers.Dense(shape.num_outputs, name=_HEAD, dtype="float32")
    return keras.Model(trunk.input, logits(trunk.output), name="pir_estimator")


class PirEstimator:
    """Estimates rates of positive interaction by classification into bins.

    Inception v2 with a dense layer to the bins. The estimate is the expectation
    of the bins' centres under softmax(logits / T). With T near 0, as in use, it
    is nearly the centre of the likeliest bin, and unlikely bins far from it have
    no say. With the scalar head, the estimate is the sigmoid of the only logit.

    An ensemble has several such networks, its members. Its estimate is the mean of theirs,
    and their spread tells how much it is to be trusted (not from the paper; Lakshminarayanan
    et al. 2017, "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles").

    Args:
        shape: of the networks.
        networks: the members: what `build_estimator` returned, or `accelerate` or `freeze` made
            of that; by default new ones of plain layers.

    Attributes:
        shape: as given.
        model: a `keras.Model` from images `[n, size, size, 3]` in [-1, 1] to
            logits `[n, outputs]`, float32: `bins` of every member, or 1 with the scalar head.
        trunk: the `keras.Model` from the same images to Inception's features
            `[n, 1024]` (fewer with another depth multiplier) of every member; its weights are
            the model's.
        bins: the rate that each bin stands for, `[bins]`, float32.
    """

    def __init__(self, shape: EstimatorShape | None = None, *networks: keras.Model):
        self.shape = shape or EstimatorShape()
        networks = networks or tuple(build_estimator(self.shape) for _ in range(self.shape.members))
        self.model = _join(networks)
        self.trunk = _join(
            [keras.Model(network.input, network.get_layer(_HEAD).input) for network in networks]
        )
        self._heads = [network.get_layer(_HEAD) for network in networks]
        self.bins = bin_centers(self.shape.num_bins)

    @classmethod
    def load(cls, folder: str | Path, *, dtype: str | None = None) -> "PirEstimator":
        """Loads an estimator from what `save` wrote, in the form of `freeze`.

        It can be used, and neither be trained nor saved; `load_initial` is for that.

        Raises:
            InputError: if a file is missing, unreadable or of another shape, or holds weights
                that are not finite.
        """
        shape = read_estimator_shape(folder)
        networks = []
        for file in shape.files:
            plain = build_estimator(shape, dtype)
            load_weights(plain, Path(folder) / file, "estimator.json")
            networks.append(freeze(plain))
        return cls(shape, *networks)

    def save(self, folder: str | Path, member: int = 1) -> None:
        """Writes estimator.json and estimator.keras, a float32 model of plain Keras layers.

        Args:
            folder: an existing folder.
            member: which of an ensemble this estimator of one network is to be, from 1. Those
                after the first write `estimator-MEMBER.keras`, and estimator.json tells of all
                up to this one.

        Raises:
            ValueError: if the estimator is frozen, so that its batch norms are lost.
        """
        folder = Path(folder)
        exported = build_estimator(self.shape, "float32")
        copy_weights(self.model, exported)
        exported.save(folder / network_file(member))
        dataclasses.replace(self.shape, members=member).save(folder)

    def logits(self, images, training: bool = False) -> tf.Tensor:
        """Returns the logits `[n, outputs]`, float32, of images `[n, size, size, 3]` in [-1, 1]."""
        return self.model(images, training=training)

    def losses(self, logits, labels) -> tf.Tensor:
        """Returns each image's training loss `[n]`, float32; of one network, not of an ensemble.

        Cross-entropy at T = 1 of the softmax head; squared error of the scalar one
        (decision of ours).

        Args:
            logits: shape `[n, outputs]`.
            labels: shape `[n, outputs]`: probabilities of the bins, or the rates.
        """
        if self.shape.head == "scalar":
            return tf.square(self.expectation(logits) - labels[:, 0])
        return tf.nn.softmax_cross_entropy_with_logits(labels, logits)

    def expected_pir(self, images, temperature: float = USE_TEMPERATURE) -> tf.Tensor:
        """Returns estimated rates `[n]` in (0, 1), float32, differentiable in the images.

        Batch-norm statistics are the trained ones and stay as they are.

        Args:
            images: shape `[n, size, size, 3]`, in [-1, 1].
            temperature: T, above 0; the scalar head has none.
        """
        return self.expectation(self.logits(images), temperature)

    def cautious_pir(
        self, images, temperature: float = USE_TEMPERATURE, caution: float = 0.0
    ) -> tf.Tensor:
        """Returns estimated rates `[n]` less a multiple of their spread, differentiable.

        Args:
            images: shape `[n, size, size, 3]`, in [-1, 1].
            temperature: T, above 0; the scalar head has none.
            caution: the multiple, from 0.
        """
        logits = self.logits(images)
        return self.expectation(logits, temperature) - caution * self.spread(logits, temperature)

    def expectation(self, logits, temperature: float = USE_TEMPERATURE) -> tf.Tensor:
        """Returns the rates `[n]` of logits `[n, outputs]`, at a temperature above 0."""
        return tf.reduce_mean(member_rates(self.shape, logits, temperature), axis=0)

    def spread(self, logits, temperature: float = USE_TEMPERATURE) -> tf.Tensor:
        """Returns how far the members of an ensemble disagree: a standard deviation `[n]`.

        That of a sample: its square is the unbiased variance between networks that were trained
        alike. It is at least 1e-6, so that its slope is finite.

        Args:
            logits: shape `[n, outputs]`, of at least two members.
            temperature: T, above 0; the scalar head has none.
        """
        members = self.shape.members
        rates = member_rates(self.shape, logits, temperature)
        variance = tf.math.reduce_variance(rates, axis=0)
        return tf.sqrt(tf.maximum(variance * members / (members - 1), _LEAST_VARIANCE))

    def spread_and_features(
        self, images, temperature: float = USE_TEMPERATURE
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the spread `[n]`, as `spread` does, and the features `[n, d]`, of one pass.

        Args:
            images: shape `[n, size, size, 3]`, in [-1, 1].
            temperature: T, above 0; the scalar head has none.
        """
        features = self.trunk(images)
        parts = tf.split(features, len(self._heads), axis=1)
        logits = [head(part) for head, part in zip(self._heads, parts, strict=True)]
        return self.spread(tf.concat(logits, axis=1), temperature), features


def _join(networks: Sequence[keras.Model]) -> keras.Model:
    """Returns one network with the outputs of all, one after the other."""
    if len(networks) == 1:
        return networks[0]
    images = keras.Input(networks[0].input.shape[1:], name="images")
    for number, network in enumerate(networks, start=1):
        network.name = f"member-{number}"
    join = keras.layers.Concatenate(dtype="float32", name="members")
    return keras.Model(images, join([network(images) for network in networks]))
