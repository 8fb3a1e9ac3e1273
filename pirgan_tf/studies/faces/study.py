"""Faces by fully connected networks, with a DCGAN beside them: the study itself."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from pirgan_tf import analysis, data, gan, studies, users
from pirgan_tf.cli.options import option
from pirgan_tf.errors import check_name
from pirgan_tf.studies import faces
from pirgan_tf.studies.image_gan_options import batch_size_option
from pirgan_tf.studies.labelled_options import LabelledOptions, check_count
from pirgan_tf.studies.numbers import check_different, read_numbers
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_FAMILIES = ("maxout", "dcgan")
_IMAGE_SIZE, _LATENT_SIZE = 64, 100
_SHOWN = 10
# Radford et al.'s, with their momentum: the paper names none.
_RATES = (2e-4, 2e-4)
# Section 3.1, of its network, maxout.
_LOOKS = {2: "looks artificial", 17: "surprisingly realistic, but for hair and depth"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions):
    """Flags of the study faces."""

    # They change no training that is finished: a list that was begun may become longer.
    families: tuple[str, ...] = option(
        "Networks, with commas: maxout (the paper's) and dcgan.", _FAMILIES, changes_result=False
    )
    seeds: int = seeds_option(1)
    epochs: tuple[str, ...] = option(
        "Passes over the images after which the generators are looked at, with commas; the last "
        "ends the training.",
        ("2", "5", "10", "17"),
    )
    batch_size: int = batch_size_option()
    maxout_width: float = option(
        "Scales the layers of maxout; 1 has Goodfellow's units, for the paper is silent.",
        1.0,
        above=0.0,
        below=16.0,
    )
    dcgan_width: float = option(
        "Scales the depths of dcgan; 1 is its paper, with 16 times the multiplications of 0.25.",
        0.25,
        above=0.0,
        below=16.0,
    )
    num_images: int = option(
        "Images of each generator, and images to test on, between which the kernel inception "
        "distance is measured.",
        300,
        minimum=100,
        below=2**16,
    )
    vgg16_weights: str = option(
        "Weights of VGG16, in whose features it is measured: random, imagenet (downloaded by "
        "Keras), or a file with or without the fully connected layers.",
        "random",
        reads=users.weights_file,
    )

    @property
    def epoch_numbers(self) -> list[int]:
        """The epochs, in ascending order."""
        return sorted(read_numbers("epochs", self.epochs, int, 1))

    def width(self, family: str) -> float:
        """Returns what scales the layers of a family."""
        return {"maxout": self.maxout_width, "dcgan": self.dcgan_width}[family]

    def validate(self) -> None:
        """Checks the numbers, the dataset, the networks and the weights."""
        super().validate()
        read_numbers("epochs", self.epochs, int, 1)
        for family in self.families:
            check_name("families", family, _FAMILIES)
        check_different("families", self.families)
        for family in _FAMILIES:
            gan.check_width(self.width(family))
        analysis.check_vgg16_features(self.vgg16_weights)


def run(options: Options, folder: Path) -> Outcome:
    """Trains a GAN of fully connected networks on faces of 64x64, and a DCGAN beside it.

    The discriminator has maxout units, the generator rectifiers and sigmoids (Yala & Song,
    section 3, figure 5). After epochs 2, 5, 10 and 17: samples, their kernel inception distance
    from images to test on, beside that of the mean image, and how much they differ in tone. A
    training that was not finished goes on from its last checkpoint, and those that are finished
    are kept: the same command goes on with the others, also with more networks or seeds. Classes
    are not used.
    """
    splits = data.load_splits(options.dataset, image_size=_IMAGE_SIZE, channels=3)
    images, count = splits.train.images, options.num_images
    check_count("batch_size", options.batch_size, splits.train)
    check_count("num_images", count, splits.test, "test on")
    measure = faces.compare_with(_spread(splits.test.images, count), options.vgg16_weights)
    mean = np.rint(images.mean(axis=0)).astype(np.uint8)
    baseline, real = measure(mean[None], copies=count), measure(_spread(images, count))
    trainings = {
        family: {
            seed: studies.run_training(
                folder,
                f"{family}, seed {seed}",
                ["samples", "kid", "tones"],
                functools.partial(_train, options, splits.train, measure, family, seed),
                lambda found: f"KID {found['kid'][-1]:.4g}",
            )
            for seed in range(options.seeds)
        }
        for family in options.families
    }
    epochs = options.epoch_numbers
    kids = {
        family: np.stack([each["kid"] for each in seeds.values()])
        for family, seeds in trainings.items()
    }
    ways = (
        f"{family} from {kid[:, 0].mean():.4g} after epoch {epochs[0]} to {kid[:, -1].mean():.4g} "
        f"after epoch {epochs[-1]}"
        for family, kid in kids.items()
    )
    return Outcome(
        title="Faces by fully connected networks",
        question=(
            "The paper trains a GAN on CelebA's faces whose networks know nothing of neighbouring "
            "pixels: the discriminator has maxout units, the generator rectifiers and sigmoids. It "
            "shows samples by epoch beside the mean image, the best that a squared error can do, "
            "and finds them more realistic and of more varied tones with time. Here the kernel "
            "inception distance (KID) from images that no network has seen tells how realistic "
            "they are, and a convolutional GAN (DCGAN) learns from the same images."
        ),
        answer=f"KID: {'; '.join(ways)}; the mean image has {baseline.kid:.4g}.",
        findings=[
            Finding("mean image: KID", baseline.kid, "the baseline (figure 5a)"),
            Finding("images to train on: KID", real.kid),
            *(
                finding
                for family, seeds in trainings.items()
                for finding in _findings(family, epochs, seeds, real)
            ),
        ],
        pictures=[
            Picture(
                "samples",
                "Samples by epoch",
                "Always of the same latents, of seed 0, with the mean image and the data below: "
                "figure 5 of the paper.",
                studies.draw_rows(
                    {
                        f"{family}, {epoch}": samples
                        for family, seeds in trainings.items()
                        for epoch, samples in zip(epochs, seeds[0]["samples"], strict=True)
                    }
                    | {"mean image": mean[None], "data": _spread(images, _SHOWN)}
                ),
                pixels=True,
            ),
            Picture(
                "distances",
                "Distance from images to test on",
                "KID by epoch. Bold: the mean over seeds; faint: every seed.",
                faces.draw_distances(
                    kids, epochs, {"mean image": baseline.kid, "images to train on": real.kid}
                ),
            ),
        ],
    )


def _train(
    options: Options,
    dataset: data.ImageDataset,
    measure: Callable[..., faces.Measures],
    family: str,
    seed: int,
    place: Path,
) -> studies.Arrays:
    """Trains the networks of a family, and measures what they make after each of the epochs."""
    shape = gan.GanShape((), _LATENT_SIZE, options.width(family), family, _IMAGE_SIZE)
    steps = len(dataset.images) // options.batch_size
    _, found = studies.train_image_gan(
        functools.partial(gan.build_networks, shape),
        dataset,
        _RATES,
        place,
        record_steps=[0, *(epoch * steps for epoch in options.epoch_numbers)],
        batch_size=options.batch_size,
        seed=seed,
        num_samples=options.num_images,
    )
    measures = [measure(samples) for samples in found["samples"][1:]]
    return {
        "samples": found["samples"][1:, :_SHOWN],
        "kid": np.array([each.kid for each in measures]),
        "tones": np.array([each.tones for each in measures]),
        "seconds": found["seconds"],
    }


def _findings(
    family: str, epochs: list[int], seeds: Mapping[int, studies.Arrays], real: faces.Measures
) -> list[Finding]:
    """Returns the figures of a family."""
    mean = studies.mean_over_seeds
    paper = family == "maxout"
    return [
        *(
            mean(
                f"{family}, epoch {epoch}: KID",
                {seed: float(found["kid"][row]) for seed, found in seeds.items()},
                f"{_LOOKS[epoch]} (section 3.1)" if paper and epoch in _LOOKS else "",
            )
            for row, epoch in enumerate(epochs)
        ),
        *(
            mean(
                f"{family}, epoch {epoch}: spread of the images' mean greys, relative to the data",
                {seed: float(found["tones"][row]) / real.tones for seed, found in seeds.items()},
                "more than after epoch 5 (section 3.1)" if paper and epoch == 17 else "",
            )
            for row, epoch in enumerate(epochs)
        ),
        studies.mean_seconds(f"{family}: seconds per training", studies.seconds(seeds)),
    ]


def _spread(images: np.ndarray, count: int) -> np.ndarray:
    """Returns so many images, evenly from all classes."""
    return images[np.linspace(0, len(images) - 1, count).astype(int)]
