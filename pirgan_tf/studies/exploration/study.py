"""Exploration of tasks with a goal and no other reward: the study itself."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import scipy

from pirgan_tf import studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.studies import control, exploration
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

# A seed counts if over this many iterations, at the end, half of the episodes reach the goal.
_LAST = 5
_SHARE = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study exploration."""

    environment: tuple[str, ...] = option(
        "MountainCar or Acrobot, or both with a comma.",
        ("MountainCar", "Acrobot"),
        changes_result=False,
    )
    seeds: int = seeds_option(10)
    weight: float = option(
        "Of the information in the reward (the paper's eta); gains are divided by their median.",
        1e-4,
        above=0.0,
    )
    iterations: int = option("Updates of the policy in each training.", 20, minimum=_LAST)
    steps: int = option(
        "Steps of the environment per update, at least.", 5000, minimum=1, below=2**20
    )

    def validate(self) -> None:
        """Checks the names, the numbers, and that gymnasium is there."""
        super().validate()
        control.check_environments(self.environment, exploration.TASKS)


Trained = Mapping[str, list[studies.Arrays]]
"""The trainings of all seeds, by the way of exploring."""


def run(options: Options, folder: Path) -> Outcome:
    """Trains policies to find a goal, by information about the dynamics and by noise alone.

    Nothing but the goal is rewarded. VIME adds the information that each step gives about the
    weights of a Bayesian network of the dynamics (Houthooft et al. 2016, section 2); the same
    policy without it has only the noise of its actions. A seed counts as one that reaches the
    goal if over the last five iterations half of the episodes do. Fisher's exact test, one-sided,
    compares how many there are. A finished training is kept: the same command goes on with the
    others, also with more of them.
    """
    trained = {
        name: {
            way: [_train(options, folder, name, way, weight, seed) for seed in range(options.seeds)]
            for way, weight in (("VIME", options.weight), ("noise", 0.0))
        }
        for name in options.environment
    }
    return Outcome(
        title="Exploration for information",
        question=(
            "Where only the goal is rewarded, a policy that never reaches it learns nothing. VIME "
            "rewards information about the dynamics too, by how much an observation changes what "
            "a Bayesian network knows. The paper finds that it reaches goals which the noise of "
            "the policy's actions does not."
        ),
        answer=" ".join(_compare(name, ways) for name, ways in trained.items()),
        findings=[finding for name, ways in trained.items() for finding in describe(name, ways)],
        pictures=[
            Picture(
                "goals",
                "Episodes that reach the goal, by iteration",
                "Bold: the mean over seeds; faint: every seed.",
                control.draw_curves(
                    {
                        name: {
                            way: np.stack([each["reached"] for each in group])
                            for way, group in ways.items()
                        }
                        for name, ways in trained.items()
                    },
                    "share of episodes",
                ),
            )
        ],
    )


def describe(name: str, ways: Trained) -> list[Finding]:
    """Returns the figures of a task."""
    findings = []
    for way, group in ways.items():
        found = {seed: bool(each["reached"].any()) for seed, each in enumerate(group)}
        findings += [
            studies.share_of_seeds(
                f"{name}: seeds that reach the goal, {way}",
                dict(enumerate(map(is_solved, group))),
                {"VIME": "reaches the goal", "noise": "does not (figure 2)"}[way],
            ),
            studies.share_of_seeds(f"{name}: seeds that ever find the goal, {way}", found),
            studies.mean_over_seeds(
                f"{name}: share of the last episodes that reach it, {way}",
                {seed: _last(each) for seed, each in enumerate(group)},
            ),
            studies.mean_seconds(
                f"{name}: seconds per training, {way}", studies.seconds(dict(enumerate(group)))
            ),
        ]
    findings.append(Finding(f"{name}: p of Fisher's exact test, one-sided", p_value(ways)))
    return findings


def is_solved(training: studies.Arrays) -> bool:
    """Returns whether half of the last episodes reach the goal."""
    return _last(training) >= _SHARE


def p_value(ways: Trained) -> float:
    """Returns how probable so many more seeds of VIME than of noise are, if both are the same."""
    table = [
        [solved, len(group) - solved]
        for group in (ways["VIME"], ways["noise"])
        for solved in [sum(map(is_solved, group))]
    ]
    return float(scipy.stats.fisher_exact(table, alternative="greater").pvalue)


def _last(training: studies.Arrays) -> float:
    return float(training["reached"][-_LAST:].mean())


def _compare(name: str, ways: Trained) -> str:
    counts = {way: sum(map(is_solved, group)) for way, group in ways.items()}
    return (
        f"{name}: the goal is reached in {counts['VIME']} of {len(ways['VIME'])} seeds by VIME "
        f"and in {counts['noise']} by noise (p = {p_value(ways):.2g})."
    )


def _train(
    options: Options, folder: Path, name: str, way: str, weight: float, seed: int
) -> studies.Arrays:
    def train(_: Path) -> studies.Arrays:
        begun = time.monotonic()
        reached = exploration.explore(
            name, weight, iterations=options.iterations, steps=options.steps, seed=seed
        )
        return {"reached": reached, "seconds": np.array(time.monotonic() - begun)}

    return studies.run_training(
        folder,
        f"{name}, {way}, seed {seed}",
        ["reached"],
        train,
        lambda found: f"{_last(found):.0%} of the last episodes reach the goal",
    )
