"""Mode collapse on a mixture of Gaussians, with and without unrolling: the study itself."""

import dataclasses
import math
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pirgan_tf import studies
from pirgan_tf.cli.options import option
from pirgan_tf.studies import mixture
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import UnrollOptions

_RECORDS = 25
_SAMPLES = 2048
# The goal for K = 10: all modes, and this share of good samples.
_GOOD = 0.9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(UnrollOptions):
    """Flags of the study mixture."""

    setting: str = option(
        "Whose data and networks: those of the paper's appendix, or of its authors' notebook.",
        "paper",
        choices=("paper", "notebook"),
    )
    steps: int = option("Steps of each training.", 25_000, minimum=_RECORDS)
    batch_size: int = option(
        "Samples of the data, and of the generator, per step; the paper is silent.",
        512,
        minimum=1,
        below=2**16,
    )


def run(options: Options, folder: Path) -> Outcome:
    """Trains GANs on a ring of Gaussians with K unrolled steps of the discriminator.

    Without unrolling the generator moves from mode to mode; with K = 10 it covers all
    (Unrolled GANs, section 3.1, figure 1). For every K and seed: how many modes are covered
    (at least 1 % of the samples within 3 standard deviations), the share of samples within
    3 standard deviations of any, and the KL divergence of the modes' shares from the data's.
    A finished training is kept: the same command goes on with the others, also with more
    seeds or values of K.
    """
    setting = mixture.SETTINGS[options.setting]

    def tell(training: studies.Arrays) -> str:
        last = mixture.measure(training["samples"][-1], setting)
        return f"{last.modes} modes, {last.good:.1%} good samples, KL {last.divergence:.3f}"

    trainings = studies.run_trainings(
        options, folder, ["samples"], lambda k, seed, _: _train(options, k, seed), tell
    )
    measures = {
        k: {seed: mixture.measure(each["samples"], setting) for seed, each in group.items()}
        for k, group in trainings.items()
    }
    steps = np.linspace(0, options.steps, _RECORDS + 1).round().astype(int).tolist()
    num_modes = len(setting.modes[0])
    findings = [
        finding
        for k in options.ks
        for finding in _findings(k, num_modes, measures[k], studies.seconds(trainings[k]))
    ]
    reached = {
        k: sum(_is_solved(each, num_modes) for each in measures[k].values()) for k in options.ks
    }
    return Outcome(
        title="Mode collapse on a mixture of Gaussians",
        question=(
            "A GAN learns a ring of Gaussians. The paper shows one training with K = 10 unrolled "
            "steps of the discriminator, which covers all modes, and one without, which moves "
            "from mode to mode. Whether the latter happens depends on the initial weights, hence "
            "several seeds. K = 0 is the ordinary GAN."
        ),
        answer="All {} modes, with at least {:.0%} good samples at the end: {}.".format(
            num_modes,
            _GOOD,
            "; ".join(f"K = {k} in {reached[k]} of {options.seeds} seeds" for k in options.ks),
        ),
        findings=findings,
        pictures=[
            Picture(
                "densities",
                "Density of the generator by step",
                "Seed 0 of each K, and the data on the right: figure 1 of the paper.",
                mixture.draw_densities(
                    {k: group[0]["samples"] for k, group in trainings.items()}, steps, setting
                ),
                pixels=True,
            ),
            Picture(
                "measures",
                "Modes, good samples and divergence by step",
                "Bold: the mean over seeds; faint: every seed. Dotted: the data itself.",
                studies.draw_measures(
                    measures,
                    steps,
                    {
                        "modes": ("modes covered", num_modes),
                        # Of two dimensions, what lies within 3 standard deviations.
                        "good": ("share of good samples", 1 - math.exp(-4.5)),
                        "divergence": ("KL of shares, nats", 0.0),
                    },
                ),
            ),
        ],
    )


def _train(options: Options, unroll_steps: int, seed: int) -> studies.Arrays:
    begun = time.monotonic()
    samples = mixture.train(
        mixture.SETTINGS[options.setting],
        unroll_steps,
        seed,
        options.steps,
        options.batch_size,
        records=_RECORDS,
        samples=_SAMPLES,
    )
    return {"samples": samples, "seconds": np.array(time.monotonic() - begun)}


def _findings(
    k: int,
    num_modes: int,
    measures: Mapping[int, mixture.Measures],
    seconds: Mapping[int, float],
) -> list[Finding]:
    """Returns the figures of one K at the end of training, and of the way there."""
    figure = {0: "one mode at a time (figure 1)", 10: "all (figure 1)"}.get(k, "")
    last = {s: mixture.Measures(*(each[-1] for each in m)) for s, m in measures.items()}
    most = {s: float(m.modes.max()) for s, m in measures.items()}
    solved = {s: _is_solved(m, num_modes) for s, m in measures.items()}
    mean = studies.mean_over_seeds
    return [
        mean(
            f"K = {k}: modes covered, of {num_modes}",
            {s: float(m.modes) for s, m in last.items()},
            figure,
        ),
        mean(f"K = {k}: most modes at any recorded step", most),
        mean(f"K = {k}: share of good samples", {s: float(m.good) for s, m in last.items()}),
        mean(
            f"K = {k}: KL of the modes' shares, nats",
            {s: float(m.divergence) for s, m in last.items()},
        ),
        studies.share_of_seeds(
            f"K = {k}: seeds with all modes and {_GOOD:.0%} good samples",
            solved,
            "converges to the target (figure 1)" if k == 10 else "",
        ),
        studies.mean_seconds(
            f"K = {k}: seconds per training", seconds, "grows linearly with K (section 4)"
        ),
    ]


def _is_solved(measures: mixture.Measures, num_modes: int) -> bool:
    return bool(measures.modes[-1] == num_modes and measures.good[-1] >= _GOOD)
