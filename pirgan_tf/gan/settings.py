"""Settings of a GAN's training, which are checked without TensorFlow."""

import dataclasses

GENERATOR_COSTS = ("non_saturating", "minimax", "maximum_likelihood")
"""The generator's costs by name (Goodfellow 2016, section 3.2); the first is the paper's."""


@dataclasses.dataclass(frozen=True)
class Stabilizers:
    """What keeps a GAN from collapse and the paper does not have; the defaults are all off.

    Attributes:
        discriminator_steps: k, updates of the discriminator per update of the generator, each
            with a batch of its own (Goodfellow et al. 2014, algorithm 1).
        unroll_steps: K of `gan.unrolled`; 0 is off.
        augmentation: strength of `gan.augmentation`, in [0, 1]; 0 is off.
        adapt_augmentation: whether the strength begins there and then follows the share of real
            images that the discriminator is sure of.
        r1_weight: gamma of the penalty gamma / 2 |dD/di|^2 on photographs (Mescheder et al. 2018,
            "Which Training Methods for GANs do actually Converge?", section 4.1), D being the
            source logit; 0 is off.
        average_decay: decay per step of `gan.average`; 0 is off.
    """

    discriminator_steps: int = 1
    unroll_steps: int = 0
    augmentation: float = 0.0
    adapt_augmentation: bool = False
    r1_weight: float = 0.0
    average_decay: float = 0.0

    @property
    def augments(self) -> bool:
        """Whether the discriminator sees augmented images."""
        return self.augmentation > 0 or self.adapt_augmentation
