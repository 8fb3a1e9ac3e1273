"""The estimator R of the Positive Interaction Rate (section 2.1.3)."""

import dataclasses
import json
from pathlib import Path

import keras
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.bins import NUM_BINS, USE_TEMPERATURE, bin_centers
from pirgan_tf.estimator.inception_v2 import build_inception_v2
from pirgan_tf.estimator.inception_weights import export_weights, import_weights
from pirgan_tf.files.json import Fields, read_json
from pirgan_tf.files.model import load_weights

# Decision of ours. The moving statistics must follow within the few hundred steps
# in which a thousand images are learned: at 0.99 and from random weights, held-out
# correlation stayed at 0.3 where 0.9 gave 0.7.
_BATCH_NORM_MOMENTUM = 0.9

HEADS = ("softmax", "scalar")
_FIELDS: Fields = {"image_size": int, "depth_multiplier": float, "num_bins": int, "head": str}
# Inclusive, by field; far above what is of use, and what a machine can hold.
_BOUNDS = {"image_size": (1, 1024), "depth_multiplier": (1e-3, 16), "num_bins": (2, 10_000)}


@dataclasses.dataclass(frozen=True)
class EstimatorShape:
    """What estimator.json holds: how the network was built.

    Attributes:
        image_size: width and height of the images, in pixels.
        depth_multiplier: scales the depths of Inception v2.
        num_bins: bins of the rate, of the softmax head.
        head: "softmax" over bins, or "scalar", one sigmoid unit (the version that
            section 2.1.3 found to do worse).

    Raises:
        InputError: for what no estimator has.
    """

    image_size: int = 64
    depth_multiplier: float = 1.0
    num_bins: int = NUM_BINS
    head: str = "softmax"

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise InputError(
                    f"{name} must be from {least:g} to {most:g}. Received: {getattr(self, name)}"
                )
        if self.head not in HEADS:
            raise InputError(f"head must be {' or '.join(HEADS)}. Received: {self.head!r}")

    @property
    def num_outputs(self) -> int:
        """Units of the output layer."""
        return self.num_bins if self.head == "softmax" else 1


class PirEstimator:
    """Estimates rates of positive interaction by classification into bins.

    Inception v2 with a dense layer to the bins. The estimate is the expectation
    of the bins' centres under softmax(logits / T). With T near 0, as in use, it
    is nearly the centre of the likeliest bin, and unlikely bins far from it have
    no say. With the scalar head, the estimate is the sigmoid of the only logit.

    Args:
        shape: how to build the network.
        dtype: a Keras dtype policy such as `"mixed_bfloat16"`; None is Keras's
            default. Logits are float32 in any case.
        fused: whether to build for speed; see `build_inception_v2`.
        frozen: whether to build for use alone, without batch norm; see there too.
        synchronized: whether batch statistics are taken over all replicas.

    Attributes:
        shape: as given.
        model: a `keras.Model` from images `[n, size, size, 3]` in [-1, 1] to
            logits `[n, bins]`, or `[n, 1]` with the scalar head, float32.
        trunk: the `keras.Model` from the same images to Inception's features
            `[n, 1024]` (fewer with another depth multiplier); its weights are the model's.
        bins: the rate that each bin stands for, `[bins]`, float32.
    """

    def __init__(
        self,
        shape: EstimatorShape | None = None,
        *,
        dtype: str | None = None,
        fused: bool = False,
        frozen: bool = False,
        synchronized: bool = False,
    ):
        self.shape = shape or EstimatorShape()
        self.trunk = build_inception_v2(
            self.shape.image_size,
            self.shape.depth_multiplier,
            batch_norm_momentum=_BATCH_NORM_MOMENTUM,
            fused=fused,
            frozen=frozen,
            synchronized=synchronized,
            dtype=dtype,
        )
        logits = keras.layers.Dense(self.shape.num_outputs, name="logits", dtype="float32")
        self.model = keras.Model(self.trunk.input, logits(self.trunk.output), name="pir_estimator")
        self.model.trainable = not frozen
        self._frozen = frozen
        self.bins = bin_centers(self.shape.num_bins)

    @classmethod
    def load(cls, folder: str | Path, *, dtype: str | None = None) -> "PirEstimator":
        """Loads an estimator, frozen and built for speed, from what `save` wrote.

        It can be used, and neither be trained nor saved; `load_initial` is for that.

        Raises:
            InputError: if a file is missing, unreadable or of another shape.
        """
        path = Path(folder) / "estimator.json"
        wanted = "estimator folder must hold estimator.json, as train_estimator writes it"
        content = read_json(path, _FIELDS, wanted)
        try:
            shape = EstimatorShape(**{name: content[name] for name in _FIELDS})
        except InputError as error:
            raise InputError(f"{error} in {path}") from None
        estimator = cls(shape, dtype=dtype, fused=True, frozen=True)
        plain = cls(shape, dtype="float32").model
        load_weights(plain, path.with_suffix(".keras"), path.name)
        import_weights(estimator.model, plain)
        return estimator

    def save(self, folder: str | Path) -> None:
        """Writes estimator.json and estimator.keras, a float32 model of plain Keras layers.

        Raises:
            ValueError: if the estimator is frozen, so that its batch norms are lost.
        """
        if self._frozen:
            raise ValueError("estimator must not be frozen. Received: one built with frozen=True")
        folder = Path(folder)
        exported = PirEstimator(self.shape, dtype="float32")
        export_weights(self.model, exported.model)
        exported.model.save(folder / "estimator.keras")
        content = json.dumps(dataclasses.asdict(self.shape), indent=2)
        (folder / "estimator.json").write_text(content + "\n", encoding="utf-8")

    def logits(self, images, training: bool = False) -> tf.Tensor:
        """Returns the logits `[n, outputs]`, float32, of images `[n, size, size, 3]` in [-1, 1]."""
        return self.model(images, training=training)

    def losses(self, logits, labels) -> tf.Tensor:
        """Returns each image's training loss `[n]`, float32.

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

    def expectation(self, logits, temperature: float = USE_TEMPERATURE) -> tf.Tensor:
        """Returns the rates `[n]` of logits `[n, outputs]`, at a temperature above 0."""
        if self.shape.head == "scalar":
            return tf.sigmoid(logits[:, 0])
        return tf.linalg.matvec(tf.nn.softmax(logits / temperature), tf.constant(self.bins))
