"""Stage `sample`: a GAN in, a gallery of its images out."""

import dataclasses
from typing import NoReturn

import numpy as np

from pirgan_tf import gan, training
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.files.path import check_memory

STAGE = "sample"
_GRID_IMAGES = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleOptions(Options):
    """Flags of sample."""

    gan: str = option("GAN folder, from pretrain or tune.", reads=str)
    num_images: int = option("Images to generate.", 1000, minimum=1, below=10**8)
    seed: int = option("Seed of latents and classes.", 0, minimum=0, below=2**31)

    def validate(self) -> None:
        """Checks the numbers and that the GAN folder is one."""
        super().validate()
        check_gallery_fits(self.num_images, gan.read_gan_shape(self.gan).image_size)


def run(options: SampleOptions) -> None:
    """Generates images from random latents and classes.

    Writes gallery.npz (images, latents, labels, ids), grid.png, which shows the
    first 64, and options.json to the output.
    """
    training.configure(
        strategy="one", replicas=0, precision="float32", jit="off", seed=options.seed
    )
    generator = gan.load_generator(options.gan)
    images, latents, labels = gan.generate(generator, options.num_images, options.seed)
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
