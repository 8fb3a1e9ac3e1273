"""How true and estimated rates went while a GAN was tuned, by the grids of images it left."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf import analysis, gan, training
from pirgan_tf.errors import InputError
from pirgan_tf.files.picture import read_picture

if TYPE_CHECKING:
    import tensorflow as tf

    from pirgan_tf.users import Objective


def find_grids(folder: str) -> dict[int, Path]:
    """Returns the grids of images of fixed latents that a tuned GAN's folder has, by step.

    Raises:
        InputError: if there are none.
    """
    trained = analysis.read_training(Path(folder))
    if trained is None or not trained.grids:
        raise InputError(
            "gan must be a folder with grids of its images, images/fakes_*.png, from tune. "
            f"Received: {folder}"
        )
    return trained.grids


def rates_by_step(
    folder: str,
    objective: "Objective",
    estimate: "Callable[[tf.Tensor], tf.Tensor] | None",
) -> list[dict[str, float | None]]:
    """Measures the images of each grid.

    Args:
        folder: of a tuned GAN.
        objective: gives the true rates.
        estimate: from images in [-1, 1] to estimated rates; None gives none.

    Returns:
        By rising step from 0, before tuning: "step", and the mean rates "true" and "estimated" of
        the same latents' images.
    """
    size = gan.read_gan_shape(folder).image_size
    rows: list[dict[str, float | None]] = []
    for step, path in sorted(find_grids(folder).items()):
        images = training.split_grid(np.asarray(read_picture(path)), size)
        estimated = estimate and estimate(training.to_float(images)).numpy().mean()
        rows.append(
            {
                "step": step,
                "true": float(objective(images).mean()),
                "estimated": None if estimated is None else float(estimated),
            }
        )
    return rows
