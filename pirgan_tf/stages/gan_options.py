"""The options that pretraining and tuning of a GAN share."""

import dataclasses
from typing import TYPE_CHECKING

from pirgan_tf import gan
from pirgan_tf.stages.options import option
from pirgan_tf.stages.training_options import TrainingOptions

if TYPE_CHECKING:
    from pirgan_tf.gan.shape import GanShape
    from pirgan_tf.gan.trainer import GanSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class GanOptions(TrainingOptions):
    """Optimizers and weights of the losses; the defaults are the paper's numbers."""

    dropout: float = option("Rate of the discriminator's dropout.", 0.5, minimum=0.0, below=1.0)
    generator_learning_rate: float = option("Learning rate of Adam.", above=0.0)
    adam_beta_1: float = option("First-moment decay of Adam.", 0.5, minimum=0.0, below=1.0)
    discriminator_learning_rate: float = option("Learning rate of RMSProp.", above=0.0)
    fake_class_weight: float = option("w_fake_class of appendix A.", 1.5, minimum=0.0)
    real_class_weight: float = option("w_real_class of appendix A.", 1.0, minimum=0.0)

    def settings(self, shape: "GanShape", pir_weight: float = 0.0) -> "GanSettings":
        """Returns the settings of training networks of this shape."""
        return gan.GanSettings(
            num_classes=shape.num_classes,
            latent_size=shape.latent_size,
            width=shape.width,
            dropout=self.dropout,
            batch_size=self.batch_size,
            generator_learning_rate=self.generator_learning_rate,
            adam_beta_1=self.adam_beta_1,
            discriminator_learning_rate=self.discriminator_learning_rate,
            fake_class_weight=self.fake_class_weight,
            real_class_weight=self.real_class_weight,
            pir_weight=pir_weight,
        )
