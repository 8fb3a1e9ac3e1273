"""V(x, y) = xy, the smallest game in which gradient steps do not find the equilibrium."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf import analysis
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.studies.numbers import read_numbers
from pirgan_tf.studies.outcome import Finding, Outcome, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# One player each; a point is x + iy.
_START = 1 + 0j


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study xy_game."""

    step_sizes: tuple[str, ...] = option("Sizes of the discrete steps.", ("0.05", "0.1", "0.2"))
    turns: float = option("How long to play, in turns of the circle.", 3.0, above=0.0, below=1001.0)

    def validate(self) -> None:
        """Checks the numbers."""
        super().validate()
        read_numbers("step_sizes", self.step_sizes, float, 1e-4)


def run(options: Options, _: Path) -> Outcome:
    """Plays V(x, y) = xy by gradient steps, and compares with the closed form.

    x minimises V and y maximises it (NIPS 2016 tutorial, exercise 2). With steps that are
    infinitely small the players move on a circle around the equilibrium (0, 0); with steps
    of size e both at once, their distance from it grows by sqrt(1 + e^2) per step.
    """
    sizes = read_numbers("step_sizes", options.step_sizes, float, 1e-4)
    times, circle = flow(2 * np.pi * options.turns)
    exact = _START * np.exp(1j * times)
    spirals = {size: steps(size, round(times[-1] / size)) for size in sizes}
    findings = [
        Finding(
            "continuous: largest distance from x(0) (cos t, sin t)",
            float(np.abs(circle - exact).max()),
            "0: a circular orbit",
        )
    ]
    for size, spiral in spirals.items():
        growth = float((abs(spiral[-1]) / abs(_START)) ** (1 / (len(spiral) - 1)))
        closed = f"sqrt(1 + e²) = {np.hypot(1, size):.5g}"
        findings += [
            Finding(f"steps of {size:g}: growth of the distance per step", growth, closed),
            Finding(
                f"steps of {size:g}: distance after {options.turns:g} turns",
                float(abs(spiral[-1])),
                "spirals outward for large steps",
            ),
        ]
    last = abs(spirals[max(sizes)][-1])
    return Outcome(
        title="The game V(x, y) = xy",
        question=(
            "One player minimises xy by moving x, the other maximises it by moving y. The only "
            "equilibrium is (0, 0). The tutorial asks for the path of simultaneous gradient steps: "
            "a circle if they are infinitely small, so that play never comes closer to the "
            "equilibrium, and a spiral outward if they are large."
        ),
        answer=(
            "Infinitely small steps play in circles. Steps of every size e spiral outward, by "
            f"exactly sqrt(1 + e²) per step: after {options.turns:g} turns with steps of "
            f"{max(sizes):g} the players are {last:.2f} times as far from the equilibrium as at "
            "the start."
        ),
        findings=findings,
        pictures=[
            Picture(
                "paths",
                "Paths of the players",
                "Left: the continuous path is a circle, and discrete steps spiral outward. Right: "
                "the distance from the equilibrium; dashed, the closed form.",
                _draw(times, circle, spirals),
            )
        ],
    )


def flow(time: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns times and the continuous path x + iy: dx/dt = -y, dy/dt = x, solved numerically."""
    from scipy.integrate import solve_ivp

    times = np.linspace(0, time, 500)
    solution = solve_ivp(
        lambda _, point: (-point[1], point[0]),
        (0, time),
        (_START.real, _START.imag),
        t_eval=times,
        rtol=1e-10,
        atol=1e-10,
    )
    return times, solution.y[0] + 1j * solution.y[1]


def steps(size: float, count: int) -> np.ndarray:
    """Returns the path `[count + 1]` of simultaneous gradient steps, as x + iy."""
    x, y = _START.real, _START.imag
    path = [_START]
    for _ in range(count):
        # Both see where the other one is, and not where it is about to be.
        x, y = x - size * y, y + size * x
        path.append(complex(x, y))
    return np.array(path)


def _draw(times: np.ndarray, circle: np.ndarray, spirals: dict[float, np.ndarray]) -> "Figure":
    style = analysis.figures.style
    colors = (style.BLUE, style.GREEN, style.VERMILLION, style.PURPLE, style.ORANGE, style.SKY)
    figure = style.new_figure(3.0)
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        style.dress(axes)
    left.plot(circle.real, circle.imag, color=style.BLACK, linewidth=1.6, label="continuous")
    right.plot(times, np.abs(circle), color=style.BLACK, linewidth=1.6)
    for number, (size, spiral) in enumerate(spirals.items()):
        color = colors[number % len(colors)]
        played = size * np.arange(len(spiral))
        left.plot(
            spiral.real, spiral.imag, ".-", color=color, ms=2, lw=0.7, label=f"steps of {size:g}"
        )
        right.plot(played, np.abs(spiral), color=color, linewidth=1.2)
        right.plot(
            played, np.hypot(1, size) ** (played / size), "--", color=style.BLACK, linewidth=0.7
        )
    left.plot(0, 0, "+", color=style.GREY, markersize=8)
    left.set(xlabel="x, minimises xy", ylabel="y, maximises xy", aspect="equal")
    right.set(xlabel="step size times steps", ylabel="distance from (0, 0)", ylim=(0, None))
    style.name_lines(figure, 4)
    return figure
