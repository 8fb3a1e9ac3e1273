"""Whether a rater's answers are to be believed, computed from the events.

A judgement is never stored. It can be made again with other parameters, and nothing is
deleted because of it.
"""

from typing import Any

import pandas as pd
from sqlalchemy import RowMapping, Select, func, literal_column, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.answers import ANSWERS, Ratings, counted_answers, read_ratings
from pirgan_tf.survey.comparison import Comparison, compare_raters
from pirgan_tf.survey.models import MINUTE, Event, Rater, Study
from pirgan_tf.survey.raters import remaining_raters
from pirgan_tf.survey.repeats import mean_differences
from pirgan_tf.survey.rules import FAILED, PASSED, ValidityRules
from pirgan_tf.survey.weights import STARS

OWNER = "owner"
_DECIDED = {
    "keep": (PASSED, "kept by the owner"),
    "exclude": (FAILED, "excluded by the owner"),
}


def judge_raters(session: Session, study: Study, ratings: Ratings | None = None) -> pd.DataFrame:
    """Judges every rater of a study by every rule, with the parameters in its settings.

    Only answers that count are looked at, not those undone. Raters who have withdrawn are
    not judged.

    Args:
        session: of `Database.read`.
        study: the study.
        ratings: of `read_ratings`, which is called here if this is None and the study has any.

    Returns:
        A row for each rater and rule: rater (its id), rule (its name), verdict ("passed",
        "failed", or "not run" where there is too little to go by) and reason, a few words.
        A rater of whom the study's owner has decided has one more, of the rule "owner".
    """
    rules = ValidityRules.parse(study.settings.get("validity", {}))
    rows = []
    stars: dict[int, list[int]] = {}
    compared: dict[int, Comparison] = {}
    repeated: dict[int, tuple[int, float]] = {}
    if study.mode == "rating":
        ratings = ratings or read_ratings(session, study)
        stars = ratings.count_by_rater()
        compared = compare_raters(ratings)
        repeated = mean_differences(session, study)
    for counts in summarise_raters(session, study, rules):
        rater = dict(counts)
        rater["stars"] = stars.get(rater["rater"], [0] * len(STARS))
        rater["comparison"] = compared.get(rater["rater"], Comparison())
        rater["repeats"] = repeated.get(rater["rater"], (0, 0.0))
        rows += [(rater["rater"], name, *rule.judge(rater)) for name, rule in vars(rules).items()]
        if rater["decision"]:
            rows.append((rater["rater"], OWNER, *_DECIDED[rater["decision"]]))
    return pd.DataFrame(rows, columns=["rater", "rule", "verdict", "reason"])


def excluded_raters(verdicts: pd.DataFrame) -> list[int]:
    """Returns the ids of raters whose answers are left out, from the table of `judge_raters`.

    They fail a rule and are not kept by the owner, or are excluded by the owner.
    """
    failed = verdicts.loc[verdicts["verdict"] == FAILED, "rater"]
    kept = verdicts.loc[(verdicts["rule"] == OWNER) & (verdicts["verdict"] == PASSED), "rater"]
    return sorted({*failed} - {*kept})


def summarise_raters(session: Session, study: Study, rules: ValidityRules) -> list[RowMapping]:
    """Returns for each rater what the rules need, counted by the database.

    Keys: rater, user_agent, decision, answers, timed (answers whose image's appearance is known),
    fast (those of them given too soon), and shortest, the fewest seconds that one answer more
    than allowed in a minute has taken; None if it is surely more than 60, or if there are not
    so many.
    """
    answers = counted_answers(study).subquery()
    seconds = answers.c.answered_at - answers.c.shown_at
    counted = (
        select(
            answers.c.rater,
            func.count().label("answers"),
            func.count(answers.c.shown_at).label("timed"),
            func.count().filter(seconds < rules.too_fast.min_seconds).label("fast"),
        )
        .group_by(answers.c.rater)
        .subquery()
    )
    shortest = _shortest_times(study, rules.burst.per_minute).subquery()
    numbers = [column for column in counted.c if column.name != "rater"]
    rows = session.execute(
        select(
            Rater.id.label("rater"),
            Rater.user_agent,
            Rater.decision,
            *(func.coalesce(column, 0).label(column.name) for column in numbers),
            shortest.c.shortest,
        )
        .outerjoin(counted, counted.c.rater == Rater.id)
        .outerjoin(shortest, shortest.c.rater == Rater.id)
        .where(Rater.id.in_(remaining_raters(study)))
        .order_by(Rater.id)
    )
    return list(rows.mappings().all())


def _shortest_times(study: Study, per_minute: int) -> Select[Any]:
    """Selects rater and `shortest` of those who may have failed the rule of bursts."""
    answers = counted_answers(study).subquery()
    # Of the answers of 60 seconds, half or more lie within one minute of the clock. To count
    # these is far less work than to look at every answer's predecessors.
    busy = (
        select(Event.rater)
        .where(Event.study_id == study.id, Event.kind == ANSWERS[study.mode])
        .group_by(Event.rater, literal_column(MINUTE))
        .having(2 * func.count() > per_minute)
    )
    previous = func.lag(answers.c.answered_at, per_minute).over(
        partition_by=answers.c.rater, order_by=answers.c.answered_at
    )
    taken = (
        select(answers.c.rater, (answers.c.answered_at - previous).label("seconds"))
        .where(answers.c.rater.in_(busy))
        .subquery()
    )
    return select(taken.c.rater, func.min(taken.c.seconds).label("shortest")).group_by(
        taken.c.rater
    )
