"""What people say of two galleries: the change in rate, with raters as well as images by chance."""

import dataclasses
import math

import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from pirgan_tf.analysis.statistics.comparison import (
    CONFIDENCE,
    SIGNIFICANCE,
    Comparison,
    compare,
    pooled_sd,
)
from pirgan_tf.errors import InputError


@dataclasses.dataclass(frozen=True)
class RatersComparison:
    """How raters who saw images of two galleries rated both.

    Attributes:
        comparison: num_before and num_after are images. The change is each rater's own, averaged
            with more weight for who rated more images of both; its t, df, p and interval allow
            for other images and other raters than these. mean_before and mean_after differ by
            the change, and are the plain means where each rater rated equally many images of
            both. The standard deviations are of the images' mean rates, which vary more than
            the true ones where few people rated each; Cohen's d is smaller for it.
        rates_before, rates_after: mean rate of each image.
        num_raters: raters who rated images of both galleries; those of one alone are left out.
        num_ratings: their ratings.
    """

    comparison: Comparison
    rates_before: list[float]
    rates_after: list[float]
    num_raters: int
    num_ratings: int


def compare_by_raters(before: pd.DataFrame, after: pd.DataFrame) -> RatersComparison:
    """Compares galleries before and after tuning by what people gave their images.

    The severity of raters cancels: least squares of the rate on the gallery, with an effect of
    each rater. The standard error is robust to dependence within raters and within images
    (Cameron, Gelbach and Miller 2011), or within one of the two alone where that is greater.
    Student's t has one degree of freedom less than there are raters, or images, whichever are
    fewer.

    Args:
        before, after: a row for each rating of an image of the gallery: rater, image_id and
            rate, in [0, 1].

    Raises:
        InputError: fewer than two raters have rated images of both galleries, or fewer than two
            images of a gallery were rated by them.
    """
    both = set(before["rater"]) & set(after["rater"])
    if len(both) < 2:
        raise InputError(
            "at least two raters must have rated images of both galleries. "
            f"Received: {len(both)} of {len({*before['rater'], *after['rater']})}"
        )
    parts = [part[part["rater"].isin(both)] for part in (before, after)]
    rates = [part.groupby("image_id")["rate"].mean().to_numpy() for part in parts]
    ratings = pd.concat([part.assign(tuned=float(i)) for i, part in enumerate(parts)])
    rater = pd.factorize(ratings["rater"])[0]
    image = ratings.groupby(["tuned", "image_id"]).ngroup().to_numpy()
    tuned, rate = ratings["tuned"].to_numpy(), ratings["rate"].to_numpy()
    usual = pd.DataFrame({"tuned": tuned, "rate": rate}).groupby(rater).transform("mean")
    fit = OLS(rate - usual["rate"].to_numpy(), tuned - usual["tuned"].to_numpy()).fit()
    error = math.sqrt(max(float(c[0, 0]) for c in cov_cluster_2groups(fit, rater, image)))
    change = float(fit.params[0])
    mean, share = rate.mean(), tuned.mean()
    plain = compare(*rates)
    n, m = plain.num_before, plain.num_after
    df = float(min(len(both), n + m) - 1)
    pooled = pooled_sd(plain.sd_before, n, plain.sd_after, m)
    t = p = low = high = d = d_low = d_high = math.nan
    if error > 0:
        t = change / error
        p = float(2 * stats.t.sf(abs(t), df))
        low, high = map(float, stats.t.interval(CONFIDENCE, df, loc=change, scale=error))
    if error > 0 and pooled > 0:
        d = change / pooled
        spread = math.hypot(error / pooled, d / math.sqrt(2 * (n + m)))
        d_low, d_high = map(float, stats.t.interval(CONFIDENCE, df, loc=d, scale=spread))
    comparison = dataclasses.replace(
        plain,
        mean_before=float(mean - share * change),
        mean_after=float(mean + (1 - share) * change),
        change=change,
        cohens_d=d,
        cohens_d_low=d_low,
        cohens_d_high=d_high,
        t=t,
        df=df,
        p=p,
        ci_low=low,
        ci_high=high,
        significant=p < SIGNIFICANCE,
    )
    return RatersComparison(
        comparison, rates[0].tolist(), rates[1].tolist(), len(both), len(ratings)
    )
