"""What came of the trainings, in figures and in words."""

from collections.abc import Mapping, Sequence

from pirgan_tf import studies
from pirgan_tf.studies.outcome import Finding

ByCount = Mapping[int, Sequence[studies.Arrays]]
"""The trainings of all seeds, by the number of trajectories."""

# Table 3 of the paper, by the number of trajectories.
_PAPER = {
    ("CartPole", "GAIL"): {1: "200", 4: "200", 7: "200", 10: "200"},
    ("CartPole", "cloning"): {1: "72", 4: "169", 7: "189", 10: "177"},
    ("MountainCar", "GAIL"): {1: "-101.5", 10: "-100.8"},
    ("MountainCar", "cloning"): {1: "-136.7", 10: "-123.1"},
    ("Acrobot", "GAIL"): {1: "-77.3", 10: "-78.9"},
    ("Acrobot", "cloning"): {1: "-130.6", 10: "-95.1"},
}
_EXPERTS = {"CartPole": "200", "MountainCar": "-98.75", "Acrobot": "-75.25"}


def describe(name: str, expert: studies.Arrays, methods: Mapping[str, ByCount]) -> list[Finding]:
    """Returns the figures of an environment.

    Args:
        name: of the environment.
        expert: its trajectories.
        methods: the trainings by method.
    """
    first = next(iter(methods["GAIL"].values()))
    findings = [
        Finding(f"{name}: return of the expert", float(expert["returns"].mean()), _EXPERTS[name]),
        studies.mean_over_seeds(
            f"{name}: return of the untrained policy",
            {seed: float(each["curve"][0]) for seed, each in enumerate(first)},
        ),
    ]
    for method, groups in methods.items():
        paper = _PAPER[name, method]
        findings += [
            studies.mean_over_seeds(
                f"{name}: return of {method}, {_many(count)}", _returns(group), paper.get(count, "")
            )
            for count, group in groups.items()
        ]
    trainings = [each for group in methods["GAIL"].values() for each in group]
    findings.append(
        studies.mean_seconds(
            f"{name}: seconds per training of GAIL", studies.seconds(dict(enumerate(trainings)))
        )
    )
    return findings


def describe_control(
    expert: studies.Arrays, kinds: Mapping[str, Sequence[studies.Arrays]]
) -> list[Finding]:
    """Returns the figures of the imitation of a bad expert.

    Args:
        expert: its trajectories.
        kinds: the trainings of all seeds, by kind of reward.
    """
    return [
        Finding("bad expert of CartPole: return", float(expert["returns"].mean())),
        *(
            studies.mean_over_seeds(
                f"bad expert of CartPole: return of GAIL by the {kind} reward", _returns(group)
            )
            for kind, group in kinds.items()
        ),
    ]


def compare(experts: Mapping[str, float], trained: Mapping[str, Mapping[str, ByCount]]) -> str:
    """Returns in words how near both methods come to the expert with the fewest trajectories."""
    sentences = []
    for name, methods in trained.items():
        count = min(methods["GAIL"])
        reached = ", ".join(
            f"{method} {_mean(groups[count]):.1f}" for method, groups in methods.items()
        )
        sentences.append(f"{name} with {_many(count)}: expert {experts[name]:.1f}, {reached}.")
    return " ".join(sentences)


def compare_control(expert: float, kinds: Mapping[str, Sequence[studies.Arrays]]) -> str:
    """Returns in words what becomes of the imitation of a bad expert."""
    reached = ", ".join(f"{_mean(group):.1f} by the {kind} reward" for kind, group in kinds.items())
    return f"A bad expert of CartPole, {expert:.1f}: GAIL {reached}."


def _returns(group: Sequence[studies.Arrays]) -> dict[int, float]:
    return {seed: float(each["returns"].mean()) for seed, each in enumerate(group)}


def _mean(group: Sequence[studies.Arrays]) -> float:
    return sum(_returns(group).values()) / len(group)


def _many(count: int) -> str:
    return f"{count} {'trajectory' if count == 1 else 'trajectories'}"
