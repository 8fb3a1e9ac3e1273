"""The options that pretraining and tuning of a GAN share."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf import gan, training
from pirgan_tf.cli.options import option
from pirgan_tf.stages.shared.training_options import TrainingOptions

if TYPE_CHECKING:
    from pirgan_tf.data import ImageDataset
    from pirgan_tf.gan import Cost, GanBatches, GanShape, Optimizers


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

    def make_cost(self, **tuning: float) -> "Cost":
        """Returns the paper's cost with these weights; tuning adds its own."""
        return gan.acgan(
            fake_class_weight=self.fake_class_weight,
            real_class_weight=self.real_class_weight,
            **tuning,
        )

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
