"""The table of a study's raters: who came by which invitation, and how far they got."""

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.answers import counted_answers
from pirgan_tf.survey.judgement import excluded_raters
from pirgan_tf.survey.models import Assignment, Rater, Study
from pirgan_tf.survey.raters import remaining_raters


def rater_table(session: Session, study: Study, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Returns a row for each rater of a study who has not withdrawn.

    Args:
        session: of `Database.read`.
        study: the study.
        verdicts: of `judge_raters`.

    Returns:
        rater (its id), invitation (of the link, if there was one), started_at and finished_at
        (seconds since 1970), completion_code, answers (that count), done (images rated or
        skipped, also for practice), decision (the owner's) and excluded.
    """
    answer = counted_answers(study).subquery()
    answers = select(answer.c.rater, func.count()).group_by(answer.c.rater)
    done = (
        select(Assignment.rater, func.count())
        .where(Assignment.study_id == study.id, Assignment.state.in_(("answered", "skipped")))
        .group_by(Assignment.rater)
    )
    columns = (Rater.invitation, Rater.started_at, Rater.finished_at, Rater.completion_code)
    rows = session.execute(
        select(Rater.id.label("rater"), *columns, Rater.decision)
        .where(Rater.id.in_(remaining_raters(study)))
        .order_by(Rater.id)
    ).mappings()
    table = pd.DataFrame(rows.all(), columns=list(rows.keys()))
    decision = table.pop("decision")
    for name, counts in (("answers", answers), ("done", done)):
        counted = {rater: count for rater, count in session.execute(counts)}  # noqa: C416
        table[name] = table["rater"].map(counted).fillna(0).astype(int)
    return table.assign(decision=decision, excluded=table["rater"].isin(excluded_raters(verdicts)))
