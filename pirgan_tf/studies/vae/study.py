"""Variational autoencoders with three kinds of posteriors: the study itself."""

import dataclasses
import functools
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pirgan_tf import data, studies
from pirgan_tf.cli.options import option
from pirgan_tf.studies import vae
from pirgan_tf.studies.labelled_options import LabelledOptions, check_count
from pirgan_tf.studies.numbers import check_different
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_RECORDS = 20
_SHOWN = 12
_ARRAYS = ("train", "test", "bound", "log_likelihood", "reconstructions", "samples")
# Table 1, of MNIST with 784 pixels: bound and log p(x).
_PAPER = {
    "diagonal": (-84.08, -81.08),
    "iaf:2x320": (-82.02, -79.77),
    "iaf:8x1920": (-80.80, -79.10),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions):
    """Flags of the study vae."""

    # It changes no training that is finished: a list that was begun may become longer.
    posteriors: tuple[str, ...] = option(
        "Posteriors, with commas: diagonal, linear (all covariances), or iaf:DEPTHxWIDTH, a flow "
        "of that many steps with that many hidden units each.",
        ("diagonal", "linear", "iaf:2x320", "iaf:2x1920", "iaf:8x1920"),
        changes_result=False,
    )
    seeds: int = seeds_option(1)
    epochs: int = option("Passes over the images.", 100, minimum=1)
    batch_size: int = option("Images per step.", 100, minimum=1, below=2**16)
    importance_samples: int = option(
        "Samples of z for each test image, for the log-likelihood.", 128, minimum=1, below=2**16
    )

    def validate(self) -> None:
        """Checks the dataset and the posteriors."""
        super().validate()
        for name in self.posteriors:
            vae.read_flow(name)
        check_different("posteriors", self.posteriors)


def run(options: Options, folder: Path) -> Outcome:
    """Trains variational autoencoders whose posteriors are diagonal, linear, or a flow.

    An inverse autoregressive flow makes the posterior flexible, and the variational bound
    tighter (Kingma et al. 2016, table 1). For every posterior: the bound and the
    importance-sampled log-likelihood of the test images, which are binarised, in nats per image.
    A finished training is kept: the same command goes on with the others, also with more seeds
    or posteriors.
    """
    splits = data.load_splits(options.dataset, image_size=vae.IMAGE_SIZE, channels=1)
    check_count("batch_size", options.batch_size, splits.train)
    epochs = np.unique(np.linspace(0, options.epochs, _RECORDS + 1).round().astype(int))[
        1:
    ].tolist()
    trainings = {
        name: {
            seed: studies.run_training(
                folder,
                f"{name}, seed {seed}",
                _ARRAYS,
                functools.partial(train, options, splits, epochs, name, seed),
                lambda found: f"bound {found['bound']:.2f}, log p {found['log_likelihood']:.2f}",
            )
            for seed in range(options.seeds)
        }
        for name in options.posteriors
    }
    findings = [
        finding
        for name, seeds in trainings.items()
        for finding in describe(name, seeds, trainings.get("diagonal", {}))
    ]
    bounds = {
        name: np.mean([found["bound"] for found in seeds.values()])
        for name, seeds in trainings.items()
    }
    curves = {
        part: {
            name: np.mean([found[part] for found in seeds.values()], axis=0)
            for name, seeds in trainings.items()
        }
        for part in ("train", "test")
    }
    return Outcome(
        title="Posteriors of variational autoencoders",
        question=(
            "A variational autoencoder maximises a bound of log p(x), which is lower the further "
            "the approximate posterior is from the true one. The usual posterior is a diagonal "
            "Gaussian; the paper makes it a flow of inverse autoregressive steps. Here are these "
            "two, and a Gaussian with all covariances, which is the flow's linear case."
        ),
        answer="Variational bound on test images, in nats: {}.".format(
            "; ".join(f"{name} {bound:.2f}" for name, bound in bounds.items())
        ),
        findings=findings,
        pictures=[
            Picture(
                "bounds",
                "Bound by epoch",
                "Lines: on test images, one sample for each. Dotted: on those to train on, as "
                "they are seen.",
                vae.draw_bounds(epochs, curves["train"], curves["test"]),
            ),
            Picture(
                "reconstructions",
                "Reconstructions",
                "Above test images, and below what each model makes of them, once binarised: the "
                "probability of each pixel. Seed 0.",
                studies.draw_rows(
                    {"data": splits.test.images[:_SHOWN]} | _pictures(trainings, "reconstructions")
                ),
                pixels=True,
            ),
            Picture(
                "samples",
                "Samples",
                "From the prior: the probability of each pixel. Seed 0.",
                studies.draw_rows(_pictures(trainings, "samples")),
                pixels=True,
            ),
        ],
    )


def train(
    options: Options, splits: data.Splits, epochs: list[int], name: str, seed: int, _: Path
) -> studies.Arrays:
    """Trains a model and returns its figures and pictures."""
    import keras

    from pirgan_tf.training.randomness import stream_seed

    keras.utils.set_random_seed(seed)
    model = vae.VariationalAutoencoder(vae.build_posterior(name, vae.LATENT_SIZE))
    estimate = vae.make_estimator(model, splits.test.images, seed)
    curve, seconds = [], 0.0
    begun = time.monotonic()
    for bound in vae.train(
        model, splits.train.images, seed=seed, epochs=epochs, batch_size=options.batch_size
    ):
        seconds += time.monotonic() - begun
        curve.append((bound, estimate(1).bound))
        begun = time.monotonic()
    last = estimate(options.importance_samples)
    stream = stream_seed(seed, "vae_pictures")
    shown = vae.binarise(splits.test.images[:_SHOWN], stream)
    pictures = (model.reconstruct(shown, stream), model.generate(_SHOWN, stream))
    return {
        "train": np.array(curve)[:, 0],
        "test": np.array(curve)[:, 1],
        "bound": np.array(last.bound),
        "log_likelihood": np.array(last.log_likelihood),
        "reconstructions": _to_uint8(pictures[0]),
        "samples": _to_uint8(pictures[1]),
        "seconds": np.array(seconds),
    }


def describe(
    name: str, seeds: Mapping[int, studies.Arrays], diagonal: Mapping[int, studies.Arrays]
) -> list[Finding]:
    """Returns the figures of a posterior, and how far its bound is above the diagonal one's."""
    paper = [f"{value} on MNIST (table 1)" for value in _PAPER.get(name, ())] or ["", ""]

    def mean(what: str, values: Mapping[int, float], paper: str = "") -> Finding:
        return studies.mean_over_seeds(f"{name}: {what}", values, paper)

    bounds = {seed: float(found["bound"]) for seed, found in seeds.items()}
    findings = [
        mean("variational bound, nats", bounds, paper[0]),
        mean(
            "log p(x) by importance sampling, nats",
            {seed: float(found["log_likelihood"]) for seed, found in seeds.items()},
            paper[1],
        ),
        studies.mean_seconds(f"{name}: seconds of training", studies.seconds(seeds)),
    ]
    if diagonal and name != "diagonal":
        ours = {seed: bound - float(diagonal[seed]["bound"]) for seed, bound in bounds.items()}
        gain = ""
        if name in _PAPER:
            gain = f"{_PAPER[name][0] - _PAPER['diagonal'][0]:.2f} on MNIST (table 1)"
        findings.insert(1, mean("bound above the diagonal posterior's, nats", ours, gain))
    return findings


def _pictures(trainings: Mapping[str, Mapping[int, studies.Arrays]], kind: str):
    return {name: seeds[0][kind] for name, seeds in trainings.items()}


def _to_uint8(probabilities) -> np.ndarray:
    return np.rint(255 * np.asarray(probabilities)).astype(np.uint8)
