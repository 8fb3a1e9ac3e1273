"""What a discriminator learns from samples of two known densities: p / (p + q)."""

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pirgan_tf import analysis, studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.studies.outcome import Outcome, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# p is a mixture, q one Gaussian, so that the optimum is no monotonous function.
_WEIGHTS, _MEANS, _SDS = np.array([0.6, 0.4]), np.array([-1.5, 1.5]), np.array([0.6, 0.5])
_FAKE_MEAN, _FAKE_SD = 0.3, 1.2
_GRID = np.linspace(-6, 6, 1201)
_RECORDS = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study optimal_discriminator."""

    seeds: int = option("How many seeds, from 0 on.", 5, minimum=1, below=1000)
    steps: int = option("Steps of training.", 4000, minimum=_RECORDS)
    batch_size: int = option("Samples of p, and of q, per step.", 512, minimum=1, below=2**20)
    width: int = option("Units in each of the two hidden layers.", 32, minimum=1, below=2**13)


def run(options: Options, _: Path) -> Outcome:
    """Trains a discriminator on samples of two known densities, against the closed form.

    The discriminator that minimises the cost of a GAN is D(x) = p(x) / (p(x) + q(x)) (NIPS
    2016 tutorial, exercise 1). A network of two layers learns from samples alone. Its error
    is the mean of |D - p / (p + q)| where samples are, that is under (p + q) / 2.
    """
    learned = {seed: train(options, seed) for seed in range(options.seeds)}
    errors = {seed: mean_error(curves) for seed, curves in learned.items()}
    steps = np.linspace(0, options.steps, _RECORDS + 1).round().astype(int)
    far = (_GRID < _FAKE_MEAN - 4 * _FAKE_SD) | (_GRID > _FAKE_MEAN + 4 * _FAKE_SD)
    outside = {
        seed: float(np.abs(curves[-1] - optimum())[far].mean()) for seed, curves in learned.items()
    }
    last = studies.mean_over_seeds(
        "mean absolute error where samples are", {s: e[-1] for s, e in errors.items()}, "0"
    )
    first = studies.mean_over_seeds(
        "the same before training", {s: e[0] for s, e in errors.items()}
    )
    undetermined = studies.mean_over_seeds(
        "mean absolute error more than 4 sd of q from its mean",
        outside,
        "undetermined without data",
    )
    return Outcome(
        title="The optimal discriminator",
        question=(
            "The tutorial derives that the best answer of a discriminator to a fixed generator is "
            "p(x) / (p(x) + q(x)), with p the data's density and q the generator's. Here both are "
            "known, a mixture of two Gaussians and one Gaussian, and a small network learns from "
            "samples only."
        ),
        answer=(
            f"Over {options.seeds} seeds the discriminator comes within {last.value:.3f} of "
            "p / (p + q) on average where samples are; where there are none, it is off by "
            f"{undetermined.value:.2f}."
        ),
        findings=[last, first, undetermined],
        pictures=[
            Picture(
                "discriminators",
                "Learned and optimal",
                "Left: D(x) of every seed after training, the optimum p / (p + q), and both "
                "densities. Right: the mean absolute error by step, every seed a line.",
                _draw(steps, learned, errors),
            )
        ],
    )


def densities() -> tuple[np.ndarray, np.ndarray]:
    """Returns p and q on the grid."""
    from scipy.stats import norm

    p = (_WEIGHTS * norm.pdf(_GRID[:, None], _MEANS, _SDS)).sum(1)
    return p, norm.pdf(_GRID, _FAKE_MEAN, _FAKE_SD)


def optimum() -> np.ndarray:
    """Returns p / (p + q) on the grid."""
    p, q = densities()
    return p / (p + q)


def mean_error(curves: np.ndarray) -> np.ndarray:
    """Returns the mean of |D - p / (p + q)| under (p + q) / 2, for each row of `[n, grid]`."""
    weights = np.sum(densities(), axis=0)
    return np.abs(curves - optimum()) @ weights / weights.sum()


def train(options: Options, seed: int) -> np.ndarray:
    """Trains a discriminator on fresh samples.

    Returns:
        D on the grid before training and after each of 20 equal parts of it, `[21, grid]`.
    """
    import keras
    import tensorflow as tf
    import tensorflow_probability as tfp

    from pirgan_tf.gan import losses
    from pirgan_tf.training.randomness import step_seeds, stream_seed

    keras.utils.set_random_seed(seed)
    distributions = tfp.distributions
    p = distributions.MixtureSameFamily(
        distributions.Categorical(probs=_WEIGHTS.astype("float32")),
        distributions.Normal(_MEANS.astype("float32"), _SDS.astype("float32")),
    )
    q = distributions.Normal(np.float32(_FAKE_MEAN), np.float32(_FAKE_SD))
    hidden = [keras.layers.Dense(options.width, "tanh") for _ in range(2)]
    model = keras.Sequential([keras.Input((1,)), *hidden, keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(1e-2, options.steps), beta_1=0.5
    )
    optimizer.build(model.trainable_variables)
    stream = stream_seed(seed, "optimal_discriminator")

    @tf.function
    def train_steps(first, last):
        for step in tf.range(first, last):
            seeds = step_seeds(stream, step, 2)
            reals = p.sample(options.batch_size, seed=seeds[0])[:, None]
            fakes = q.sample(options.batch_size, seed=seeds[1])[:, None]
            with tf.GradientTape() as tape:
                likelihood = losses.real_image(model(reals)) + losses.fake_image(model(fakes))
                cost = -tf.reduce_mean(likelihood)
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(cost, variables), variables)

    def curve() -> np.ndarray:
        return tf.sigmoid(model(_GRID[:, None].astype("float32")))[:, 0].numpy()

    curves = [curve()]
    ends = np.linspace(0, options.steps, _RECORDS + 1).round().astype(np.int32)
    for first, last in itertools.pairwise(ends):
        train_steps(tf.constant(first), tf.constant(last))
        curves.append(curve())
    return np.stack(curves)


def _draw(
    steps: np.ndarray, learned: dict[int, np.ndarray], errors: dict[int, np.ndarray]
) -> "Figure":
    style = analysis.figures.style
    p, q = densities()
    figure = style.new_figure(2.9)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for axes in (left, right):
        style.dress(axes)
    left.fill_between(_GRID, p, color=style.SKY, alpha=0.35, linewidth=0, label="p, real")
    left.fill_between(_GRID, q, color=style.ORANGE, alpha=0.35, linewidth=0, label="q, fake")
    for number, (seed, curves) in enumerate(learned.items()):
        name = None if number else "D, one line per seed"
        left.plot(_GRID, curves[-1], color=style.BLUE, linewidth=1, label=name)
        right.plot(steps, errors[seed], color=style.BLUE, linewidth=1)
    left.plot(_GRID, optimum(), "--", color=style.BLACK, linewidth=1.2, label="p / (p + q)")
    left.set(xlabel="x", ylabel="density, or D(x)", ylim=(0, 1.02), xlim=(_GRID[0], _GRID[-1]))
    right.set(xlabel="step", ylabel="mean absolute error", yscale="log")
    style.name_lines(figure, 4)
    return figure
