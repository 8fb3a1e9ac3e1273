"""How each rater's stars compare with those that others gave the same images."""

import dataclasses
import math

import numpy as np
import pandas as pd
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.answers import counted_answers
from pirgan_tf.survey.models import Study

# Sums of whole stars and their means: what is smaller is no variation but rounding.
_NO_VARIATION = 1e-9


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A rater beside the others.

    Attributes:
        compared: how many of the rater's images others have rated too.
        others: how many ratings they gave these images.
        alike: how many of those were the same star as the rater's.
        correlation: of the rater's stars with the mean of the others' for each image; NaN if
            either does not vary.
        usual: the same over all raters, each beside the others.
    """

    compared: int = 0
    others: int = 0
    alike: int = 0
    correlation: float = math.nan
    usual: float = math.nan


def compare_raters(session: Session, study: Study) -> dict[int, Comparison]:
    """Compares every rater of a study of mode "rating" with the others.

    Returns:
        By rater's id; who has rated nothing that others have rated is not there.
    """
    rows = session.execute(_sums(study)).all()
    table = pd.DataFrame(rows, columns=["rater", "n", "others", "alike", *_SUMS]).astype(float)
    # Within raters: some are more severe than others, and that is no disagreement.
    varies = {
        pair: table[pair] - table[pair[0]] * table[pair[1]] / table["n"]
        for pair in ("xx", "yy", "xy")
    }
    usual = _correlation(*(values.sum() for values in varies.values()))
    return {
        int(row.rater): Comparison(
            int(row.n), int(row.others), int(row.alike), _correlation(*both), usual
        )
        for row, *both in zip(table.itertuples(), *varies.values(), strict=True)
    }


_SUMS = ("x", "y", "xx", "yy", "xy")


def _sums(study: Study) -> Select:
    """Selects rater, images compared, others' ratings, those alike, and sums of stars.

    x is the rater's star for an image, y the mean of the others'.
    """
    own = counted_answers(study).subquery()
    count = func.count().label("count")
    star = select(own.c.image, own.c.value, count).group_by(own.c.image, own.c.value).subquery()
    # For each image and star, what all raters gave: looked up once for each rating.
    ratings, stars = func.sum(star.c.count), func.sum(star.c.count * star.c.value)
    every = select(
        star,
        ratings.over(partition_by=star.c.image).label("ratings"),
        stars.over(partition_by=star.c.image).label("stars"),
    ).subquery()
    others = every.c.ratings - 1
    x, y = own.c.value, (every.c.stars - own.c.value) / others
    sums = (func.sum(each) for each in (x, y, x * x, y * y, x * y))
    return (
        select(own.c.rater, func.count(), func.sum(others), func.sum(every.c.count - 1), *sums)
        .join(every, and_(every.c.image == own.c.image, every.c.value == own.c.value))
        .where(every.c.ratings > 1)
        .group_by(own.c.rater)
    )


def _correlation(xx: float, yy: float, xy: float) -> float:
    if not min(xx, yy) > _NO_VARIATION:
        return math.nan
    return float(np.clip(xy / math.sqrt(xx * yy), -1, 1))
