"""What the latents of a GAN mean: the study itself."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pirgan_tf import gan, studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.studies import dcgan
from pirgan_tf.studies.outcome import Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

if TYPE_CHECKING:
    import keras

_WAYS, _COLUMNS = 6, 9
_TRIALS, _SHOWN = 100, 5
# Bright and red, less dark and red, plus dark and blue: bright and blue.
_CORNERS = np.array([[True, True], [False, True], [False, False]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study dcgan."""

    gan: str = option(
        "GAN folder, from pretrain; of its classes, if there are some, the first.", reads=str
    )
    seeds: int = seeds_option(3)
    num_images: int = option(
        "Images of each seed, from which exemplars are drawn.", 1000, minimum=100, below=10**6
    )

    def validate(self) -> None:
        """Checks the numbers and the GAN's folder."""
        super().validate()
        gan.read_gan_shape(self.gan)


class Found(NamedTuple):
    """What was found with one seed.

    Attributes:
        images: uint8 `[n, size, size, 3]`.
        ways: images between two others, `[ways, columns, size, size, 3]`.
        longest: share of the longest step in each way, `[ways]`.
        before: share of the images that are brighter and bluer than the median.
        after: that of the images which the arithmetic gives.
        ranks: percentiles of those, `[trials, 2]`.
        sums: for some of the trials, images of the means of A, B and C, of mean A - B + C, and
            the same sum of images, `[shown * 5, size, size, 3]`.
    """

    images: np.ndarray
    ways: np.ndarray
    longest: np.ndarray
    before: float
    after: float
    ranks: np.ndarray
    sums: np.ndarray


def run(options: Options, _: Path) -> Outcome:
    """Looks at what the latents of a GAN mean: ways between images, and sums of them.

    The paper (Radford et al. 2016, section 6) shows that images change smoothly between two
    latents, and that a smiling woman less a neutral woman plus a neutral man is a smiling man,
    each a mean of three latents. A GAN from `bin/pretrain` has no such attributes for its
    images; here they are brightness, and red against blue: of bright red images, less dark red
    ones, plus dark blue ones, bright blue ones must come, and how often they do is counted.
    """
    generator = gan.load_generator(options.gan)
    found = {seed: look(generator, options.num_images, seed) for seed in range(options.seeds)}
    first = found[0]
    before, after = (
        {seed: getattr(each, name) for seed, each in found.items()} for name in ("before", "after")
    )
    arithmetic = studies.mean_over_seeds("share of sums that are brighter and bluer", after)
    chance = studies.mean_over_seeds(
        "share of all images that are brighter and bluer than the median", before
    )
    return Outcome(
        title="What latents mean",
        question=(
            "Between two latents the images of a GAN change smoothly, and sums of latents are "
            "sums of meanings: the paper makes a smiling man of a smiling woman, a neutral woman "
            "and a neutral man. Here the attributes are brightness, and red against blue, which "
            "every image has: bright and red, less dark and red, plus dark and blue."
        ),
        answer=(
            f"Of the sums {arithmetic.value:.0%} are brighter and bluer than the median image, "
            f"of all images {chance.value:.0%}."
        ),
        findings=[
            arithmetic,
            chance,
            *(
                studies.mean_over_seeds(
                    f"mean percentile of the sums' {name}",
                    {seed: float(each.ranks[:, i].mean()) for seed, each in found.items()},
                )
                for i, name in enumerate(dcgan.ATTRIBUTES)
            ),
            studies.mean_over_seeds(
                f"share of the longest of {_COLUMNS - 1} steps in a way, of even ones "
                f"{1 / (_COLUMNS - 1):.3f}",
                {seed: float(each.longest.mean()) for seed, each in found.items()},
                "no sharp transitions (section 6.1)",
            ),
        ],
        pictures=[
            Picture(
                "samples",
                "Samples",
                "Of seed 0.",
                studies.draw_grid(first.images[: _WAYS * _COLUMNS], [""] * _COLUMNS),
                pixels=True,
            ),
            Picture(
                "ways",
                "From image to image",
                "Each row goes from one latent to another: figure 4 of the paper.",
                studies.draw_grid(np.concatenate(first.ways), [""] * _COLUMNS),
                pixels=True,
            ),
            Picture(
                "sums",
                "Latent arithmetic",
                "Images of the mean of three latents each, of A - B + C, and A - B + C of the "
                "exemplars' pixels instead: figure 7 of the paper.",
                studies.draw_grid(
                    first.sums,
                    ["A: bright, red", "B: dark, red", "C: dark, blue", "A - B + C", "of pixels"],
                ),
                pixels=True,
            ),
        ],
    )


def look(generator: "keras.Model", num_images: int, seed: int) -> Found:
    """Draws images, ways between them and sums of them, all by a seed."""
    import tensorflow as tf

    from pirgan_tf.gan import sampling

    def render(latents: np.ndarray) -> np.ndarray:
        flat = tf.reshape(tf.cast(latents, tf.float32), (-1, latents.shape[-1]))
        images = sampling.render(generator, flat, np.zeros(len(flat), np.int32))
        return images.reshape(*latents.shape[:-1], *images.shape[1:])

    latents = sampling.draw_latents(generator, num_images, seed)[0].numpy()
    images = render(latents)
    attributes = dcgan.measure(images)
    ranks = dcgan.percentiles(attributes, attributes)
    ways = render(dcgan.interpolate(latents[:_WAYS], latents[_WAYS : 2 * _WAYS], _COLUMNS))

    rows = dcgan.draw_exemplars(ranks, _CORNERS, _TRIALS, np.random.default_rng(seed))
    sums = dcgan.combine(latents[rows])
    made = render(sums)
    reached = dcgan.percentiles(dcgan.measure(made), attributes)
    shown = rows[:_SHOWN]
    means = render(latents[shown].mean(axis=2))
    pixels = images[shown].astype(np.float32).mean(axis=2)
    of_pixels = np.clip(np.rint(pixels[:, 0] - pixels[:, 1] + pixels[:, 2]), 0, 255)
    columns = np.concatenate(
        [means, made[:_SHOWN, None], of_pixels[:, None].astype(np.uint8)], axis=1
    )
    return Found(
        images,
        ways,
        dcgan.largest_step(ways),
        _share_of_bright_blue(ranks),
        _share_of_bright_blue(reached),
        reached,
        np.concatenate(columns),
    )


def _share_of_bright_blue(ranks: np.ndarray) -> float:
    return float(((ranks[:, 0] > 0.5) & (ranks[:, 1] < 0.5)).mean())
