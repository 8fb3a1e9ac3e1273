"""Withdrawal: a rater's answers count no more, and what identifies the rater is deleted."""

import secrets
import time

from sqlalchemy import update
from sqlalchemy.orm import Session

from pirgan_tf.survey.exclusion import count_places
from pirgan_tf.survey.models import Invitation, Rater
from pirgan_tf.survey.raters import lock_study
from pirgan_tf.survey.studies import hash_secret


def withdraw(session: Session, rater: Rater) -> None:
    """Withdraws a rater, who cannot come back.

    The events stay stored, as those of nobody, and no rate, rule or export contains them.
    Invitation, cookie, completion code and the browser's name are deleted; a link made
    beforehand is worth nothing from then on. The places of the answers go to others.

    Args:
        session: of `Database.write`.
        rater: the rater.
    """
    lock_study(session, rater.study)
    session.refresh(rater)
    if not rater.excluded:
        count_places(session, rater, -1)
    session.execute(
        update(Invitation)
        .where(Invitation.study_id == rater.study_id, Invitation.code == rater.invitation)
        .values(code=None)
    )
    rater.excluded = True
    rater.withdrawn_at = time.time()
    rater.cookie_hash = hash_secret(secrets.token_urlsafe(16))
    rater.user_agent = ""
    rater.invitation = rater.completion_code = rater.decision = rater.finished_at = None
