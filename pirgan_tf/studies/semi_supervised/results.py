"""What came of the trainings, in figures."""

from collections.abc import Mapping, Sequence

import numpy as np

from pirgan_tf import studies
from pirgan_tf.studies.outcome import Finding

Trainings = Mapping[int, Sequence[studies.Arrays]]
"""The trainings with one number of labels by one method: all networks of each seed."""

PAPER = {
    "one network": {20: (16.77, 4.52), 50: (2.21, 1.36), 100: (0.93, 0.065), 200: (0.90, 0.042)},
    "ensemble": {20: (11.34, 4.45), 50: (1.42, 0.96), 100: (0.86, 0.056), 200: (0.81, 0.043)},
}
"""Errors on MNIST's test images with feature matching, in percent: mean and standard deviation
over ten sets of labelled images, by their number (table 1; an ensemble is of ten networks)."""


def measure(
    trainings: Mapping[str, Mapping[int, Trainings]], labels: np.ndarray
) -> dict[str, dict[int, dict[int, float]]]:
    """Returns the errors by what was measured, number of labels and seed, in percent.

    Args:
        trainings: by method and number of labels.
        labels: the test images' classes.
    """
    measured = {}
    for method, counts in trainings.items():
        name = method.replace("_", " ")
        measured[name] = {count: errors(seeds) for count, seeds in counts.items()}
        networks = len(next(iter(counts.values()))[0])
        if networks > 1:
            measured[f"{name}, {networks} networks"] = {
                count: ensemble_errors(seeds, labels) for count, seeds in counts.items()
            }
    return measured


def errors(trainings: Trainings, column: int = 0) -> dict[int, float]:
    """Returns the mean error of each seed's networks at the end, in percent.

    Args:
        trainings: the trainings.
        column: of their curve: 0 with the average of weights, 1 without.
    """
    return {
        seed: 100 * float(np.mean([network["curve"][-1, column] for network in networks]))
        for seed, networks in trainings.items()
    }


def ensemble_errors(trainings: Trainings, labels: np.ndarray) -> dict[int, float]:
    """Returns the error of each seed's networks together, in percent.

    Together they choose the class of the highest mean probability (decision: the paper does not
    say how).

    Args:
        trainings: the trainings.
        labels: the test images' classes.
    """
    return {
        seed: 100 * float((_together(networks).argmax(1) != labels).mean())
        for seed, networks in trainings.items()
    }


def describe(count: int, method: str, trainings: Trainings, labels: np.ndarray) -> list[Finding]:
    """Returns the figures of a number of labels and a method.

    Args:
        count: how many images have a label.
        method: feature_matching or minibatch_discrimination.
        trainings: its trainings.
        labels: the test images' classes.
    """
    name = f"{count} labels, {method.replace('_', ' ')}"
    networks = len(trainings[0])

    def paper(kind: str, where: str) -> str:
        if method != "feature_matching" or count not in PAPER[kind]:
            return ""
        mean, deviation = PAPER[kind][count]
        return f"{mean} ± {deviation} on MNIST ({where})"

    findings = [
        studies.mean_over_seeds(
            f"{name}: errors, %", errors(trainings), paper("one network", "table 1")
        )
    ]
    if networks > 1:
        findings.append(
            studies.mean_over_seeds(
                f"{name}: errors of {networks} networks together, %",
                ensemble_errors(trainings, labels),
                paper("ensemble", "ten, table 1"),
            )
        )
    return [
        *findings,
        studies.mean_over_seeds(
            f"{name}: errors without the average of weights, %",
            errors(trainings, 1),
        ),
        studies.mean_seconds(
            f"{name}: seconds per training",
            {
                seed: float(np.mean(list(studies.seconds(dict(enumerate(each))).values())))
                for seed, each in trainings.items()
            },
        ),
    ]


def _together(networks: Sequence[studies.Arrays]) -> np.ndarray:
    return np.mean([network["probabilities"] for network in networks], axis=0)
