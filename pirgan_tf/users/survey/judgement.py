"""Whether a rater's answers are to be believed, computed from the events.

A judgement is never stored. It can be made again with other parameters, and nothing is
deleted because of it.
"""

import pandas as pd
from sqlalchemy import RowMapping, case, func, select
from sqlalchemy.orm import Session

from pirgan_tf.users.survey.answers import counted_answers
from pirgan_tf.users.survey.models import STARS, Rater, Study
from pirgan_tf.users.survey.rules import ValidityRules


def judge_raters(session: Session, study: Study) -> pd.DataFrame:
    """Judges every rater of a study by every rule, with the parameters in its settings.

    Only answers that count are looked at, not those undone.

    Returns:
        A row for each rater and rule: rater (its id), rule (its name), verdict ("passed",
        "failed", or "not run" where there is too little to go by) and reason, a few words.
    """
    rules = ValidityRules.parse(study.settings.get("validity", {}))
    rows = []
    for rater in summarise_raters(session, study, rules):
        rows += [(rater["rater"], name, *rule.judge(rater)) for name, rule in vars(rules).items()]
    return pd.DataFrame(rows, columns=["rater", "rule", "verdict", "reason"])


def summarise_raters(session: Session, study: Study, rules: ValidityRules) -> list[RowMapping]:
    """Returns for each rater what the rules need, counted by the database.

    Keys: rater, user_agent, answers, timed (answers whose image's appearance is known),
    fast (those of them given too soon), star_1 to star_5, and shortest, the fewest seconds
    that one answer more than allowed in a minute has taken; None of so few answers.
    """
    answers = counted_answers(study).subquery()
    previous = func.lag(answers.c.answered_at, rules.burst.per_minute).over(
        partition_by=answers.c.rater, order_by=answers.c.answered_at
    )
    timed = select(
        answers.c.rater,
        answers.c.value,
        (answers.c.answered_at - answers.c.shown_at).label("seconds"),
        (answers.c.answered_at - previous).label("taken"),
    ).subquery()
    counted = (
        select(
            timed.c.rater,
            func.count().label("answers"),
            func.count(timed.c.seconds).label("timed"),
            func.count(case((timed.c.seconds < rules.too_fast.min_seconds, 1))).label("fast"),
            *(func.count(case((timed.c.value == star, 1))).label(f"star_{star}") for star in STARS),
            func.min(timed.c.taken).label("shortest"),
        )
        .group_by(timed.c.rater)
        .subquery()
    )
    numbers = [column for column in counted.c if column.name not in ("rater", "shortest")]
    rows = session.execute(
        select(
            Rater.id.label("rater"),
            Rater.user_agent,
            *(func.coalesce(column, 0).label(column.name) for column in numbers),
            counted.c.shortest,
        )
        .outerjoin(counted, counted.c.rater == Rater.id)
        .where(Rater.study_id == study.id)
        .order_by(Rater.id)
    )
    return list(rows.mappings().all())
