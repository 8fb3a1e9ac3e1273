"""The options of `train_estimator`, and what they must be."""

import dataclasses
import os
from typing import TYPE_CHECKING

from pirgan_tf import estimator
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, is_folder
from pirgan_tf.stages.shared.estimator_options import LEAST_TEMPERATURE, MOST_TEMPERATURE
from pirgan_tf.stages.shared.rated_galleries import split_galleries
from pirgan_tf.stages.shared.training_options import TrainingOptions

if TYPE_CHECKING:
    from pirgan_tf.estimator import RatedImages


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainEstimatorOptions(TrainingOptions):
    """Flags of train_estimator; the defaults are the paper's numbers."""

    gallery: tuple[str, ...] = option("Gallery, from sample; or several, with commas.", reads=str)
    interactions: tuple[str, ...] = option(
        "interactions.csv of each gallery, or its folder.", reads=str
    )
    steps: int = option(
        "Training steps (decision of ours).", 25_000, minimum=1, changes_result=False
    )
    learning_rate: float = option("Learning rate of Adam.", 5e-4, above=0.0)
    depth_multiplier: float = option(
        "Scales the depths of Inception v2; 1 is the paper.", 1.0, above=0.0, below=16.0
    )
    num_bins: int = option("Bins of the rate.", 100, minimum=2, below=10_001)
    head: str = option(
        "Output: the paper's softmax over bins, or a scalar, which did worse in the paper.",
        "softmax",
        choices=("softmax", "scalar"),
    )
    labels: str = option(
        "What the softmax learns: the bin of the observed rate, as in the paper, or what the "
        "counts say about the true rate, as a Beta distribution over the bins.",
        "hard",
        choices=("hard", "soft"),
    )
    temperature: float = option(
        "Softmax temperature in use.",
        estimator.USE_TEMPERATURE,
        minimum=LEAST_TEMPERATURE,
        below=MOST_TEMPERATURE,
    )
    slim_checkpoint: str | None = option(
        "TF-slim's checkpoint of Inception v2 with initial weights; random by default.",
        None,
        reads=str,
    )
    initial: str | None = option(
        "Folder of train_estimator or pretrain_estimator with initial weights; random by default.",
        None,
        reads=str,
    )
    heldout: float = option(
        "Part of each gallery to hold out. The figures of fit.json are of these images; with "
        "patience or fit_temperature, of one half of them, and the other half chooses.",
        0.1,
        above=0.0,
        below=1.0,
    )
    members: int = option(
        "Networks of an ensemble, which differ by initial weights and batches and cost as much "
        "each; 1 is the paper. The estimate is their mean, and tune --caution uses their spread.",
        1,
        minimum=1,
        below=estimator.MOST_MEMBERS + 1,
    )
    fit_temperature: bool = option(
        "Use the softmax temperature at which interactions with one half of the images held out "
        "are likeliest, in place of --temperature.",
        False,
    )
    num_train: int | None = option(
        "Images of each gallery to learn from; by default all that are not held out.",
        None,
        minimum=1,
    )
    evaluate_every: int = option("Steps between measurements.", 100, minimum=1)
    patience: int = option(
        "Stop after so many measurements without a smaller loss on one half of the images held "
        "out, and return to the smallest; 0, the paper's way, never.",
        0,
        minimum=0,
    )

    def validate(self) -> None:
        """Checks the numbers, the gallery and the interactions."""
        super().validate()
        check_initial(self.slim_checkpoint, self.initial)
        check_labels(self.head, self.labels, self.fit_temperature)
        if not self.gallery or len(self.gallery) != len(self.interactions):
            raise InputError(
                "gallery and interactions must name one file or folder each, or as many as each "
                f"other. Received: {len(self.gallery)} and {len(self.interactions)}"
            )
        self.split()

    @property
    def chooses(self) -> bool:
        """Whether a step or a temperature is chosen by images that were held out."""
        return bool(self.patience) or self.fit_temperature

    def split(self) -> tuple["RatedImages", "RatedImages", "RatedImages"]:
        """Returns the images to learn from, to choose by, and to report on.

        Raises:
            InputError: as `split_galleries`.
        """
        return split_galleries(
            self.gallery,
            self.interactions,
            heldout=self.heldout,
            seed=self.seed,
            num_train=self.num_train,
            halved=self.chooses,
        )


def check_initial(slim_checkpoint: str | None, initial: str | None) -> None:
    """Checks that the weights to begin with are there, and are of one kind.

    Args:
        slim_checkpoint: a prefix, an old single file or a folder, or None.
        initial: a folder of train_estimator or pretrain_estimator, or None.

    Raises:
        InputError: if there are none, or both were given.
    """
    if slim_checkpoint and initial:
        raise InputError(
            "slim_checkpoint and initial are two ways to begin; give one. "
            f"Received: {slim_checkpoint} and {initial}"
        )
    if slim_checkpoint and not is_folder(slim_checkpoint):
        index = f"{slim_checkpoint}.index"
        check_file(
            index if os.path.lexists(index) else slim_checkpoint,
            "slim_checkpoint must be TF-slim's checkpoint",
        )
    if initial:
        estimator.find_initial(initial)


def check_labels(head: str, labels: str, fit_temperature: bool) -> None:
    """Checks that the labels and the fit are for the head.

    Raises:
        InputError: if they are not.
    """
    if head == "scalar" and fit_temperature:
        raise InputError(
            "fit_temperature is for the softmax head; the scalar one has no temperature. "
            "Received: head=scalar and fit_temperature"
        )
    if head == "scalar" and labels != "hard":
        raise InputError(
            "labels are for the softmax head; the scalar one learns the rate itself. "
            f"Received: head={head} and labels={labels}"
        )
