"""The paper's claims on its results, and whether a table of ours agrees with each.

Unless a claim says otherwise, it is judged on the first tuning of each objective,
and a change is significant with p < 0.001 in Welch's t-test, as in the paper. How
many of these also hold after Holm's correction over the table stands beside.

Where the paper gives a coefficient or a correlation, ours agrees if it has the
paper's direction with p < 0.001; it cannot be told if ours is less certain than
that, while its 95 % interval holds the paper's value; else it does not agree.
Nothing can be told from fewer than three objectives.
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


CLAIMS = (
    Claim(
        "4.2, figure 3",
        "Objectives of one and two colours improve.",
        "all 9",
        "All of them improve significantly.",
        rules.simple_colors_improve,
    ),
    Claim(
        "4.2",
        "Three colours are harder than one or two.",
        "very small improvements at the same number of steps",
        "Their median effect size is below half of that of one and two colours.",
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
        "More than half of them improve significantly.",
        rules.filters_improve,
    ),
    Claim(
        "4.1, figure 3",
        "Single filters of pool5, fc6 and fc7 do not.",
        "“not particularly successful”",
        "Fewer than half of them improve significantly, and a smaller share than of other layers'.",
        rules.sparse_layers_fail,
    ),
    Claim(
        "3.2",
        "These layers have many rates of zero.",
        "not zero: pool5 20 %, fc6 25 %, fc7 24 %, next fc8 69 %",
        "Of single filters, each of these layers has a lower percentage than every other layer.",
        rules.sparse_layers_have_zeros,
    ),
    Claim(
        "4.1, figure 3",
        "Sets of 20 filters of these layers improve.",
        "“much more consistent”",
        "More than half of them improve significantly.",
        rules.sets_of_sparse_layers_improve,
    ),
    Claim(
        "4.1",
        "With 20 filters the effect size falls with the layer, whatever the initial standard "
        "deviation and percentage of zeros.",
        "β -0.13 a layer, t -7.8, p < 1e-10",
        "The coefficient is below 0 with p < 0.001.",
        rules.effect_falls_with_layer,
    ),
    Claim(
        "3.2, figure 2",
        "The more rates are not zero, the larger the effect.",
        "“strong relationship”",
        "Pearson's r over single filters and colours is at least 0.5, with p < 0.001.",
        rules.effect_rises_with_nonzero,
    ),
    Claim(
        "4.3.1, figure 5",
        "The estimator is too pessimistic about the change.",
        "β 1.67",
        "The true change has a slope above 1 on the estimated one; p is against 1.",
        rules.estimates_are_pessimistic,
    ),
    Claim(
        "4.3.1",
        "The low temperature in use causes this pessimism.",
        "“probably”",
        "Where there are rows at a temperature of 0.01 and of 1, the slope at 1 is nearer to 1.",
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
        "R² is 0.3 to 0.7, with p < 0.001 for a rising line.",
        rules.variability_explains_half,
    ),
    Claim(
        "4.3.3, figure 7",
        "Single filters of pool2 improve again in a second round, by less than in the first.",
        "all, and none by as much",
        "Of each, the mean rate rises again, by less than in the first round.",
        rules.second_round_helps_less,
    ),
    Claim(
        "4.3.3, figure 7",
        "Many single filters of fc8 get worse in a second round.",
        "“many”",
        "The mean rate of at least a third of them falls.",
        rules.second_round_hurts,
    ),
    Claim(
        "5.1",
        "Tuning costs diversity.",
        "“often a partial collapse”",
        "The mean pairwise distance of the images falls for more than half of the objectives.",
        rules.diversity_is_lost,
    ),
    Claim(
        "2.1.3",
        "A temperature of 0.01 in use is better than that of training, 1.",
        "“empirically improved results”",
        rules.PAIRS_RULE,
        rules.low_temperature_is_better,
    ),
    Claim(
        "2.1.3",
        "A softmax over 100 bins is better than predicting a scalar.",
        "“performs better empirically”",
        rules.PAIRS_RULE,
        rules.softmax_is_better,
    ),
    Claim(
        "5.2",
        "Rescaling rates to mean 0.5 and standard deviation 0.25 does not help.",
        "“not particularly good results”",
        rules.PAIRS_RULE,
        rules.rescaling_does_not_help,
    ),
)


def check_claims(table: pd.DataFrame) -> list[tuple[Claim, Finding]]:
    """Return each claim with what a table, in the schema of results.csv, says on it."""
    return [(claim, claim.check(table)) for claim in CLAIMS]
