"""KL(p || q) against KL(q || p): what one Gaussian makes of a mixture of two."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pirgan_tf import analysis
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.studies.outcome import Finding, Outcome, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The tutorial's figure has no numbers: two modes well apart, one a little heavier.
_WEIGHTS, _MEANS, _SD = (0.55, 0.45), (-2.0, 2.0), 0.6
_GRID = np.linspace(-14, 14, 4001)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study divergences."""

    starts: int = option(
        "Starts of each search, spread evenly over p's modes.", 5, minimum=2, below=1000
    )


class Fit(NamedTuple):
    """The Gaussian q that minimises a divergence, on the grid.

    Attributes:
        mean, sd: its parameters.
        divergence: what is left, in nats.
        density: its density on the grid.
    """

    mean: float
    sd: float
    divergence: float
    density: np.ndarray


def run(options: Options, _: Path) -> Outcome:
    """Fits one Gaussian q to a mixture p of two, by either direction of the KL divergence.

    Minimising KL(p || q), as maximum likelihood does, covers both modes and what lies
    between them; minimising KL(q || p) settles on one mode (NIPS 2016 tutorial, figure 3.6).
    The divergences are integrals on a grid.
    """
    density, forward, reverse = fit_both(options.starts)
    mean, variance = _moments()
    # Where hardly any data is.
    empty = density < 0.01 * density.max()
    masses = [_integral(np.where(empty, fit.density, 0.0)) for fit in (forward, reverse)]
    near = max(_MEANS, key=lambda mode: -abs(mode - reverse.mean))
    hollow = "mass of q where p is below 1 % of its maximum"
    findings = [
        Finding("KL(p || q): mean of q", forward.mean, f"between the modes; p's own, {mean:.4g}"),
        Finding(
            "KL(p || q): standard deviation of q",
            forward.sd,
            f"covers both modes; p's own, {variance**0.5:.4g}",
        ),
        Finding(f"KL(p || q): {hollow}", masses[0], "some"),
        Finding("KL(p || q) at its minimum, nats", forward.divergence),
        Finding("KL(q || p): mean of q", reverse.mean, f"at one mode; the nearest, {near:g}"),
        Finding("KL(q || p): standard deviation of q", reverse.sd, f"that of the mode, {_SD:g}"),
        Finding(f"KL(q || p): {hollow}", masses[1], "hardly any"),
        Finding("KL(q || p) at its minimum, nats", reverse.divergence),
    ]
    return Outcome(
        title="Two directions of the KL divergence",
        question=(
            "p is a mixture of two Gaussians and q is one Gaussian, which cannot be p. Maximum "
            "likelihood minimises KL(p || q), which is large where there is data and q has no "
            "mass; KL(q || p) is large where q has mass and there is no data. The tutorial shows "
            "this to tell models that blur from models that leave modes out."
        ),
        answer=(
            f"KL(p || q) puts q between the modes, with {masses[0]:.0%} of its mass where hardly "
            f"any of p is; KL(q || p) puts it on the mode at {near:g} and ignores the other one."
        ),
        findings=findings,
        pictures=[
            Picture(
                "divergences",
                "One Gaussian fitted to two",
                "Left: q minimises KL(p || q). Right: q minimises KL(q || p).",
                _draw(density, forward, reverse),
            )
        ],
    )


def fit_both(starts: int) -> tuple[np.ndarray, Fit, Fit]:
    """Fits q in both directions.

    Returns:
        p's density on the grid, the minimum of KL(p || q), and that of KL(q || p).
    """
    import tensorflow as tf
    import tensorflow_probability as tfp
    from scipy.optimize import minimize

    distributions = tfp.distributions
    p = distributions.MixtureSameFamily(
        distributions.Categorical(probs=np.array(_WEIGHTS)),
        distributions.Normal(np.array(_MEANS), np.float64(_SD)),
    )
    log_p = p.log_prob(_GRID)
    spacing = _GRID[1] - _GRID[0]

    def log_q(parameters):
        return distributions.Normal(parameters[0], tf.exp(parameters[1])).log_prob(_GRID)

    def kl(log_one, log_other):
        return spacing * tf.reduce_sum(tf.exp(log_one) * (log_one - log_other))

    def fit(divergence) -> Fit:
        @tf.function
        def value_and_gradient(parameters):
            return tfp.math.value_and_gradient(divergence, parameters)

        def objective(parameters):
            value, gradient = value_and_gradient(tf.constant(parameters))
            return value.numpy(), gradient.numpy()

        found = min(
            (
                minimize(objective, (start, 0.0), jac=True, method="BFGS")
                for start in np.linspace(min(_MEANS), max(_MEANS), starts)
            ),
            key=lambda result: result.fun,
        )
        mean, log_sd = found.x
        density = tf.exp(log_q(found.x)).numpy()
        return Fit(float(mean), float(np.exp(log_sd)), float(found.fun), density)

    return (
        tf.exp(log_p).numpy(),
        fit(lambda parameters: kl(log_p, log_q(parameters))),
        fit(lambda parameters: kl(log_q(parameters), log_p)),
    )


def _moments() -> tuple[float, float]:
    """Returns mean and variance of p."""
    weights, means = np.array(_WEIGHTS), np.array(_MEANS)
    mean = weights @ means
    return float(mean), float(_SD**2 + weights @ (means - mean) ** 2)


def _integral(values: np.ndarray) -> float:
    return float(values.sum() * (_GRID[1] - _GRID[0]))


def _draw(density: np.ndarray, forward: Fit, reverse: Fit) -> "Figure":
    style = analysis.figures.style
    figure = style.new_figure(2.8)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, fit, title in zip(
        panels, (forward, reverse), ("argmin KL(p || q)", "argmin KL(q || p)"), strict=True
    ):
        style.dress(axes)
        axes.fill_between(_GRID, density, color=style.SKY, alpha=0.3, linewidth=0)
        axes.plot(_GRID, density, color=style.BLUE, linewidth=1.4, label="p, the data")
        axes.plot(
            _GRID, fit.density, "--", color=style.VERMILLION, linewidth=1.6, label="q, one Gaussian"
        )
        axes.set(xlim=(-6, 6), xlabel="x")
        axes.set_title(title, fontsize=style.FONT_SIZE + 1)
    panels[0].set(ylabel="density", ylim=(0, None))
    style.name_lines(figure, 2)
    return figure
