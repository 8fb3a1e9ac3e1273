"""How a study stands, in the numbers of the owner's page."""

import dataclasses
from collections.abc import Collection

import krippendorff
import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.answers import Ratings, read_ratings
from pirgan_tf.survey.judgement import OWNER, excluded_raters
from pirgan_tf.survey.models import Image, Rater, Study
from pirgan_tf.survey.pace import Pace, measure_pace
from pirgan_tf.survey.rates import interactions, rates_of_stars
from pirgan_tf.survey.reliability import split_half_reliability
from pirgan_tf.survey.rules import FAILED, NOT_RUN
from pirgan_tf.survey.weights import DEFAULT_WEIGHTS, PirWeights

NUM_BINS = 20
_EXTREMES = 8
_WORTH = np.array(PirWeights.parse(DEFAULT_WEIGHTS["rating"]).stars)


@dataclasses.dataclass(frozen=True)
class Overview:
    """A study's numbers.

    Attributes:
        events: how many there are, by kind.
        raters: how many have begun and not withdrawn.
        finished: how many of these were shown all there was for them.
        withdrawn: how many have withdrawn.
        impressions: [n] answers of each image, without those of raters who were left out
            when `exclusion.return_places` was called last.
        wanted: answers that the study asks for, over all images.
        below_target: images with fewer answers than the study asks for.
        rates: [20] how many images have a rate in [0, 0.05), ..., [0.95, 1].
        stars: [5] how often 1 to 5 stars were given; None in page mode.
        best, worst: eight images each, or half of all, by posterior mean; rows of
            `interactions`.
        alpha: Krippendorff's alpha of the stars, as ordinal values; None in page mode,
            or where no image has two ratings, or all ratings are the same.
        reliability: of the images' mean rates, `split_half_reliability`; None in page mode.
        interval_width: mean width of the 95 % intervals of the images' rates; None of none.
        pace: `measure_pace`.
        judged: a row for each rater, those left out first and those who passed all rules
            last: rater, reasons (why, one or more, or none), decision (the owner's: "keep",
            "exclude" or none) and excluded.
        not_run: how many judgements could not be made, by rule.
    """

    events: dict[str, int]
    raters: int
    finished: int
    withdrawn: int
    impressions: np.ndarray
    wanted: int
    below_target: int
    rates: np.ndarray
    stars: np.ndarray | None
    best: pd.DataFrame
    worst: pd.DataFrame
    alpha: float | None
    reliability: float | None
    interval_width: float | None
    pace: Pace
    judged: pd.DataFrame
    not_run: dict[str, int]

    @property
    def answers(self) -> int:
        """How many answers there are, of those wanted."""
        return int(self.impressions.sum())

    @property
    def images_by_impressions(self) -> dict[int, int]:
        """How many images have each number of answers that occurs."""
        values, counts = np.unique(self.impressions, return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))


def overview(
    session: Session, study: Study, verdicts: pd.DataFrame, ratings: Ratings | None = None
) -> Overview:
    """Computes a study's numbers from the events.

    Rates, and the best and worst images, are of raters who are not left out; all others,
    but for impressions, are of all raters.

    Args:
        session: of `Database.read`.
        study: the study.
        verdicts: of `judge_raters`.
        ratings: as for `judge_raters`.
    """
    impressions = np.array(
        session.scalars(
            select(Image.answered).where(Image.study_id == study.id).order_by(Image.id)
        ).all()
    )
    numbers = (func.count(), func.count(Rater.finished_at), func.count(Rater.withdrawn_at))
    begun, finished, withdrawn = session.execute(
        select(*numbers).where(Rater.study_id == study.id)
    ).one()
    pace = measure_pace(session, study)
    excluded = excluded_raters(verdicts)
    counts = alpha = reliability = None
    if study.mode == "rating":
        ratings = ratings or read_ratings(session, study)
        counts, valid = ratings.count(), ratings.count(excluded)
        table = rates_of_stars(session, study, valid)
        alpha, reliability = agreement(counts), split_half_reliability(valid, _WORTH)
    else:
        table = interactions(session, study, excluded=excluded)
    shown = table[table["impressions"] > 0].sort_values("posterior_mean", ascending=False)
    extremes = min(_EXTREMES, len(shown) // 2)
    unable = verdicts.loc[verdicts["verdict"] == NOT_RUN, "rule"]
    return Overview(
        events=pace.events,
        raters=begun - withdrawn,
        finished=finished,
        withdrawn=withdrawn,
        impressions=impressions,
        wanted=len(impressions) * study.raters_per_image,
        below_target=int((impressions < study.raters_per_image).sum()),
        rates=np.histogram(shown["pir"], NUM_BINS, (0, 1))[0],
        stars=None if counts is None else counts.sum(axis=0),
        best=shown.head(extremes),
        worst=shown.tail(extremes)[::-1],
        alpha=alpha,
        reliability=reliability,
        interval_width=float((shown["high"] - shown["low"]).mean()) if len(shown) else None,
        pace=pace,
        judged=_judged(verdicts, set(excluded)),
        not_run=unable.value_counts().to_dict(),
    )


def _judged(verdicts: pd.DataFrame, excluded: Collection[int]) -> pd.DataFrame:
    """Returns `Overview.judged`."""
    reasons: dict[int, list[str]] = {rater: [] for rater in verdicts["rater"]}
    decided: dict[int, str] = {}
    said = (verdicts["verdict"] == FAILED) | (verdicts["rule"] == OWNER)
    for row in verdicts[said].itertuples():
        if row.rule == OWNER:
            decided[row.rater] = "exclude" if row.verdict == FAILED else "keep"
        else:
            reasons[row.rater].append(f"{row.rule.replace('_', ' ')}: {row.reason}")
    rows = [
        (rater, "; ".join(why), decided.get(rater, ""), rater in excluded)
        for rater, why in reasons.items()
    ]
    rows.sort(key=lambda row: (not row[3], not (row[1] or row[2])))
    return pd.DataFrame(rows, columns=["rater", "reasons", "decision", "excluded"])


def agreement(counts: np.ndarray) -> float | None:
    """Returns Krippendorff's alpha of ratings, 1 if raters agree and 0 if they guess.

    Args:
        counts: shape [images, stars], how often an image was given each number of stars.

    Returns:
        alpha, of ordinal values; None if no image has two ratings, or all are the same.
    """
    compared = counts[counts.sum(axis=1) >= 2]
    if np.count_nonzero(compared.sum(axis=0)) < 2:
        return None
    return float(krippendorff.alpha(value_counts=compared, level_of_measurement="ordinal"))
