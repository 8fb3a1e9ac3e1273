"""InfoGAN: the study itself."""

import dataclasses
import functools
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from pirgan_tf import data, studies
from pirgan_tf.cli.options import option
from pirgan_tf.studies import infogan
from pirgan_tf.studies.labelled_options import LabelledOptions, check_count
from pirgan_tf.studies.outcome import Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_RECORDS = 40
_ROWS, _COLUMNS = 5, 10
# Figure 2 of the paper varies the continuous codes from -2 to 2, beyond those it was trained on.
_REACH = 2.0
_GRIDS = ("category", "first", "second")
_ARRAYS = ("records", "error", "names", *_GRIDS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions):
    """Flags of the study infogan."""

    NUM_CLASSES: ClassVar[int] = 10

    seeds: int = seeds_option(3)
    steps: int = option("Steps of each training.", 1000, minimum=1)
    batch_size: int = option(
        "Real images, and generated ones, per step.", 128, minimum=2, below=2**16
    )


def run(options: Options, folder: Path) -> Outcome:
    """Trains InfoGANs on digits: information, classification, and the meaning of codes.

    A generator that gets a categorical and two continuous codes, and is rewarded if they can be
    read from its images, puts the digit into the category without ever seeing a label (Chen et
    al. 2016, figures 1 and 2). The bound of the category's information goes up to ln 10. Read
    from real images, the category classifies them: each code is named by the class of most
    images to train on that have it, and the error is of test images. A finished training is
    kept: the same command goes on with the others, also with more seeds.
    """
    splits = data.load_splits(
        options.dataset,
        image_size=infogan.IMAGE_SIZE,
        channels=1,
        num_classes=options.NUM_CLASSES,
    )
    check_count("batch_size", options.batch_size, splits.train)
    ends = np.linspace(0, options.steps, _RECORDS + 1).round().astype(int)
    steps = np.unique(ends)[1:].tolist()
    trainings = {
        seed: studies.run_training(
            folder,
            f"seed {seed}",
            _ARRAYS,
            functools.partial(train, options, splits, steps, seed),
            lambda found: f"bound {found['records'][-1, 0]:.3f}, error {found['error']:.1%}",
        )
        for seed in range(options.seeds)
    }
    errors = {seed: float(found["error"]) for seed, found in trainings.items()}
    bounds = {seed: float(found["records"][-1, 0]) for seed, found in trainings.items()}
    used = {
        seed: float(len(set(found["names"].tolist()) - {-1})) for seed, found in trainings.items()
    }
    bound = studies.mean_over_seeds(
        "bound of the category's information at the end, nats", bounds, "2.30 = ln 10 (figure 1)"
    )
    error = studies.mean_over_seeds(
        "error of the category as a classifier", errors, "0.05 on MNIST (section 7.2)"
    )
    first = trainings[0]
    names = [splits.train.class_names[name] if name >= 0 else "-" for name in first["names"]]
    values = [f"{value:.1f}" for value in np.linspace(-_REACH, _REACH, _COLUMNS)]
    return Outcome(
        title="Codes that mean something",
        question=(
            "An InfoGAN is a GAN some of whose latents, the codes, must be readable from the "
            "images. The paper finds that a code of ten values becomes the digit, and that two "
            "continuous ones become slant and width, without labels."
        ),
        answer=(
            f"Over {options.seeds} seeds the bound of the category's information reaches "
            f"{bound.value:.2f} nats of {np.log(10):.2f}; as a classifier the category is wrong "
            f"for {error.value:.1%} of test images, and at best for {min(errors.values()):.1%}."
        ),
        findings=[
            bound,
            error,
            studies.mean_over_seeds("classes that a code is named by, of 10", used),
            studies.mean_over_seeds(
                "bound of the continuous codes' information, of -0.45 at most, nats",
                {seed: float(found["records"][-1, 1]) for seed, found in trainings.items()},
            ),
            studies.mean_seconds("seconds of training", studies.seconds(trainings)),
        ],
        pictures=[
            Picture(
                "information",
                "Information of the categorical code",
                "The bound by step: figure 1 of the paper.",
                infogan.draw_progress(
                    steps, {seed: found["records"][:, 0] for seed, found in trainings.items()}
                ),
            ),
            Picture(
                "category",
                "The categorical code varied",
                "Along each row only the categorical code differs; above, the class by which each "
                "value is named. Seed 0: figure 2a of the paper.",
                studies.draw_grid(first["category"], names),
                pixels=True,
            ),
            *(
                Picture(
                    f"{name}_code",
                    f"The {name} continuous code varied",
                    f"Along each row only the {name} continuous code differs, from -2 to 2; it "
                    f"was trained from -1 to 1. Seed 0: figure 2{panel} of the paper.",
                    studies.draw_grid(first[name], values),
                    pixels=True,
                )
                for name, panel in (("first", "c"), ("second", "d"))
            ),
        ],
    )


def train(
    options: Options, splits: data.Splits, steps: list[int], seed: int, _: Path
) -> studies.Arrays:
    """Trains an InfoGAN and returns its figures and pictures."""
    from pirgan_tf.training.randomness import stream_seed

    begun = time.monotonic()
    models, records = infogan.train(
        splits.train.images, seed=seed, ends=steps, batch_size=options.batch_size
    )
    seconds = time.monotonic() - begun
    codes = [infogan.classify(models.discriminator, part.images) for part in splits]
    error, names = infogan.error_of_codes(splits, *codes)
    latents = infogan.vary_codes(_ROWS, _COLUMNS, _REACH, stream_seed(seed, "infogan_pictures"))
    pictures = (np.asarray(models.generator(each, training=False)) for each in latents)
    return {
        "records": records,
        "error": np.array(error),
        "names": names,
        **{
            name: np.rint(255 * images).astype(np.uint8)
            for name, images in zip(_GRIDS, pictures, strict=True)
        },
        "seconds": np.array(seconds),
    }
