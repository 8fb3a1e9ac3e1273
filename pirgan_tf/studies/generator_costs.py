"""The three costs of a generator against D(G(z)), and which samples each learns from."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pirgan_tf import analysis
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.gan.settings import GENERATOR_COSTS
from pirgan_tf.studies.outcome import Finding, Outcome, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Up to where the figure of the tutorial goes.
_GRID = np.linspace(0.001, 0.96, 960)
_LINES = {"non_saturating": "-", "minimax": "--", "maximum_likelihood": "-."}
_BEST = 0.01
_SAMPLES = 100_001


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study generator_costs."""

    rejected: float = option(
        "D(G(z)) of a sample that the discriminator rejects.", 0.01, above=0.0, below=0.5
    )
    spread: float = option(
        "Standard deviation of the samples' logits around that.", 1.5, above=0.0, below=5.0
    )


class Curves(NamedTuple):
    """One cost J of a sample, shape `[n]` each.

    Attributes:
        cost: J, to be minimised.
        slope: dJ / d logit of D(G(z)); through it the generator learns.
    """

    cost: np.ndarray
    slope: np.ndarray


def run(options: Options, _: Path) -> Outcome:
    """Compares the costs of a generator by D(G(z)) (NIPS 2016 tutorial, sections 3.2 and 3.5).

    Of the minimax, the non-saturating and the maximum likelihood cost: the cost and its slope
    where the discriminator rejects a sample, and, for samples whose logits are normal around
    that, the share of the gradient that comes from the best 1 % of them.
    """
    curves = {name: evaluate(name, _GRID) for name in GENERATOR_COSTS}
    rejected = {name: evaluate(name, np.array([options.rejected])) for name in GENERATOR_COSTS}
    shares = {name: best_share(name, options.rejected, options.spread) for name in GENERATOR_COSTS}
    words = {
        "minimax": ("saturates", ""),
        "non_saturating": ("does not saturate", ""),
        "maximum_likelihood": ("", "almost all the gradient: a high variance"),
    }
    findings = []
    for name in GENERATOR_COSTS:
        slope, best = words[name]
        where = f"at D(G(z)) = {options.rejected:g}"
        findings += [
            Finding(f"{name}: cost {where}", float(rejected[name].cost[0])),
            Finding(f"{name}: slope by the logit {where}", float(rejected[name].slope[0]), slope),
            Finding(f"{name}: share of the gradient from the best {_BEST:.0%}", shares[name], best),
        ]
    return Outcome(
        title="Comparison of generator losses",
        question=(
            "Three costs lead a generator to the same equilibrium by different ways. The tutorial "
            "shows them against D(G(z)): the minimax cost is flat where the discriminator rejects "
            "samples, so that a poor generator learns nothing; the non-saturating cost is steep "
            "there; that of maximum likelihood learns from the few best samples only."
        ),
        answer=(
            f"Where D(G(z)) is {options.rejected:g}, the slope by the logit is "
            f"{rejected['minimax'].slope[0]:.3g} with the minimax cost and "
            f"{rejected['non_saturating'].slope[0]:.3g} with the non-saturating one; the best "
            f"{_BEST:.0%} of the samples give {shares['maximum_likelihood']:.0%} of the gradient "
            f"with maximum likelihood and {shares['non_saturating']:.1%} with the non-saturating "
            "cost."
        ),
        findings=findings,
        pictures=[
            Picture(
                "costs",
                "Costs of the generator",
                "Left: the cost by D(G(z)), the tutorial's figure. Right: the size of its slope "
                "by the discriminator's logit, on a logarithmic scale.",
                _draw(curves),
            )
        ],
    )


def evaluate(name: str, probabilities: np.ndarray) -> Curves:
    """Returns a cost of `GENERATOR_COSTS` at values of D(G(z)) in (0, 1), shape `[n]`.

    The minimax cost is log(1 - D), so that all fall with D; they are those of `gan.acgan`.
    """
    import tensorflow as tf

    from pirgan_tf.gan.costs import Verdict, acgan

    logits = tf.constant(np.log(probabilities) - np.log1p(-probabilities))[:, None]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        _, costs = acgan(generator_cost=name).generator(Verdict(logits), tf.constant(0))
    return Curves(costs.numpy(), tape.gradient(costs, logits)[:, 0].numpy())


def best_share(name: str, rejected: float, spread: float) -> float:
    """Returns which share of the gradient's size comes from the best 1 % of the samples.

    Args:
        name: the cost.
        rejected: D(G(z)) of the median sample.
        spread: standard deviation of the logits, which are normal.
    """
    from scipy.special import expit, logit
    from scipy.stats import norm

    # Quantiles and not draws: nothing is left to chance.
    quantiles = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    slopes = np.abs(evaluate(name, expit(norm.ppf(quantiles, logit(rejected), spread))).slope)
    return float(slopes[quantiles > 1 - _BEST].sum() / slopes.sum())


def _draw(curves: dict[str, Curves]) -> "Figure":
    style = analysis.figures.style
    figure = style.new_figure(3.0)
    left, right = figure.subplots(1, 2)
    colors = (style.BLUE, style.GREEN, style.VERMILLION)
    for axes in (left, right):
        style.dress(axes)
        axes.set(xlabel="D(G(z))", xlim=(0, 1))
    for color, (name, each) in zip(colors, curves.items(), strict=True):
        look = {"color": color, "linestyle": _LINES[name], "linewidth": 1.5}
        left.plot(_GRID, each.cost, label=name.replace("_", " "), **look)
        right.plot(_GRID, np.abs(each.slope), **look)
    left.set(ylabel="cost", ylim=(-20, 7))
    right.set(ylabel="|d cost / d logit|", yscale="log")
    style.name_lines(figure, 3)
    return figure
