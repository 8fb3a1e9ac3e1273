"""A GAN on one Gaussian: the study itself."""

import dataclasses
from pathlib import Path

import numpy as np

from pirgan_tf import studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.studies import gaussian
from pirgan_tf.studies.outcome import Finding, Outcome, Picture

_RECORDS = 90
_SAMPLES = 1000
# Of the data's standard deviation, below which a generator counts as collapsed.
_COLLAPSED = 0.5
# The share of the steps, at the end, over which the losses are averaged.
_LAST = 0.1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study gaussian."""

    seeds: int = option("How many seeds, from 0 on.", 10, minimum=1, below=1000)
    steps: int = option("Steps of both networks.", 4500, minimum=_RECORDS)
    batch_size: int = option(
        "Samples of the data, and of the generator, per step.", 200, minimum=2, below=2**13
    )
    pretraining: int = option("Steps of the discriminator alone, before.", 100_000, minimum=1)
    learning_rate: float = option(
        "Of both networks; the paper is silent.", 0.03, above=0.0, maximum=10.0
    )


def run(options: Options, _: Path) -> Outcome:
    """Trains GANs on a standard Gaussian: convergence, collapse, and two ways to help.

    The paper (section 2) observes that both losses converge to their optima, that the
    generator makes only the mode ("Helvetica"), and that D is flatter at 0.5 if it was trained
    before. It names minibatch discrimination and does not try it. A seed counts as collapsed if
    the standard deviation of its samples is below 0.5, half of the data's.
    """
    trainings = {
        name: gaussian.train(
            condition,
            seeds=options.seeds,
            steps=options.steps,
            batch_size=options.batch_size,
            pretraining=options.pretraining,
            learning_rate=options.learning_rate,
            records=_RECORDS,
            num_samples=_SAMPLES,
        )
        for name, condition in gaussian.CONDITIONS.items()
    }
    findings = [
        finding for name, training in trainings.items() for finding in describe(name, training)
    ]
    collapsed = {name: int(is_collapsed(each).sum()) for name, each in trainings.items()}
    ends = np.linspace(0, options.steps, _RECORDS + 1).round()[1:]
    return Outcome(
        title="A GAN on one Gaussian",
        question=(
            "Two small networks of tanh, and noise that is uniform on [-5, 5]. The paper finds "
            "that both losses converge to their optima while the generator makes one spike at the "
            "mode, and that the discriminator is flatter at 0.5 if it was trained before. It does "
            "not say what the discriminator learned before: here the data's density, as in the "
            "tutorial that the paper matches, or to tell data from what the untrained generator "
            "makes. Minibatch discrimination, which the paper names, is tried too."
        ),
        answer="Seeds that collapse, of {}: {}.".format(
            options.seeds, "; ".join(f"{name}, {count}" for name, count in collapsed.items())
        ),
        findings=findings,
        pictures=[
            Picture(
                "densities",
                "Data, samples and discriminator",
                "Seed 0: figure 2 of the paper. Spikes are cut off at the top.",
                gaussian.draw_densities(trainings, seed=0),
            ),
            Picture(
                "losses",
                "Losses by step",
                "Left what D ascends, right what G ascends: figure 3 of the paper. Bold: the mean "
                "over seeds; faint: every seed; dotted: the optimum.",
                gaussian.draw_losses(trainings, ends),
            ),
            Picture(
                "discriminators",
                "Discriminators after training",
                "D(x), one line per seed: figure 4 of the paper. With minibatch discrimination, D "
                "of an x among samples of the data.",
                gaussian.draw_discriminators(trainings),
            ),
        ],
    )


def is_collapsed(training: "gaussian.Training") -> np.ndarray:
    """Returns for each seed whether its samples vary less than half as much as the data."""
    return training.samples[-1].std(1) < _COLLAPSED


def describe(name: str, training: "gaussian.Training") -> list[Finding]:
    """Returns the figures of a condition."""
    condition = gaussian.CONDITIONS[name]
    samples = training.samples[-1]
    last = round(_LAST * len(training.values)) or 1
    flatness = np.abs(training.curves[-1] - 0.5)
    density = np.exp(-(gaussian.GRID**2) / 2)
    pretrained = "flatter" if condition.pretraining else ""

    def mean(what: str, values: np.ndarray, paper: str = "") -> Finding:
        by_seed = dict(enumerate(values.tolist()))
        return studies.mean_over_seeds(f"{name}: {what}", by_seed, paper)

    return [
        studies.share_of_seeds(
            f"{name}: seeds that collapse",
            dict(enumerate(is_collapsed(training).tolist())),
            condition.paper,
        ),
        mean("standard deviation of the samples", samples.std(1), "the data's, 1"),
        mean("mean of the samples", samples.mean(1), "the data's, 0"),
        mean(
            "distance of the samples' mean from the mode",
            np.abs(samples.mean(1)),
            "0" if name == "plain" else "",
        ),
        mean(
            "E log D(x) + E log(1 - D(G(z))) at the end",
            training.values[-last:].mean(0),
            "-1.38 = 2 ln 0.5",
        ),
        mean("E log D(G(z)) at the end", training.fooling[-last:].mean(0), "-0.69 = ln 0.5"),
        mean("|D(x) - 0.5|, mean on [-5, 5]", flatness.mean(1), pretrained),
        mean(
            "|D(x) - 0.5|, mean over the data",
            flatness @ density / density.sum(),
            pretrained,
        ),
    ]
