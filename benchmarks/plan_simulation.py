"""Is what `bin/plan` predicts true? Predicted beside simulated correlation and power.

    python benchmarks/plan_simulation.py

Simulates surveys of one gallery, and mixed studies of two with the test of `compare_by_raters`,
over grids of sizes and spreads, and prints a table and the largest difference of each. It takes
about a minute. The standard error of a simulated power is at most 0.011.
"""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
from scipy import stats

from pirgan_tf.analysis import (
    MixedStudy,
    Spread,
    binary_rating_sd,
    compare_by_raters,
    rate_correlation,
)

MEAN = 0.5
SEVERITY = 0.1
STUDIES = 2000
# Of answers of yes and no; all other spreads are of normal ratings.
BINARY = Spread(0.1, binary_rating_sd(MEAN, 0.1), 0.05)
# Raters, images that each rates, and ratings per image.
SIZES = (
    *((3, 40, 1), (5, 100, 1), (5, 100, 5), (10, 40, 1), (10, 100, 5)),
    *((20, 100, 1), (20, 100, 10), (20, 40, 20), (50, 40, 20), (100, 20, 5)),
)
SPREADS = (
    *(Spread(0.1, 0.25, 0.05), Spread(0.1, 0.5, 0.05), Spread(0.2, 0.25), Spread(0.05, 0.25, 0.15)),
    *(Spread(0.02, 0.5), Spread(0.2, 0.2, 0.02), BINARY),
)
# Changes, in their standard errors.
CHANGES = (2, 3, 4.5)
ALPHAS = (0.05, 0.001)


def main() -> None:
    """Prints both tables."""
    generator = np.random.default_rng(0)
    print("answers   true sd  ratings per image  correlation: predicted  simulated")
    worst = 0.0
    for true_sd, ratings in itertools.product((0.05, 0.1, 0.2), (1, 3, 10, 100)):
        binary = binary_rating_sd(MEAN, true_sd)
        for name, spread in (("yes/no", Spread(true_sd, binary)), ("stars", Spread(true_sd, 0.25))):
            predicted = rate_correlation(spread, ratings)
            simulated = simulate_correlation(generator, spread, ratings, yes_or_no=name != "stars")
            worst = max(worst, abs(predicted - simulated))
            print(f"{name:8}{true_sd:9}{ratings:19}{predicted:24.3f}{simulated:11.3f}")
    print(f"largest difference: {worst:.3f}\n")

    print("raters  images each  ratings per image  true sd  rating sd  taste sd", end="  ")
    print("alpha  change  power: predicted  simulated  noncentral t")
    found = []
    for size, spread in itertools.product(SIZES, SPREADS):
        study = MixedStudy(*size, spread)
        for times in CHANGES:
            change = times * study.standard_error
            t, df = t_of_balanced(
                *simulate_ratings(generator, study, change, STUDIES, yes_or_no=spread == BINARY)
            )
            for alpha in ALPHAS:
                simulated = float(np.mean(t > stats.t.isf(alpha / 2, df)))
                predicted, simple = study.power(change, alpha), noncentral(df, times, alpha)
                found.append((spread == BINARY, predicted - simulated, simple - simulated))
                print(
                    f"{size[0]:6}{size[1]:13}{size[2]:19}{spread.true_sd:9}{spread.rating_sd:11.3f}"
                    f"{spread.taste_sd:10}{alpha:7}{change:8.3f}{predicted:18.3f}{simulated:11.3f}"
                    f"{simple:14.3f}"
                )
    for answers, binary in (("stars", False), ("yes/no", True)):
        columns = np.array([row[1:] for row in found if row[0] == binary]).T
        for name, column in zip(("predicted", "noncentral t"), columns, strict=True):
            print(
                f"{answers}, {name}: from {column.min():.3f} to {column.max():.3f} too high, root "
                f"of the mean square {math.sqrt(np.mean(column**2)):.3f}, off by more than 0.05 in "
                f"{np.sum(np.abs(column) > 0.05)} of {len(column)}"
            )


def simulate_correlation(
    generator: np.random.Generator,
    spread: Spread,
    ratings_per_image: int,
    *,
    yes_or_no: bool,
    images: int = 20_000,
) -> float:
    """Returns the correlation of true rates with means of ratings, of one large gallery.

    Args:
        generator: of random numbers.
        spread: how much images and ratings differ.
        ratings_per_image: how many each image has.
        yes_or_no: whether ratings are 1 with the true rate's probability, and else 0.
        images: how many.
    """
    shape = MEAN * (1 - MEAN) / spread.true_sd**2 - 1
    rates = generator.beta(MEAN * shape, (1 - MEAN) * shape, images)
    if yes_or_no:
        observed = generator.binomial(ratings_per_image, rates) / ratings_per_image
    else:
        noise = generator.normal(0, spread.rating_sd, (images, ratings_per_image))
        observed = rates + noise.mean(axis=1)
    return float(np.corrcoef(rates, observed)[0, 1])


def simulate_ratings(
    generator: np.random.Generator,
    study: MixedStudy,
    change: float,
    studies: int,
    *,
    yes_or_no: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulates what raters give in mixed studies.

    Args:
        generator: of random numbers.
        study: its sizes and spread.
        change: true change of the mean rate.
        studies: how many.
        yes_or_no: whether ratings are 1 with the rate's probability and else 0, and not
            normal around the rate.

    Returns:
        [2, n] image of each rating of both galleries, by blocks of equally many for each rater;
        [studies, 2, raters, n / raters] the ratings.
    """
    spread, raters = study.spread, study.num_raters
    images = int(study.num_images)
    shown = [
        np.concatenate([generator.permutation(images) for _ in range(study.ratings_per_image)])
        for _ in range(2)
    ]
    quality = generator.normal(MEAN, spread.true_sd, (studies, 2, images))
    rates = np.stack([quality[:, i, order] for i, order in enumerate(shown)], axis=1)
    ratings = rates.reshape(studies, 2, raters, -1)
    ratings += generator.normal(0, SEVERITY, (studies, 1, raters, 1))
    ratings[:, 1] += generator.normal(change, spread.taste_sd, (studies, raters, 1))
    if yes_or_no:
        return np.stack(shown), (generator.random(ratings.shape) < ratings).astype(np.float64)
    return np.stack(shown), ratings + generator.normal(0, spread.rating_sd, ratings.shape)


def t_of_balanced(shown: np.ndarray, ratings: np.ndarray) -> tuple[np.ndarray, int]:
    """Computes the test of `compare_by_raters` for all studies at once.

    Args:
        shown, ratings: from `simulate_ratings`, whose studies are balanced.

    Returns:
        [studies] t, and its degrees of freedom.
    """
    studies, _, raters, _ = ratings.shape
    total, images = ratings[0].size, shown.max() + 1
    ratings = ratings - ratings.mean(axis=(1, 3), keepdims=True)
    change = np.diff(ratings.mean(axis=(2, 3)))[:, 0]
    # What each rating's residual adds to the change.
    side = np.array([-1, 1]).reshape(2, 1, 1)
    parts = side * (ratings - change.reshape(-1, 1, 1, 1) / 2 * side) * 2 / total
    by_image = np.concatenate(
        [
            parts[:, i].reshape(studies, -1)[:, np.argsort(shown[i], kind="stable")]
            for i in range(2)
        ],
        axis=1,
    )
    sums = (
        (parts.sum(axis=(1, 3)), raters),
        (by_image.reshape(studies, 2 * images, -1).sum(axis=2), 2 * images),
        (by_image, total),
    )
    raters_, images_, single = (np.sum(part**2, axis=1) * n / (n - 1) for part, n in sums)
    variance = np.max([raters_, images_, raters_ + images_ - single], axis=0)
    return change / np.sqrt(variance), min(raters, 2 * images) - 1


def t_of_one(shown: np.ndarray, ratings: np.ndarray) -> float:
    """Returns t of `compare_by_raters` itself for one study of `simulate_ratings`."""
    rater = np.repeat(np.arange(ratings.shape[1]), ratings.shape[2])
    parts = [
        pd.DataFrame({"rater": rater, "image_id": shown[i], "rate": ratings[i].ravel()})
        for i in range(2)
    ]
    return compare_by_raters(*parts).comparison.t


def noncentral(df: int, times: float, alpha: float) -> float:
    """Returns the power if the standard error were estimated once, from as many numbers as df."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(stats.nct.sf(stats.t.isf(alpha / 2, df), df, times))


if __name__ == "__main__":
    main()
