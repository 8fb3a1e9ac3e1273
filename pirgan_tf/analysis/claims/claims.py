"""The paper's claims on its results, and the rule by which a table of ours is judged on each.

Unless a claim says otherwise, it is judged on the first tuning of each objective,
and a change is significant with p < 0.001 in Welch's t-test, as in the paper. How
many of these also hold after Holm's correction over the table stands beside.

A rule says when ours agrees. Chance alone reaches that in at most 5 % of tables. Ours
does not agree only where a test rejects the claim (see `findings`); what is between
cannot be told, and nothing can be told from fewer than three objectives.
"""

import dataclasses
from collections.abc import Callable

import pandas as pd

from pirgan_tf.analysis.claims import rules
from pirgan_tf.analysis.claims.findings import Finding


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        where: section and figure of the paper.
        text: the claim.
        paper: the paper's number.
        rule: what decides that ours agrees.
        check: judges a table, in the schema of results.csv.
    """

    where: str
    text: str
    paper: str
    rule: str
    check: Callable[[pd.DataFrame], Finding]


BINOMIAL = (
    "Binomial test, p < 0.05; it does not agree if the test rejects a share of two thirds or more."
)
PAIRS = (
    "Of objectives that were run both ways with all else equal, more than half have the larger "
    f"effect size this way. {BINOMIAL}"
)

CLAIMS = (
    Claim(
        "4.2, figure 3",
        "Objectives of one and two colours improve.",
        "“performed quite well”, “particularly the single and two-color results”",
        "All of them improve significantly.",
        rules.simple_colors_improve,
    ),
    Claim(
        "4.2",
        "Three colours are harder than one or two.",
        "“more difficulty”; “only very small improvements” at the same number of steps",
        "Their effect sizes are lower in a Mann-Whitney test, p < 0.05.",
        rules.three_colors_are_harder,
    ),
    Claim(
        "4.2, figure 3",
        "Most three-colour objectives improve, given 10 times the steps.",
        "2 of 3",
        "More than half of them improve significantly, at whatever number of steps they had.",
        rules.three_colors_improve,
    ),
    Claim(
        "4.1, figure 3",
        "VGG16 objectives largely improve.",
        "“largely”",
        f"Of all, more than half improve significantly. {BINOMIAL}",
        rules.filters_improve,
    ),
    Claim(
        "4.1, figure 3",
        "Single filters of pool5, fc6 and fc7 do not.",
        "“not particularly successful”",
        "Fewer than half of them improve significantly, and a smaller share than of other layers' "
        "in Fisher's exact test, p < 0.05.",
        rules.sparse_layers_fail,
    ),
    Claim(
        "3.2",
        "These layers have many rates of zero.",
        "not zero: pool5 20 %, fc6 25 %, fc7 24 %, next fc8 69 %",
        "Their single filters have lower percentages than those of other layers in a Mann-Whitney "
        "test, p < 0.05.",
        rules.sparse_layers_have_zeros,
    ),
    Claim(
        "4.1, figure 3",
        "Sets of 20 filters of these layers improve.",
        "“much more consistent”",
        f"Of all, more than half improve significantly. {BINOMIAL}",
        rules.sets_of_sparse_layers_improve,
    ),
    Claim(
        "4.1",
        "With 20 filters the effect size falls with the layer, whatever the initial standard "
        "deviation and percentage of zeros.",
        "β -0.13 per layer, t -7.8, p < 1e-10",
        "The coefficient is below 0 with p < 0.001.",
        rules.effect_falls_with_layer,
    ),
    Claim(
        "3.2, figure 2",
        "The more rates are not zero, the larger the effect.",
        "“strong relationship”",
        "Pearson's r over single filters and colours is at least 0.5, with p < 0.001. It does not "
        "agree if the 95 % interval lies below.",
        rules.effect_rises_with_nonzero,
    ),
    Claim(
        "4.3.1, figure 5",
        "The estimator is too pessimistic about the change.",
        "β 1.67",
        "The true change has a Theil-Sen slope on the estimated one whose whole 95 % interval is "
        "above 1. It does not agree if the interval does not hold 1.67.",
        rules.estimates_are_pessimistic,
    ),
    Claim(
        "4.3.1",
        "The low temperature in use causes this pessimism.",
        "“probably”",
        "Theil-Sen's slope at a temperature of 0.01 lies above 1 and above that at 1 with its "
        "whole 95 % interval, the intervals do not meet, and the slope at 1 is nearer to 1.",
        rules.temperature_causes_pessimism,
    ),
    Claim(
        "4.3.2, figure 6",
        "The change rises with the initial standard deviation, whatever the initial mean and "
        "percentage of zeros.",
        "β 0.99, t 10.6, p < 1e-10",
        "The coefficient is above 0 with p < 0.001.",
        rules.change_rises_with_variability,
    ),
    Claim(
        "4.3.2",
        "The initial standard deviation explains half of the variance of the change.",
        "R² about 0.5",
        "R² is 0.3 to 0.7, with p < 0.001 for a rising line. It does not agree if the 95 % "
        "interval lies outside.",
        rules.variability_explains_half,
    ),
    Claim(
        "4.3.3, figure 7",
        "Single filters of pool2 improve again in a second round, by less than in the first.",
        "all, and none by as much",
        "The mean rate of more than half of them rises again, and that of more than half by less "
        f"than in the first round. {BINOMIAL}",
        rules.second_round_helps_less,
    ),
    Claim(
        "4.3.3, figure 7",
        "Many single filters of fc8 get worse in a second round.",
        "“many”",
        "The mean rate of at least a third of them falls significantly, by Welch's t-test of the "
        "images of the two rounds. It does not agree if a binomial test rejects a third, p < 0.05.",
        rules.second_round_hurts,
    ),
    Claim(
        "5.1",
        "Tuning costs diversity.",
        "“often by a partial collapse”",
        f"The mean pairwise distance of the images falls for more than half. {BINOMIAL}",
        rules.diversity_is_lost,
    ),
    Claim(
        "2.1.3",
        "A temperature of 0.01 in use is better than that of training, 1.",
        "“empirically improved results”",
        PAIRS,
        rules.low_temperature_is_better,
    ),
    Claim(
        "2.1.3",
        "A softmax over 100 bins is better than predicting a scalar.",
        "“performs better empirically”",
        PAIRS,
        rules.softmax_is_better,
    ),
    Claim(
        "5.2",
        "Rescaling rates to mean 0.5 and standard deviation 0.25 does not help.",
        "“did not achieve particularly good results”",
        PAIRS,
        rules.rescaling_does_not_help,
    ),
)


def check_claims(table: pd.DataFrame) -> list[tuple[Claim, Finding]]:
    """Return each claim with what a table, in the schema of results.csv, says on it."""
    return [(claim, claim.check(table)) for claim in CLAIMS]
