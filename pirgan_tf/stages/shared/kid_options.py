"""The options of pretraining that watches the distance from photographs."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from pirgan_tf import analysis, gan
from pirgan_tf.cli.options import Options, option
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.objective_options import vgg16_weights_option
from pirgan_tf.stages.shared.vgg16_features import (
    check_photographs,
    photograph_features,
    photographs_option,
)

if TYPE_CHECKING:
    import keras

KID = "heldout/kid"
"""The distance's name among the figures of training."""

_MOST_IMAGES = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class KidOptions(Options):
    """When to measure the distance, from which photographs, and what follows from it."""

    kid_every: int = option(
        "Steps between measures of the kernel inception distance from photographs, of as many "
        f"images as there are photographs, at most {_MOST_IMAGES:,}; 0 is none.",
        0,
        minimum=0,
    )
    photographs: str | None = photographs_option()
    vgg16_weights: str = vgg16_weights_option()
    keep: str = option(
        "Which networks to export: the last, or those of the lowest distance.",
        "last",
        choices=("last", "best"),
    )

    def validate(self) -> None:
        """Checks that the flags belong together, and what can be said of the photographs."""
        super().validate()
        if bool(self.kid_every) != bool(self.photographs):
            raise InputError(
                "kid_every and photographs must be given together. "
                f"Received: {self.kid_every} and {self.photographs}"
            )
        if self.keep == "best" and not self.kid_every:
            raise InputError("keep=best needs --kid_every and --photographs. Received: neither")
        if self.photographs:
            check_photographs(self.photographs, self.vgg16_weights, _MOST_IMAGES)

    def make_measure(
        self, image_size: int, seed: int
    ) -> "Callable[[keras.Model], dict[str, float]]":
        """Returns what measures a generator, always by images of the same latents.

        Args:
            image_size: width and height, in pixels.
            seed: of the latents.
        """
        photographs = photograph_features(
            str(self.photographs), self.vgg16_weights, image_size, _MOST_IMAGES
        )

        def measure(generator: "keras.Model") -> dict[str, float]:
            images, _, _ = gan.generate(generator, len(photographs), seed)
            features = analysis.vgg16_features(images, self.vgg16_weights)
            distance = analysis.estimate_kid(features, photographs)
            return {
                KID: distance.kid,
                f"{KID}_standard_error": distance.standard_error,
            }

        return measure
