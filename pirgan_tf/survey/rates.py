"""From what people did to the rate of each image."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, select
from sqlalchemy.orm import Session

from pirgan_tf.errors import InputError
from pirgan_tf.survey.answers import counted_answers, read_ratings, written_out
from pirgan_tf.survey.judgement import excluded_raters, judge_raters
from pirgan_tf.survey.models import Event, Image, Study
from pirgan_tf.survey.prior import add_posterior
from pirgan_tf.survey.weights import DEFAULT_WEIGHTS, STARS, PageWeight, PirWeights


def interactions(
    session: Session,
    study: Study,
    weights: PirWeights | None = None,
    *,
    excluded: Collection[int] | None = None,
) -> pd.DataFrame:
    """Counts a study's interactions, added up by the database.

    Args:
        session: of `Database.read`.
        study: the study.
        weights: what an interaction is worth; None for 0, .25, .5, .75 and 1 of 1 to 5
            stars, or 1 of a click or a share.
        excluded: ids of raters to leave out; None for `excluded_raters`.

    Returns:
        A row for each image, in the gallery's order: image_id, impressions (answers, or
        times that a page showed it), positives (the sum of what they are worth), pir
        (positives / impressions; NaN of none), and posterior_mean, low and high, the mean
        and 95 % interval of the true rate under a Beta prior fitted to the study.

    Raises:
        InputError: the weights are for studies of the other mode.
    """
    weights = weights or PirWeights.parse(DEFAULT_WEIGHTS[study.mode])
    if weights.mode != study.mode:
        raise InputError(
            f"pir_weights of a study of mode {study.mode} must be like "
            f"{DEFAULT_WEIGHTS[study.mode]}. Received: those of mode {weights.mode}"
        )
    if excluded is None:
        excluded = excluded_raters(judge_raters(session, study))
    if study.mode == "page":
        return _rates_of_page(session, study, weights, excluded)
    return rates_of_stars(session, study, read_ratings(session, study).count(excluded), weights)


def ratings(
    session: Session, study: Study, weights: PirWeights, *, excluded: Collection[int]
) -> pd.DataFrame:
    """Returns what each rater gave each image.

    Args:
        session: of `Database.read`.
        study: the study.
        weights: what an interaction is worth, in a study of its mode.
        excluded: ids of raters to leave out.

    Returns:
        A row for each answer: image_id, rater (its id) and rate, in [0, 1].
    """
    if study.mode == "page":
        given = _worth_of_page(study, weights, excluded)
    else:
        answer = counted_answers(study).subquery()
        given = (
            select(answer.c.rater, answer.c.image, answer.c.value.label("worth"))
            .where(answer.c.rater.not_in(written_out(excluded)))
            .subquery()
        )
    rows = session.execute(
        select(Image.image_id, given.c.rater, given.c.worth)
        .join(Image, Image.id == given.c.image)
        .order_by(Image.id, given.c.rater)
    ).all()
    table = pd.DataFrame(rows, columns=["image_id", "rater", "rate"])
    if study.mode == "rating":
        table["rate"] = table["rate"].map(dict(zip(STARS, weights.stars, strict=True)))
    return table


def rates_of_stars(
    session: Session, study: Study, counts: np.ndarray, weights: PirWeights | None = None
) -> pd.DataFrame:
    """Returns the table of `interactions` for stars that are counted already.

    Args:
        session: of `Database.read`.
        study: the study.
        counts: [images, 5] of `Ratings.count`.
        weights: as for `interactions`.
    """
    stars = np.array((weights or PirWeights.parse(DEFAULT_WEIGHTS["rating"])).stars)
    images = select(Image.image_id).where(Image.study_id == study.id).order_by(Image.id)
    table = pd.DataFrame({"image_id": session.scalars(images).all()})
    table["impressions"] = counts.sum(axis=1)
    return _add_rates(table.assign(positives=counts @ stars, squares=counts @ stars**2))


def _rates_of_page(
    session: Session, study: Study, weights: PirWeights, excluded: Collection[int]
) -> pd.DataFrame:
    worth = _worth_of_page(study, weights, excluded)
    counted = (
        select(
            worth.c.image,
            func.count().label("impressions"),
            func.sum(worth.c.worth).label("positives"),
            func.sum(worth.c.worth * worth.c.worth).label("squares"),
        )
        .group_by(worth.c.image)
        .subquery()
    )
    rows = session.execute(
        select(
            Image.image_id,
            func.coalesce(counted.c.impressions, 0),
            func.coalesce(counted.c.positives, 0.0),
            func.coalesce(counted.c.squares, 0.0),
        )
        .outerjoin(counted, counted.c.image == Image.id)
        .where(Image.study_id == study.id)
        .order_by(Image.id)
    ).all()
    table = pd.DataFrame(rows, columns=["image_id", "impressions", "positives", "squares"])
    return _add_rates(table)


def _worth_of_page(study: Study, weights: PirWeights, excluded: Collection[int]) -> Subquery:
    """Selects rater, image and worth, from 0 to 1, of each time that a page showed an image."""
    added: ColumnElement[float] = sum(
        (func.max(case((_happened(part), part.weight), else_=0.0)) for part in weights.page),
        start=literal(0.0),
    )
    return (
        select(Event.rater, Event.image, case((added > 1, 1.0), else_=added).label("worth"))
        .where(Event.study_id == study.id, Event.rater.not_in(written_out(excluded)))
        .group_by(Event.assignment, Event.rater, Event.image)
        .subquery()
    )


def _add_rates(table: pd.DataFrame) -> pd.DataFrame:
    table["pir"] = table["positives"] / table["impressions"].replace(0, np.nan)
    return add_posterior(table)


def _happened(part: PageWeight) -> ColumnElement[bool]:
    kind = Event.kind == part.kind
    return kind if part.above is None else and_(kind, Event.value > part.above)
