"""The options of the stages that begin with photographs."""

import dataclasses

from pirgan_tf import data
from pirgan_tf.cli.options import option
from pirgan_tf.files.path import check_memory
from pirgan_tf.stages.shared.training_options import TrainingOptions

_IMAGE_BYTES = 64 * 64 * 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetOptions(TrainingOptions):
    """Which photographs to train on."""

    dataset: str = option(
        "Photographs: landscapes (procedural), folder:DIR (from import_photos) or tfds:NAME.",
        "landscapes",
        reads=data.dataset_folder,
    )
    classes: tuple[str, ...] = option("Classes to use, by name; empty is all.", ())
    landscapes: int = option(
        "Images that --dataset=landscapes draws.", data.NUM_LANDSCAPES, minimum=2
    )

    def validate(self) -> None:
        """Checks the numbers and the dataset."""
        super().validate()
        if self.dataset == "landscapes":
            check_memory(self.landscapes * _IMAGE_BYTES, f"{self.landscapes} landscapes")
        data.validate_dataset_spec(self.dataset, self.classes)
