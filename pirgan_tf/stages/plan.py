"""Stage `plan`: a budget of ratings in, what it buys and what is wanted costs out."""

import dataclasses
import math
from typing import Any, NoReturn

from pirgan_tf import analysis, users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder, write_json
from pirgan_tf.errors import InputError

STAGE = "plan"
_MEAN_RATE, _TRUE_SD = 0.5, 0.1
_RATINGS_PER_IMAGE = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
# sample's default.
_GALLERY = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanOptions(Options):
    """Flags of plan."""

    ratings: int = option("Ratings that can be paid for.", 10_000, minimum=8)
    images_per_rater: int = option("Images that each rater rates.", 100, minimum=4)
    mean_rate: float | None = option(
        f"Mean of the images' true rates, {_MEAN_RATE} by default; for answers of yes and no.",
        None,
        above=0.0,
        below=1.0,
    )
    true_sd: float | None = option(
        f"Standard deviation of the images' true rates, {_TRUE_SD} by default.",
        None,
        minimum=1e-3,
        maximum=0.5,
    )
    rating_sd: float | None = option(
        "Standard deviation of one rating, worth 0 to 1, around its image's true rate; by default "
        "that of yes and no. One star of five is 0.25.",
        None,
        minimum=0.0,
        maximum=0.5,
    )
    taste_sd: float = option(
        "Standard deviation of the raters' own changes of rate, from one gallery to the other.",
        0.05,
        minimum=0.0,
        maximum=0.5,
    )
    interactions: str | None = option(
        "In place of mean_rate and true_sd: interactions.csv of a first survey, or its folder.",
        None,
        reads=str,
    )
    correlation: float = option(
        "Wanted correlation of observed with true rates.", 0.9, minimum=0.01, maximum=0.999
    )
    change: float = option(
        "Change of the mean rate, from one gallery to the other, that is to be found.",
        0.05,
        minimum=1e-3,
        maximum=1.0,
    )
    power: float = option("Wanted probability of finding it.", 0.8, minimum=0.5, maximum=0.999)
    alpha: float = option(
        "Level of the two-sided test that finds it.", 0.05, minimum=1e-6, maximum=0.5
    )

    def validate(self) -> None:
        """Checks the budget, the rates and the table of interactions."""
        super().validate()
        if self.ratings < 2 * self.images_per_rater:
            raise InputError(
                "ratings must be enough for two raters of images_per_rater. "
                f"Received: {self.ratings} for raters of {self.images_per_rater}"
            )
        if self.interactions and (self.mean_rate, self.true_sd) != (None, None):
            raise InputError(
                "mean_rate and true_sd must not be given with interactions, which tell them. "
                f"Received: {self.mean_rate} and {self.true_sd}"
            )
        _measure(self)


def run(options: PlanOptions) -> None:
    """Plans surveys: what a budget of ratings buys, and what a wanted result costs.

    A survey of one gallery measures its images' rates, from which an estimator learns. The more
    ratings an image has, the better they correlate with the true rates, and no estimator correlates
    better with them. A mixed study of two galleries finds the change of the mean rate
    (bin/evaluate --interactions); more images and more raters find smaller ones. Prints what the
    budget buys of either, a row for each number of ratings per image, and what correlation and
    change cost. Writes plan.json, plan.png and options.json.
    """
    known = _measure(options)
    raters = options.ratings // options.images_per_rater
    rows = [_row(options, known.spread, raters, k) for k in _RATINGS_PER_IMAGE if k <= raters]
    per_image = max(
        1, math.ceil(analysis.ratings_for_correlation(known.spread, options.correlation))
    )
    needed = analysis.raters_for_change(
        known.spread,
        options.images_per_rater,
        1,
        change=options.change,
        power=options.power,
        alpha=options.alpha,
    )
    content = {
        "rates": known.as_json(),
        "raters": raters,
        "bought": rows,
        "correlation": {
            "wanted": options.correlation,
            "ratings_per_image": per_image,
            "images": options.ratings // per_image,
            f"ratings_of_{_GALLERY}_images": _GALLERY * per_image,
        },
        "change": {
            "wanted": options.change,
            "power": options.power,
            "alpha": options.alpha,
            "ratings_per_image": 1,
            "raters": needed,
            "ratings": needed * options.images_per_rater,
        },
    }
    figure = analysis.figures.plan_figure.plan_figure(
        analysis.MixedStudy(raters, options.images_per_rater, 1, known.spread),
        correlation=options.correlation,
        change=options.change,
        power=options.power,
        alpha=options.alpha,
    )
    with output_folder(STAGE, options) as folder:
        write_json(folder / "plan.json", content)
        analysis.figures.pictures.save_small(figure, folder / "plan")
    _print(options, known, content)


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, PlanOptions, run, uses_tensorflow=False)


@dataclasses.dataclass(frozen=True)
class _Known:
    """What is known of rates before the survey.

    Attributes:
        mean_rate: mean of the true rates.
        spread: how much images, ratings and raters differ.
        interval: of 95 %, of the standard deviation of the true rates; None if it was given.
        note: where it is from, in words.
    """

    mean_rate: float
    spread: "analysis.Spread"
    interval: tuple[float, float] | None
    note: str

    def as_json(self) -> dict[str, Any]:
        return {
            "mean_rate": self.mean_rate,
            **dataclasses.asdict(self.spread),
            "true_sd_interval": self.interval,
        }


def _measure(options: PlanOptions) -> _Known:
    """Returns the rates that were given, or those of a first survey."""
    mean, true_sd, interval, note = options.mean_rate, options.true_sd, None, "as given"
    if options.interactions:
        table = users.read_interactions(options.interactions)
        true_sd, low, high = analysis.observed_true_sd(
            table["pir"], table["impressions"], options.rating_sd
        )
        mean = table["positives"].sum() / table["impressions"].sum()
        interval = low, high
        note = f"of {len(table)} images, 95 % interval {low:.3f} to {high:.3f}"
        if options.rating_sd is None and table["positives"].dtype.kind == "f":
            note += (
                "; too small of stars, which vary less than the yes and no that are assumed: "
                "--rating_sd"
            )
    mean = _MEAN_RATE if mean is None else float(mean)
    true_sd = _TRUE_SD if true_sd is None else true_sd
    rating_sd = options.rating_sd
    if rating_sd is None:
        rating_sd = analysis.binary_rating_sd(mean, true_sd)
    spread = analysis.Spread(true_sd, rating_sd, options.taste_sd)
    return _Known(mean, spread, interval, note)


def _row(options: PlanOptions, spread: "analysis.Spread", raters: int, k: int) -> dict[str, Any]:
    study = analysis.MixedStudy(raters, options.images_per_rater, k, spread)
    smallest = study.smallest_change(options.power, options.alpha)
    return {
        "ratings_per_image": k,
        "images": study.num_ratings // k,
        "correlation": analysis.rate_correlation(spread, k),
        "images_per_gallery": int(study.num_images),
        "standard_error": study.standard_error,
        # No rate can change by more than 1.
        "smallest_change": smallest if smallest <= 1 else None,
        "power": study.power(options.change, options.alpha),
    }


def _print(options: PlanOptions, known: _Known, content: dict[str, Any]) -> None:
    spread, correlation, change = known.spread, content["correlation"], content["change"]
    print(
        f"{STAGE}: mean rate {known.mean_rate:.3f}; standard deviation of the true rates "
        f"{spread.true_sd:.3f} ({known.note}), of a rating {spread.rating_sd:.3f}, of raters' "
        f"changes {spread.taste_sd:.3f}"
    )
    print(f"For {options.ratings} ratings by {content['raters']} raters:")
    print(f"{'ratings':>9}{'one gallery:':>13}{'':13}{'two galleries:':>18}")
    print(
        f"{'per image':>9}{'images':>13}{'correlation':>13}{'images of each':>18}"
        f"{'smallest change':>17}{f'finds {options.change:g}':>13}"
    )
    for row in content["bought"]:
        smallest = "none" if row["smallest_change"] is None else f"{row['smallest_change']:.4f}"
        print(
            f"{row['ratings_per_image']:9}{row['images']:13}{row['correlation']:13.2f}"
            f"{row['images_per_gallery']:18}{smallest:>17}{row['power']:13.1%}"
        )
    k = correlation["ratings_per_image"]
    print(
        f"A correlation of {options.correlation:g} costs {k} rating{'s' * (k > 1)} per image: "
        f"{options.ratings} ratings are enough for {correlation['images']} images, and "
        f"{_GALLERY} images need {correlation[f'ratings_of_{_GALLERY}_images']}."
    )
    print(
        f"A change of {options.change:g} is found with a probability of {options.power:g} by "
        f"{change['raters']} raters, who give {change['ratings']} ratings, one per image."
    )
