"""Images by a convolutional GAN, with and without unrolling: the study itself."""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pirgan_tf import analysis, data, gan, studies, training
from pirgan_tf.cli.options import option
from pirgan_tf.studies import images
from pirgan_tf.studies.image_gan_options import ImageGanOptions
from pirgan_tf.studies.labelled_options import check_count
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_SAMPLES = 500
_PAIRS = 10_000
_RATES = (1e-4, 2e-4)
# Table 1: mean squared error, whose scale of pixels is not stated, and percent best rank.
_PAPER = {
    0: ("0.0231 ± 0.0024", "6.3 %"),
    1: ("0.0195 ± 0.0021", "22.97 %"),
    5: ("0.0200 ± 0.0023", "15.31 %"),
    10: ("0.0181 ± 0.0018", "61.09 %"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(ImageGanOptions):
    """Flags of the study images."""

    seeds: int = seeds_option(1)
    targets: int = option(
        "Images to train on that the generators are to make again; the paper has 1,280.",
        128,
        minimum=2,
        below=2**16,
    )
    width: float = option(
        "Scales the depths of both networks; 1 is the paper.", 1.0, above=0.0, below=16.0
    )

    def validate(self) -> None:
        """Checks the numbers, the dataset and that every layer keeps a channel."""
        super().validate()
        gan.check_width(self.width)


def run(options: Options, folder: Path) -> Outcome:
    """Trains convolutional GANs on images with K unrolled steps of the discriminator.

    With unrolling they make training images again with a smaller error, and their samples are
    as far from each other as those of the data (Unrolled GANs, section 3.3, table 1, figures 3
    to 5). For every K and seed: the mean squared error between training images and the nearest
    that the generator is found to make (L-BFGS on the latent, from three starts), the share of
    images that this K makes best, and the distances of random pairs of samples. A training
    that was not finished goes on from its last checkpoint, and those that are finished are
    kept: the same command goes on with the others, also with more seeds or values of K. Classes
    are not used.
    """
    dataset = data.load_splits(options.dataset, image_size=images.IMAGE_SIZE).train
    for name in ("batch_size", "targets"):
        check_count(name, getattr(options, name), dataset)
    count = len(dataset.images)
    rows = np.random.default_rng(0).choice(count, options.targets, replace=False)
    targets, labels = dataset.images[rows], dataset.labels[rows]
    build = functools.partial(images.build_networks, dataset.images.shape[3], options.width)

    def train(k: int, seed: int, place: Path) -> studies.Arrays:
        generator, arrays = studies.train_image_gan(
            build,
            dataset,
            _RATES,
            place,
            record_steps=studies.record_steps(options.steps),
            batch_size=options.batch_size,
            seed=seed,
            num_samples=_SAMPLES,
            unroll_steps=k,
        )
        found = gan.infer_latents(generator, targets, labels)
        made = training.to_uint8(generator.predict(found.latents, verbose=0))
        return arrays | {"errors": found.errors, "reconstructions": made}

    trainings = studies.run_trainings(
        options,
        folder,
        ["samples", "errors", "reconstructions"],
        train,
        lambda found: f"error {found['errors'].mean():.4f}",
    )
    firsts = {k: group[0] for k, group in trainings.items()}
    errors = {k: {s: each["errors"] for s, each in g.items()} for k, g in trainings.items()}
    distances = {
        k: {s: _distances(each["samples"][-1]) for s, each in group.items()}
        for k, group in trainings.items()
    }
    real = _distances(dataset.images)
    best = min(errors, key=lambda k: np.mean(list(errors[k].values())))
    return Outcome(
        title="Images by a convolutional GAN",
        question=(
            "Samples of these GANs look alike for every number K of unrolled steps of the "
            "discriminator; the paper therefore measures what they can make. It searches the "
            "latent of the image that is nearest to a training image, which is far from it where "
            "the generator has lost a mode, and compares distances of random pairs of samples "
            "with those of the data. K = 0 is the ordinary GAN."
        ),
        answer=f"K = {best} makes the training images again with the smallest mean error.",
        findings=[
            *_error_findings(errors),
            *_distance_findings(distances, float(real.mean())),
            *(
                studies.mean_seconds(
                    f"K = {k}: seconds per training",
                    studies.seconds(group),
                    "grows linearly with K (section 4)",
                )
                for k, group in trainings.items()
            ),
        ],
        pictures=[
            Picture(
                "samples",
                "Samples by step",
                "Seed 0 of each K, always the same latents, and the data on the right. The last "
                "step is figure 3 of the paper.",
                studies.draw_by_step(
                    {k: first["samples"] for k, first in firsts.items()},
                    studies.record_steps(options.steps),
                    dataset.images,
                    studies.draw_images,
                ),
                pixels=True,
            ),
            Picture(
                "reconstructions",
                "Training images and the nearest that each generator makes",
                "The ten on which the smallest and the largest K differ most, and the mean "
                "squared errors; seed 0: figure 4 of the paper.",
                images.draw_reconstructions(
                    targets,
                    {k: first["reconstructions"] for k, first in firsts.items()},
                    {k: first["errors"] for k, first in firsts.items()},
                ),
                pixels=True,
            ),
            Picture(
                "distances",
                "Distances of random pairs of images",
                "A generator that has lost modes makes images that are nearer to each other than "
                "those of the data; all seeds together: figure 5 of the paper.",
                images.draw_histograms(
                    {f"K = {k}": np.concatenate([*d.values()]) for k, d in distances.items()}
                    | {"data": real}
                ),
            ),
        ],
    )


def _distances(pixels: np.ndarray) -> np.ndarray:
    """Returns the distances of random pairs of images, uint8, as of pixels in [-1, 1]."""
    return analysis.pairwise_distances(pixels, _PAIRS, seed=0) / 127.5


def _error_findings(errors: Mapping[int, Mapping[int, np.ndarray]]) -> list[Finding]:
    """Returns table 1, and each K against the smallest, by K and seed, errors `[targets]`."""
    # It takes a second to import.
    from scipy.stats import ttest_rel

    mean = studies.mean_over_seeds
    seeds = list(next(iter(errors.values())))
    shares = {s: analysis.best_shares([each[s] for each in errors.values()]) for s in seeds}
    smallest = next(iter(errors))
    findings = []
    for number, (k, of) in enumerate(errors.items()):
        paper = _PAPER.get(k, ("", ""))
        findings += [
            mean(
                f"K = {k}: mean squared error of the nearest images, pixels in [-1, 1]",
                {s: float(each.mean()) for s, each in of.items()},
                paper[0],
            ),
            mean(
                f"K = {k}: share of images that it makes best",
                {s: float(share[number]) for s, share in shares.items()},
                paper[1],
            ),
        ]
        if number:
            base = errors[smallest]
            findings += [
                mean(
                    f"K = {k} against K = {smallest}: ratio of the mean squared errors",
                    {s: float(of[s].mean() / base[s].mean()) for s in seeds},
                    "0.78 (table 1)" if (smallest, k) == (0, 10) else "",
                ),
                Finding(
                    f"K = {k} against K = {smallest}: p of a paired t-test over images, whose "
                    "errors are means over seeds",
                    float(
                        ttest_rel(
                            *(np.mean([*each.values()], axis=0) for each in (of, base))
                        ).pvalue
                    ),
                ),
            ]
    return findings


def _distance_findings(
    distances: Mapping[int, Mapping[int, np.ndarray]], real: float
) -> list[Finding]:
    """Returns the mean distances by K and seed, as shares of the data's."""
    paper = {0: "below 1 (figure 5)", 10: "nearer to 1 (figure 5)"}
    return [
        studies.mean_over_seeds(
            f"K = {k}: mean distance of two images, relative to the data",
            {s: float(each.mean() / real) for s, each in of.items()},
            paper.get(k, ""),
        )
        for k, of in distances.items()
    ]
