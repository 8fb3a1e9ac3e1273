"""Classifiers that learn from few labels and a generator: the study itself."""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pirgan_tf import data, studies
from pirgan_tf.cli.options import option
from pirgan_tf.errors import check_name
from pirgan_tf.studies import semi_supervised
from pirgan_tf.studies.labelled_options import LabelledOptions, check_count
from pirgan_tf.studies.numbers import check_different, read_numbers
from pirgan_tf.studies.outcome import Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_ARRAYS = ("steps", "curve", "probabilities", "samples")
_METHODS = ("feature_matching", "minibatch_discrimination")
# Networks of a seed, of which each has a seed of its own.
_MOST_NETWORKS = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions):
    """Flags of the study semi_supervised."""

    # They change no training that is finished: a list that was begun may become longer.
    labels: tuple[str, ...] = option(
        "Numbers of images that have a label, with commas; as many of each class.",
        ("20", "50", "100", "200"),
        changes_result=False,
    )
    methods: tuple[str, ...] = option(
        f"What the generator learns by, with commas: {', '.join(_METHODS)}.",
        _METHODS,
        changes_result=False,
    )
    seeds: int = seeds_option(1)
    ensemble: int = option(
        "Networks for each seed, that is, for the same labelled images.",
        1,
        minimum=1,
        maximum=_MOST_NETWORKS,
        changes_result=False,
    )
    steps: int = option(
        "Steps of each training, an update of each network; the paper has 180,000.",
        1000,
        minimum=1,
    )
    batch_size: int = option(
        "Labelled images, unlabelled ones and generated ones, per step.",
        100,
        minimum=2,
        below=2**16,
    )
    learning_rate: float = option(
        "Of both networks at the first step; it goes down to 0 evenly.",
        0.003,
        above=0.0,
        maximum=1.0,
    )
    average_decay: float = option(
        "Of the average of the classifier's weights, per step.", 0.9999, minimum=0.0, below=1.0
    )

    @property
    def counts(self) -> tuple[int, ...]:
        """The numbers of labels, in ascending order."""
        return tuple(sorted(read_numbers("labels", self.labels, int, 1)))

    def validate(self) -> None:
        """Checks the dataset, the numbers of labels and the methods."""
        super().validate()
        read_numbers("labels", self.labels, int, 1)
        for name in self.methods:
            check_name("method", name, _METHODS)
        check_different("methods", self.methods)


def run(options: Options, folder: Path) -> Outcome:
    """Trains classifiers on 20 to 200 labelled images, many unlabelled ones and generated ones.

    A discriminator that tells the classes apart, and generated images from all of them, learns
    from images without a label too (Salimans et al. 2016; table 1). The generator makes images
    with the features of real ones in the mean (feature matching), or is kept from making one
    image only by minibatch discrimination. The error on test images is that of the average of
    the classifier's weights, of one network and of several together. A training that was not
    finished goes on from its last checkpoint, and those that are finished are kept: the same
    command goes on with the others, also with more labels, methods, seeds or networks.
    """
    splits = data.load_splits(options.dataset, image_size=semi_supervised.IMAGE_SIZE, channels=1)
    check_count("batch_size", options.batch_size, splits.train)
    semi_supervised.check_labels(options.counts, splits.train)
    trainings = {
        method: {
            count: {
                seed: [
                    studies.run_training(
                        folder,
                        f"{count} labels, {method}, seed {seed}, network {number}",
                        _ARRAYS,
                        functools.partial(train, options, splits, method, count, seed, number),
                        lambda found: f"{found['curve'][-1, 0]:.2%} errors",
                    )
                    for number in range(options.ensemble)
                ]
                for seed in range(options.seeds)
            }
            for count in options.counts
        }
        for method in options.methods
    }
    truth = splits.test.labels
    most = options.counts[-1]
    measured = semi_supervised.measure(trainings, truth)
    return Outcome(
        title="Few labels and many images",
        question=(
            "A classifier of K classes that also knows generated images for what they are is a "
            "discriminator, and learns from images without labels. The paper trains one on "
            "MNIST's 60,000 images, of which 20 to 200 have a label, each pixel an input without "
            "neighbours. By feature matching its generator helps most to classify; with minibatch "
            "discrimination it makes better images. The classifier is tested with an average of "
            "its weights, alone and as one of ten."
        ),
        answer=_answer(measured),
        findings=[
            finding
            for method, counts in trainings.items()
            for count, seeds in counts.items()
            for finding in semi_supervised.describe(count, method, seeds, truth)
        ],
        pictures=[
            Picture(
                "errors",
                "Errors by labelled images",
                "Table 1 of the paper, whose bars are standard deviations over ten sets of "
                "labelled images. Lines: the mean over seeds; faint: every seed.",
                semi_supervised.draw_errors(measured),
            ),
            Picture(
                "curves",
                "Errors by step",
                "Lines: with the average of weights; dotted: without. Means over all networks.",
                semi_supervised.draw_curves(trainings),
            ),
            Picture(
                "samples",
                "Samples",
                f"Of the generators of {most} labels, seed 0, and images to train on: figure 3 of "
                "the paper.",
                semi_supervised.draw_samples(
                    {
                        **{m: counts[most][0][0]["samples"] for m, counts in trainings.items()},
                        "data": splits.train.images,
                    }
                ),
                pixels=True,
            ),
        ],
    )


def train(
    options: Options,
    splits: data.Splits,
    method: str,
    count: int,
    seed: int,
    number: int,
    place: Path,
) -> studies.Arrays:
    """Trains a network on the labelled images of a seed."""
    return semi_supervised.train(
        splits,
        semi_supervised.choose_labelled(splits.train, count, seed),
        place,
        minibatch_discrimination=method == "minibatch_discrimination",
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        average_decay=options.average_decay,
        seed=seed * _MOST_NETWORKS + number,
    )


def _answer(measured: Mapping[str, Mapping[int, Mapping[int, float]]]) -> str:
    """Tells the mean errors by what was measured and the number of labels."""
    sentences = []
    for name, counts in measured.items():
        means = (f"{np.mean(list(seeds.values())):.2f} % with {k}" for k, seeds in counts.items())
        sentences.append(f"{name}: {', '.join(means)}")
    return f"Errors on test images by labelled ones: {'; '.join(sentences)}."
