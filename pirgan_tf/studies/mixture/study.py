"""Mode collapse on a mixture of Gaussians, with and without unrolling: the study itself."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pirgan_tf import studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.files.arrays import read_arrays
from pirgan_tf.studies import mixture
from pirgan_tf.studies.numbers import read_numbers
from pirgan_tf.studies.outcome import Finding, Outcome, Picture

_RECORDS = 25
_SAMPLES = 2048
# The goal for K = 10: all modes, and this share of good samples.
_GOOD = 0.9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study mixture."""

    setting: str = option(
        "Whose data and networks: those of the paper's appendix, or of its authors' notebook.",
        "paper",
        choices=("paper", "notebook"),
    )
    # Neither changes a training that is finished: a list that was begun may become longer.
    unroll_steps: tuple[str, ...] = option(
        "Values of K, with commas.", ("0", "1", "5", "10"), changes_result=False
    )
    seeds: int = option(
        "How many seeds, from 0 on.", 10, minimum=1, below=1000, changes_result=False
    )
    steps: int = option("Steps of each training.", 25_000, minimum=_RECORDS)
    batch_size: int = option(
        "Samples of the data, and of the generator, per step; the paper is silent.",
        512,
        minimum=1,
        below=2**16,
    )

    def validate(self) -> None:
        """Checks the numbers."""
        super().validate()
        read_numbers("unroll_steps", self.unroll_steps, int, 0)


class Training(NamedTuple):
    """A finished training.

    Attributes:
        samples: what its generator made by step, `[records + 1, n, 2]`.
        seconds: how long it took.
    """

    samples: np.ndarray
    seconds: float


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
    values = sorted(read_numbers("unroll_steps", options.unroll_steps, int, 0))
    trainings = {
        k: {seed: _training(options, k, seed, folder) for seed in range(options.seeds)}
        for k in values
    }
    measures = {
        k: {seed: mixture.measure(training.samples, setting) for seed, training in group.items()}
        for k, group in trainings.items()
    }
    steps = np.linspace(0, options.steps, _RECORDS + 1).round().astype(int)
    num_modes = len(setting.modes[0])
    findings = [
        finding
        for k in values
        for finding in _findings(
            k, num_modes, measures[k], {s: t.seconds for s, t in trainings[k].items()}
        )
    ]
    reached = {k: sum(_is_solved(each, num_modes) for each in measures[k].values()) for k in values}
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
            "; ".join(f"K = {k} in {reached[k]} of {options.seeds} seeds" for k in values),
        ),
        findings=findings,
        pictures=[
            Picture(
                "densities",
                "Density of the generator by step",
                "Seed 0 of each K, and the data on the right: figure 1 of the paper.",
                mixture.draw_densities(
                    {k: group[0].samples for k, group in trainings.items()}, steps, setting
                ),
                pixels=True,
            ),
            Picture(
                "measures",
                "Modes, good samples and divergence by step",
                "Bold: the mean over seeds; faint: every seed. Dotted: the data itself.",
                mixture.draw_measures(measures, steps, num_modes),
            ),
        ],
    )


def _training(options: Options, unroll_steps: int, seed: int, folder: Path) -> Training:
    """Returns a training, from the unfinished output if an earlier attempt has finished it."""
    path = folder / "trainings" / f"K-{unroll_steps}-seed-{seed}.npz"
    if path.exists():
        kept = read_arrays(path, Training._fields, "a finished training must be one that was kept")
        return Training(kept["samples"], float(kept["seconds"]))
    setting = mixture.SETTINGS[options.setting]
    begun = time.monotonic()
    samples = mixture.train(
        setting,
        unroll_steps,
        seed,
        options.steps,
        options.batch_size,
        records=_RECORDS,
        samples=_SAMPLES,
    )
    training = Training(samples, time.monotonic() - begun)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, **training._asdict())
    partial.replace(path)
    last = mixture.measure(samples[-1], setting)
    print(
        f"K = {unroll_steps}, seed {seed}: {last.modes} modes, {last.good:.1%} good samples, "
        f"KL {last.divergence:.3f}, {training.seconds:.0f} s",
        flush=True,
    )
    return training


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
        mean(f"K = {k}: seconds per training", seconds, "grows linearly with K (section 4)"),
    ]


def _is_solved(measures: mixture.Measures, num_modes: int) -> bool:
    return bool(measures.modes[-1] == num_modes and measures.good[-1] >= _GOOD)
