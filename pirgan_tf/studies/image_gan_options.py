"""The options of the studies that train GANs on images with unrolled discriminators."""

import dataclasses
from typing import Any

from pirgan_tf.cli.options import option
from pirgan_tf.studies.labelled_options import LabelledOptions
from pirgan_tf.studies.unroll_options import UnrollOptions


def steps_option(count: int, paper: int) -> Any:
    """Declares how long a training is by default, and in the paper."""
    return option(
        f"Steps of each training, an update of each network; the paper has {paper:,}.",
        count,
        minimum=1,
    )


def batch_size_option() -> Any:
    """Declares how large a batch is."""
    return option(
        "Real images, and generated ones, per step; the paper is silent.",
        64,
        minimum=2,
        below=2**16,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageGanOptions(UnrollOptions, LabelledOptions):
    """How long the trainings are, and how large their batches."""

    steps: int = steps_option(2000, 50_000)
    batch_size: int = batch_size_option()
