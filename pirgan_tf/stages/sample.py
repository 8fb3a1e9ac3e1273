"""Stage `sample`: a GAN in, a gallery of its images out."""

import dataclasses
import functools
from typing import Any, NoReturn

import numpy as np

from pirgan_tf import estimator, gan, training
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_memory
from pirgan_tf.stages.shared.estimator_options import check_ensemble, check_image_size

STAGE = "sample"
# Each with its own flags and their defaults.
SAMPLERS: dict[str, dict[str, Any]] = {
    "prior": {},
    "plug_and_play": {"strength": 300.0, "steps": 20},
    "best_of": {"candidates": 10},
    "for_rating": {"candidates": 10},
}
_GRID_IMAGES = 64
# Of Inception v2, at depth_multiplier 1.
_FEATURES = 1024
# At the estimator's own, 0.01, the rate has hardly a slope, many images have the same, and members
# differ by which bin is the likeliest.
_TEMPERATURE = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleOptions(Options):
    """Flags of sample."""

    gan: str = option("GAN folder, from pretrain or tune.", reads=str)
    num_images: int = option("Images to generate.", 1000, minimum=1, below=10**8)
    seed: int = option("Seed of latents and classes.", 0, minimum=0, below=2**31)

    sampler: str = option(
        "How latents are chosen: prior draws them, plug_and_play moves them by Langevin steps to "
        "a high estimated rate, best_of draws several and keeps the one of the highest, for_rating "
        "keeps images that differ and of which an ensemble is unsure, to be rated next.",
        "prior",
        choices=tuple(SAMPLERS),
    )
    estimator: str | None = option(
        "Estimator folder, from train_estimator; for all samplers but prior.", None, reads=str
    )
    strength: float | None = option(
        "Exponent of the estimated rate: plug_and_play draws images that as many users in a row "
        "have liked; 300 by default.",
        None,
        minimum=0.0,
    )
    steps: int | None = option("Steps of plug_and_play; 20 by default.", None, minimum=1)
    candidates: int | None = option(
        "Images that best_of and for_rating draw for each that they keep; 10 by default.",
        None,
        minimum=1,
    )

    def validate(self) -> None:
        """Checks the numbers, the flags of the samplers, and both folders."""
        super().validate()
        for name in ("estimator", "strength", "steps", "candidates"):
            takers = [
                sampler
                for sampler, flags in SAMPLERS.items()
                if name in flags or (flags and name == "estimator")
            ]
            if self.sampler not in takers and getattr(self, name) is not None:
                raise InputError(
                    f"{name} is only for --sampler={' and --sampler='.join(takers)}. Received: "
                    f"--sampler={self.sampler} --{name}={getattr(self, name)}"
                )
        if not self.estimator and self.sampler != "prior":
            raise InputError(f"sampler={self.sampler} needs --estimator. Received: none")
        check_gallery_fits(self.num_images, gan.read_gan_shape(self.gan).image_size)
        if self.estimator:
            check_image_size(self.gan, self.estimator)
            if self.sampler == "for_rating":
                shape = estimator.read_estimator_shape(self.estimator)
                check_ensemble("sampler=for_rating", shape.members)
                drawn = self.num_images * (self.candidates or SAMPLERS[self.sampler]["candidates"])
                num_features = int(_FEATURES * shape.depth_multiplier) * shape.members
                check_memory(8 * drawn * num_features, f"features of {drawn} images")


def run(options: SampleOptions) -> None:
    """Generates images from latents, and from classes drawn uniformly.

    Writes gallery.npz (images, latents, labels, ids), grid.png, which shows the
    first 64, and options.json to the output.
    """
    training.configure(
        strategy="one", replicas=0, precision="float32", jit="off", seed=options.seed
    )
    given = {
        name: default if getattr(options, name) is None else getattr(options, name)
        for name, default in SAMPLERS[options.sampler].items()
    }
    options = dataclasses.replace(options, **given)
    generator = gan.load_generator(options.gan)
    sample = functools.partial(gan.generate, generator)
    if options.estimator:
        judge = estimator.PirEstimator.load(options.estimator)
        asked = judge.spread_and_features if options.sampler == "for_rating" else judge.expected_pir
        answer = functools.partial(asked, temperature=_TEMPERATURE)
        sampler = getattr(gan, f"generate_{options.sampler}")
        sample = functools.partial(sampler, generator, answer, **given)
    images, latents, labels = sample(num_images=options.num_images, seed=options.seed)
    ids = [f"img{index:06d}" for index in range(options.num_images)]
    with output_folder(STAGE, options) as folder:
        Gallery(images, latents, labels, np.array(ids)).save(folder)
        training.save_png(training.image_grid(images[:_GRID_IMAGES]), folder / "grid.png")


def check_gallery_fits(num_images: int, image_size: int) -> None:
    """Checks that the images of a gallery fit in memory.

    Raises:
        InputError: if they do not.
    """
    check_memory(num_images * image_size**2 * 3, f"{num_images} images")


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, SampleOptions, run)
