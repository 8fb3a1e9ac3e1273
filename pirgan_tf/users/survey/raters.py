"""Raters: somebody with a study's link and a random cookie."""

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pirgan_tf.users.survey.errors import UnknownRater
from pirgan_tf.users.survey.models import Assignment, Image, Rater, Study
from pirgan_tf.users.survey.studies import hash_secret

MAX_USER_AGENT = 300


def begin_rater(session: Session, study: Study, cookie: str, user_agent: str) -> Rater:
    """Makes a rater, or finds the one who has this cookie already.

    Args:
        session: of `Database.write`.
        study: the study.
        cookie: random text that the server made and only this rater's browser has.
        user_agent: what the browser calls itself; 300 characters are kept.
    """
    lock_study(session, study.id)
    try:
        return find_rater(session, study, cookie)
    except UnknownRater:
        rater = Rater(
            study_id=study.id,
            cookie_hash=hash_secret(cookie),
            # PostgreSQL refuses NUL in a text.
            user_agent=user_agent.replace("\0", "")[:MAX_USER_AGENT],
            started_at=time.time(),
        )
        session.add(rater)
        session.flush()
        return rater


def find_rater(session: Session, study: Study, cookie: str) -> Rater:
    """Returns the rater who has a cookie.

    Raises:
        UnknownRater: the study has none; the cookie is lost, forged, or of another study.
    """
    found = session.scalars(
        select(Rater).where(Rater.study_id == study.id, Rater.cookie_hash == hash_secret(cookie))
    ).one_or_none()
    if found is None:
        raise UnknownRater("This browser has not begun here yet, or its cookie is gone.")
    return found


def progress(session: Session, rater: Rater) -> tuple[int, int]:
    """Returns how many images a rater is done with, and how many there are at most."""
    done = session.scalar(
        select(func.count()).where(
            Assignment.rater == rater.id, Assignment.state.in_(("answered", "skipped"))
        )
    )
    images = session.scalar(select(func.count()).where(Image.study_id == rater.study_id))
    study = session.get_one(Study, rater.study_id)
    return done or 0, min(images or 0, study.images_per_rater)


def lock_study(session: Session, study_id: int) -> Study:
    """Waits until no other transaction changes a study, and keeps others waiting.

    SQLite, where `Database.write` does so for the whole file, needs nothing more.
    """
    return session.scalars(
        select(Study)
        .where(Study.id == study_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
