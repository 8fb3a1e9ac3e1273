"""The options of the stages that begin with photographs."""

import dataclasses

from pirgan_tf import data
from pirgan_tf.cli.options import option
from pirgan_tf.files.path import check_memory
from pirgan_tf.stages.shared.training_options import TrainingOptions


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
    image_size: int | None = option(
        "Width and height at which landscapes and tfds: images are made, 64 by default; a folder "
        "has its own.",
        None,
        minimum=1,
    )

    def validate(self) -> None:
        """Checks the numbers and the dataset."""
        super().validate()
        if self.dataset == "landscapes":
            image_size = self.image_size or data.IMAGE_SIZE
            check_memory(self.landscapes * image_size**2 * 3, f"{self.landscapes} landscapes")
        data.validate_dataset_spec(self.dataset, self.classes)
