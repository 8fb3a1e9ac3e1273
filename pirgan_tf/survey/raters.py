"""Raters: somebody with a study's link and a random cookie."""

import time
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.errors import UnknownRater
from pirgan_tf.survey.models import Assignment, Image, Rater, Study
from pirgan_tf.survey.studies import find_study, hash_secret

MAX_USER_AGENT = 300
_DONE = select(func.count()).where(
    Assignment.rater == bindparam("who"), Assignment.state.in_(("answered", "skipped"))
)


def begin_rater(
    session: Session, study: Study, cookie: str, user_agent: str, invitation: str | None = None
) -> Rater:
    """Makes a rater, or finds the one who has this cookie, or came by this invitation, already.

    Args:
        session: of `Database.write`.
        study: the study.
        cookie: random text that the server made and only this rater's browser has. Of a rater
            who comes by the same invitation as before, the cookie before is worth nothing
            from then on.
        user_agent: what the browser calls itself; 300 characters are kept.
        invitation: an id or code of `find_invitation`.
    """
    lock_study(session, study)
    if invitation is not None and (rater := _invited(session, study, invitation)) is not None:
        rater.cookie_hash = hash_secret(cookie)
        return rater
    try:
        return find_rater(session, study, cookie)
    except UnknownRater:
        rater = Rater(
            invitation=invitation,
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


def shown_images(session: Session, study: Study) -> int:
    """Returns `most_images` with the repeats, which look like other images."""
    return most_images(session, study) + study.settings.get("repeats", 0)


def has_begun(session: Session, study: Study, cookie: str, invitation: str | None = None) -> bool:
    """Returns whether a study has a rater with this cookie, of this invitation if one is given."""
    known = select(Rater.id).where(
        Rater.study_id == study.id, Rater.cookie_hash == hash_secret(cookie)
    )
    if invitation is not None:
        known = known.where(Rater.invitation == invitation)
    return session.scalar(known) is not None


def has_come(session: Session, study: Study, invitation: str) -> bool:
    """Returns whether somebody has begun by an invitation, in whatever browser."""
    return _invited(session, study, invitation) is not None


def _invited(session: Session, study: Study, invitation: str) -> Rater | None:
    return session.scalars(
        select(Rater).where(Rater.study_id == study.id, Rater.invitation == invitation)
    ).one_or_none()


def enter(session: Session, key: str, mode: str, cookie: str) -> Rater:
    """Returns the rater who has a cookie, of the study with a key.

    Raises:
        UnknownStudy: there is none of this mode.
        UnknownRater: as `find_rater`.
    """
    return find_rater(session, find_study(session, key, mode), cookie)


def remaining_raters(study: Study) -> Select[Any]:
    """Selects the ids of a study's raters who have not withdrawn."""
    return select(Rater.id).where(Rater.study_id == study.id, Rater.withdrawn_at.is_(None))


def withdrawn_raters(study: Study) -> Select[Any]:
    """Selects the ids of a study's raters who have withdrawn."""
    return select(Rater.id).where(Rater.study_id == study.id, Rater.withdrawn_at.is_not(None))


def progress(session: Session, rater: Rater) -> tuple[int, int]:
    """Returns how many images a rater is done with, and how many there are at most."""
    done = session.scalars(_DONE, {"who": rater.id}).one()
    # Late answers come on top.
    return done, max(done, most_images(session, rater.study))


def most_images(session: Session, study: Study) -> int:
    """Returns how many images a rater of a study is shown at most."""
    images = select(func.count()).where(Image.study_id == study.id)
    return min(session.scalars(images).one(), study.images_per_rater)


def lock_study(session: Session, study: Study) -> None:
    """Waits until no other transaction changes a study, and keeps others waiting.

    On SQLite `Database.write` does so for the whole file.
    """
    if session.get_bind().dialect.name != "sqlite":
        locked = select(Study).where(Study.id == study.id).with_for_update()
        session.execute(locked, execution_options={"populate_existing": True}).one()
