"""The options of the studies that need labelled images."""

import dataclasses
from typing import ClassVar

from pirgan_tf import data
from pirgan_tf.cli.options import Options, option
from pirgan_tf.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class LabelledOptions(Options):
    """Which images to learn from and to test on; `data.load_splits` loads them.

    A study that needs a certain number of classes sets `NUM_CLASSES`.
    """

    NUM_CLASSES: ClassVar[int | None] = None

    dataset: str = option(
        "Labelled images: digits (scikit-learn's, 8x8), idx:DIR (MNIST's four files), folder:DIR "
        "(from import_photos) or tfds:NAME.",
        "digits",
        reads=data.dataset_folder,
    )

    def validate(self) -> None:
        """Checks the numbers and the dataset."""
        super().validate()
        data.validate_splits_spec(self.dataset, self.NUM_CLASSES)


def check_count(
    name: str, count: int, dataset: data.ImageDataset, purpose: str = "train on"
) -> None:
    """Checks that as many images as an option says are there.

    Args:
        name: the option's name.
        count: its value.
        dataset: the images.
        purpose: what they are for.

    Raises:
        InputError: if not.
    """
    if count > len(dataset.images):
        raise InputError(
            f"{name} must be at most the number of images to {purpose}, {len(dataset.images)}. "
            f"Received: {count}"
        )
