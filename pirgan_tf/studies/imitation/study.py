"""Imitation from a few trajectories, by an adversary and by cloning: the study itself."""

import dataclasses
import functools
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pirgan_tf import studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError
from pirgan_tf.studies import control, imitation
from pirgan_tf.studies.numbers import read_numbers
from pirgan_tf.studies.outcome import Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_KINDS = ("positive", "negative", "signed", "endings")
# What the control compares: the first pays for living alone.
_CONTROLS = ("positive", "endings")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study imitation."""

    environment: tuple[str, ...] = option(
        "CartPole, MountainCar or Acrobot, or several of them with commas.",
        ("CartPole", "MountainCar", "Acrobot"),
        changes_result=False,
    )
    trajectories: tuple[str, ...] = option(
        "How many of the expert's trajectories to learn from, numbers with commas.",
        ("1", "4", "7", "10"),
        changes_result=False,
    )
    seeds: int = seeds_option(3)
    reward: str = option(
        "What the policy is rewarded with: the positive -log(1 - D); the negative log D; their "
        "sum, which is signed; or, with endings, the positive one for which the time after the "
        "end of an episode counts too. usual is endings in CartPole, whose episodes end by "
        "failing, and negative in the others, whose episodes end at the goal.",
        "usual",
        choices=("usual", *_KINDS),
    )
    iterations: int = option(
        "Updates of the policy in each training; the paper has 300.", 100, minimum=1
    )
    steps: int = option(
        "Steps of the environment per update, at least.", 5000, minimum=1, below=2**20
    )
    train_experts: bool = option(
        "Train the experts anew, and keep them with the trainings, instead of reading the "
        "trajectories that the package has.",
        False,
    )

    @property
    def counts(self) -> list[int]:
        """The numbers of trajectories, ascending."""
        return sorted(read_numbers("trajectories", self.trajectories, int, 1))

    def validate(self) -> None:
        """Checks the names, the numbers, and that gymnasium is there."""
        super().validate()
        control.check_environments(self.environment, control.ENVIRONMENTS)
        most = imitation.NUM_TRAJECTORIES
        if self.counts[-1] > most:
            raise InputError(
                f"trajectories must be at most {most}, which an expert's file has. "
                f"Received: {self.counts[-1]}"
            )


def run(options: Options, folder: Path) -> Outcome:
    """Trains policies to do as an expert does, by an adversary (GAIL) and by cloning.

    From 1 to 10 trajectories of an expert, of which every tenth (CartPole) or fifth pair of
    state and action is kept, the paper's adversary gets the expert's return in classic control
    where cloning does not (Ho and Ermon 2016, figure 1 and table 3). For each environment,
    number of trajectories and seed: the mean return of 50 episodes of the most probable actions.
    As a control, CartPole is imitated from an expert that falls as soon as it can. A finished
    training is kept: the same command goes on with the others, also with more of them.
    """
    experts = {name: _expert(options, folder, name) for name in options.environment}
    trained = {
        name: {
            "GAIL": _train_all(
                options, folder, name, expert, _reward_in(name, options.reward), options.counts
            ),
            "cloning": _train_all(options, folder, name, expert, "cloning", options.counts),
        }
        for name, expert in experts.items()
    }
    levels = {name: float(expert["returns"].mean()) for name, expert in experts.items()}
    findings = [
        finding
        for name in experts
        for finding in imitation.describe(name, experts[name], trained[name])
    ]
    pictures = [
        Picture(
            "returns",
            "Returns by the number of trajectories",
            "Figure 1 of the paper. Lines: the mean over seeds; points: every seed; dotted: the "
            "expert.",
            imitation.draw_returns(trained, levels),
        ),
        Picture(
            "curves",
            "Returns of GAIL by iteration",
            "Of the policy as it draws actions, by the number of trajectories. Bold: the mean "
            "over seeds; faint: every seed; dotted: the expert.",
            control.draw_curves(
                {
                    name: {str(count): _curves(group) for count, group in methods["GAIL"].items()}
                    for name, methods in trained.items()
                },
                "return",
                levels,
            ),
        ),
    ]
    answer = imitation.compare(levels, trained)
    if "CartPole" in experts:
        bad = _expert(options, folder, imitation.BAD)
        most = options.counts[-1]
        controls = {
            kind: _train_all(options, folder, imitation.BAD, bad, kind, [most])[most]
            for kind in _CONTROLS
        }
        findings += imitation.describe_control(bad, controls)
        level = float(bad["returns"].mean())
        pictures.append(
            Picture(
                "control",
                "Imitation of an expert of CartPole that falls",
                "The return of the policy by iteration and kind of reward; dotted: the expert. A "
                "reward that cannot be negative pays for living, whatever the expert does.",
                control.draw_curves(
                    {"bad expert": {kind: _curves(group) for kind, group in controls.items()}},
                    "return",
                    {"bad expert": level},
                ),
            )
        )
        answer += " " + imitation.compare_control(level, controls)
    return Outcome(
        title="Imitation from a few trajectories",
        question=(
            "A policy learns from an expert's states and actions alone. Behaviour cloning fits "
            "the actions, and fails where it gets into other states. In GAIL a discriminator "
            "tells the policy's pairs from the expert's, and the policy, by trust region policy "
            "optimisation, is rewarded for not being told apart. With few trajectories the paper "
            "finds GAIL at the expert's return, and cloning below."
        ),
        answer=answer,
        findings=findings,
        pictures=pictures,
    )


def _reward_in(name: str, reward: str) -> str:
    if reward != "usual":
        return reward
    return "negative" if control.ENVIRONMENTS[name].ends_well else "endings"


def _expert(options: Options, folder: Path, name: str) -> studies.Arrays:
    """Returns the trajectories of an expert, which is trained only if that is asked for."""
    if not options.train_experts:
        return imitation.read_expert(name)

    def train(_: Path) -> studies.Arrays:
        begun = time.monotonic()
        return imitation.train_expert(name, seed=0) | _seconds_since(begun)

    return studies.run_training(folder, f"expert {name}", imitation.ARRAYS, train, _tell)


def _train_all(
    options: Options, folder: Path, name: str, expert: studies.Arrays, kind: str, counts: list[int]
) -> imitation.ByCount:
    """Trains a policy for each number of trajectories and each seed.

    Args:
        options: how long, and how many seeds.
        folder: the unfinished output.
        name: of the expert.
        expert: its trajectories.
        kind: of reward, or "cloning".
        counts: of trajectories.
    """
    environment = "CartPole" if name == imitation.BAD else name
    subsampling = control.ENVIRONMENTS[environment].subsampling

    def train(count: int, seed: int, _: Path) -> studies.Arrays:
        begun = time.monotonic()
        pairs = imitation.choose_pairs(expert, count, subsampling, seed)
        if kind == "cloning":
            training = imitation.clone(environment, pairs, seed)
        else:
            training = imitation.imitate(
                environment,
                pairs,
                kind,
                iterations=options.iterations,
                steps=options.steps,
                seed=seed,
            )
        return training._asdict() | _seconds_since(begun)

    return {
        count: [
            studies.run_training(
                folder,
                f"{name}, {kind}, {count} of {imitation.NUM_TRAJECTORIES}, seed {seed}",
                imitation.Training._fields,
                functools.partial(train, count, seed),
                _tell,
            )
            for seed in range(options.seeds)
        ]
        for count in counts
    }


def _curves(group: Sequence[studies.Arrays]) -> np.ndarray:
    return np.stack([each["curve"] for each in group])


def _tell(training: studies.Arrays) -> str:
    return f"return {training['returns'].mean():.1f}"


def _seconds_since(begun: float) -> studies.Arrays:
    return {"seconds": np.array(time.monotonic() - begun)}
