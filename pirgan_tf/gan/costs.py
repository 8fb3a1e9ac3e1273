"""What the two networks minimise: costs, made of the terms in `losses`."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from pirgan_tf.gan import losses
from pirgan_tf.gan.settings import GENERATOR_COSTS

Terms = dict[str, tf.Tensor]

_FOOLS = (losses.fake_image_fools, losses.fake_image_minimax, losses.fake_image_likelihood)


class Verdict(NamedTuple):
    """What the discriminator says of `n` images.

    Attributes:
        source: logits of P(real), shape `[n, 1]`.
        classes: logits of the classes, shape `[n, classes]`; None without classes.
    """

    source: tf.Tensor
    classes: tf.Tensor | None = None


@dataclasses.dataclass(frozen=True)
class Cost:
    """A pair of functions that give terms by name, and the total to minimise.

    Both give each term and the total for every image, shape `[n]`: the mean over the batch is
    left to the trainer, which alone knows the batch over all replicas.

    Attributes:
        discriminator: from the verdict on photographs, their labels `[n]`, and the verdict on
            generated images.
        generator: from the verdict on generated images and the labels `[n]` that they were
            generated for.
    """

    discriminator: Callable[[Verdict, tf.Tensor, Verdict], tuple[Terms, tf.Tensor]]
    generator: Callable[[Verdict, tf.Tensor], tuple[Terms, tf.Tensor]]


def acgan(
    *,
    fake_class_weight: float = 1.5,
    real_class_weight: float = 1.0,
    adversarial_weight: float = 1.0,
    generator_cost: str = GENERATOR_COSTS[0],
    real_label: float = 1.0,
) -> Cost:
    """Returns the paper's cost (section 2.1.1, appendix A), an ACGAN's with one term less.

    The paper maximises what is minimised here:

        discriminator: L_fake + L_real + w_real_class L_real_class
        generator:     w_adversarial L_fools + w_fake_class L_fake_class

    Without classes both class terms vanish.

    Args:
        fake_class_weight: w_fake_class of appendix A.
        real_class_weight: w_real_class of appendix A.
        adversarial_weight: the paper has 1, and names 0 as the extreme (section 5.1).
        generator_cost: which L_fools, one of `GENERATOR_COSTS`; the first is the paper's.
        real_label: the discriminator's target for photographs, 1 in the paper, that for generated
            images being 0.
    """
    fools = dict(zip(GENERATOR_COSTS, _FOOLS, strict=True))[generator_cost]

    def discriminator(reals: Verdict, labels: tf.Tensor, fakes: Verdict):
        terms = {
            "real": losses.real_image(reals.source, real_label),
            "fake": losses.fake_image(fakes.source),
        }
        total = -terms["real"] - terms["fake"]
        if reals.classes is not None:
            terms["real_class"] = losses.real_image_class(reals.classes, labels)
            total -= real_class_weight * terms["real_class"]
        return terms, total

    def generator(fakes: Verdict, labels: tf.Tensor):
        terms = {"fools": fools(fakes.source)}
        total = -adversarial_weight * terms["fools"]
        if fakes.classes is not None:
            terms["fake_class"] = losses.fake_image_class(fakes.classes, labels)
            total -= fake_class_weight * terms["fake_class"]
        return terms, total

    return Cost(discriminator, generator)
