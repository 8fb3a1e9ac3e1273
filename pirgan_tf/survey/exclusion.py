"""Raters whose answers are left out: by the rules, or as the study's owner decides.

Their answers stay stored. Their places go to other raters, so that every image gets as many
answers that count as the study asks for.
"""

import pandas as pd
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pirgan_tf.survey.database import Database
from pirgan_tf.survey.judgement import excluded_raters, judge_raters
from pirgan_tf.survey.models import ASSIGNMENTS, IMAGES, MAX_ID, Rater, Study
from pirgan_tf.survey.raters import lock_study, remaining_raters

# Raters whose places change hands in one transaction.
_AT_ONCE = 20


def decide(session: Session, study: Study, rater_id: int, decision: str | None) -> bool:
    """Stores what the owner decides of a rater; `return_places` makes it count.

    Args:
        session: of `Database.write`.
        study: the study.
        rater_id: the rater's id.
        decision: "keep" or "exclude", whatever the rules say; None to go by the rules.

    Returns:
        Whether the study has such a rater.
    """
    rater = session.get(Rater, rater_id) if 0 < rater_id <= MAX_ID else None
    if rater is None or rater.study_id != study.id or rater.withdrawn_at is not None:
        return False
    rater.decision = decision
    return True


def return_places(database: Database, study: Study, verdicts: pd.DataFrame | None = None) -> None:
    """Gives places of raters who are left out to others, or back to raters who count again.

    Args:
        database: where the study is.
        study: the study.
        verdicts: of `judge_raters`, which looks at every answer; None to judge them here,
            before anybody is kept waiting.
    """
    with database.read() as session:
        if verdicts is None:
            verdicts = judge_raters(session, study)
        excluded = set(excluded_raters(verdicts))
        before = remaining_raters(study).where(Rater.excluded)
        changed = excluded ^ set(session.scalars(before))
    waiting = sorted(changed)
    while waiting:
        # A few at a time, for others wait meanwhile.
        with database.write() as session:
            lock_study(session, study)
            for rater_id in waiting[:_AT_ONCE]:
                rater = session.get_one(Rater, rater_id)
                # Another process may have done it meanwhile, or the rater have withdrawn.
                if rater.excluded == (rater_id in excluded) or rater.withdrawn_at is not None:
                    continue
                rater.excluded = rater_id in excluded
                count_places(session, rater, -1 if rater.excluded else 1)
        del waiting[:_AT_ONCE]


def count_places(session: Session, rater: Rater, more: int) -> None:
    """Counts a rater's answers once more, or with -1 no more, for the images answered."""
    answered = select(ASSIGNMENTS.c.image).where(
        ASSIGNMENTS.c.rater == rater.id, ASSIGNMENTS.c.state == "answered"
    )
    session.execute(
        update(IMAGES).where(IMAGES.c.id.in_(answered)).values(answered=IMAGES.c.answered + more)
    )
