"""The options that pretraining and tuning of a GAN share."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf import gan, training
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.training_options import TrainingOptions

if TYPE_CHECKING:
    from pirgan_tf.data import ImageDataset
    from pirgan_tf.gan import Cost, GanBatches, GanShape, Optimizers, Stabilizers


_GRID_IMAGES = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class GanOptions(TrainingOptions):
    """Optimizers and weights of the losses; the defaults are the paper's numbers."""

    images_every: int = option(
        "Steps between image grids; 0 is none.", 1000, minimum=0, changes_result=False
    )
    dropout: float | None = option(
        "Rate of the discriminator's dropout; by default that of the family, 0.5 for the paper's "
        "(decision of ours) and 0 for dcgan.",
        None,
        minimum=0.0,
        below=1.0,
    )
    generator_learning_rate: float = option("Learning rate of Adam.", above=0.0)
    adam_beta_1: float = option("First-moment decay of Adam.", 0.5, minimum=0.0, below=1.0)
    discriminator_learning_rate: float = option("Learning rate of RMSProp.", above=0.0)
    fake_class_weight: float = option("w_fake_class of appendix A.", 1.5, minimum=0.0)
    real_class_weight: float = option("w_real_class of appendix A.", 1.0, minimum=0.0)
    generator_cost: str = option(
        "What the generator minimises beside the class term; non_saturating is the paper's.",
        gan.GENERATOR_COSTS[0],
        choices=gan.GENERATOR_COSTS,
    )
    real_label: float = option(
        "The discriminator's target for photographs; 0.9 is one-sided label smoothing, 1 the "
        "paper's.",
        1.0,
        above=0.5,
        maximum=1.0,
    )
    discriminator_steps: int = option(
        "Updates of the discriminator per update of the generator.", 1, minimum=1, below=101
    )
    unroll_steps: int = option(
        "Updates of the discriminator that the generator looks ahead (unrolled GAN); 0 is none.",
        0,
        minimum=0,
        below=101,
    )
    augmentation: float = option(
        "Probability that colour, place and a square part of an image are changed before the "
        "discriminator sees it, from 0 (none) to 1.",
        0.0,
        minimum=0.0,
        maximum=1.0,
    )
    adapt_augmentation: bool = option(
        "Let the augmentation follow how sure the discriminator is of photographs.", False
    )
    r1_weight: float = option(
        "Weight of the R1 penalty on the discriminator's gradient at photographs; 0 is none.",
        0.0,
        minimum=0.0,
    )
    average_decay: float = option(
        "Decay per step of the moving average of the generator's weights, which is then the "
        "generator that is exported; 0 is none.",
        0.0,
        minimum=0.0,
        below=1.0,
    )

    def validate(self) -> None:
        """Checks the numbers, and that the stabilizers can be combined."""
        super().validate()
        if self.unroll_steps and self.r1_weight:
            raise InputError(
                "r1_weight must be 0 with unroll_steps, which would need third derivatives. "
                f"Received: {self.r1_weight}"
            )

    def make_cost(self, **tuning: float) -> "Cost":
        """Returns the cost with these weights; tuning adds its own."""
        return gan.acgan(
            fake_class_weight=self.fake_class_weight,
            real_class_weight=self.real_class_weight,
            generator_cost=self.generator_cost,
            real_label=self.real_label,
            **tuning,
        )

    def make_stabilizers(self) -> "Stabilizers":
        """Returns the settings of the step that the paper does not have."""
        fields = dataclasses.fields(gan.Stabilizers)
        return gan.Stabilizers(**{field.name: getattr(self, field.name) for field in fields})

    def make_batches(self, dataset: "ImageDataset", shape: "GanShape", stage: str) -> "GanBatches":
        """Returns the batches that a stage draws from a dataset."""
        return gan.GanBatches(
            dataset.images,
            dataset.labels,
            num_classes=shape.num_classes,
            batch_size=self.batch_size,
            latent_size=shape.latent_size,
            seed=self.seed,
            stream=stage,
        )

    def make_optimizers(self) -> "Optimizers":
        """Returns the paper's optimizers with these rates; called within the strategy."""
        return gan.paper_optimizers(
            self.generator_learning_rate, self.adam_beta_1, self.discriminator_learning_rate
        )


def count_parameters(shape: "GanShape") -> dict[str, int]:
    """Returns the number of parameters of each network."""
    networks = gan.build_networks(shape)._asdict()
    return {name: network.count_params() for name, network in networks.items()}


def dataset_grid(dataset: "ImageDataset") -> np.ndarray:
    """Returns a grid of photographs from all over a dataset, and so of every class."""
    rows = np.linspace(0, len(dataset.images) - 1, _GRID_IMAGES).astype(int)
    return training.image_grid(dataset.images[rows])
