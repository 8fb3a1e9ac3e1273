"""Invitations: one rater for each id in a link, in whatever browser.

A platform writes the ids of its raters into the link (Prolific as PROLIFIC_PID, MTurk as
workerId), or links are made beforehand. An id is no secret unless it was made here.
"""

import re
import secrets
from collections.abc import Mapping

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pirgan_tf.survey.database import Database
from pirgan_tf.survey.errors import NotInvited
from pirgan_tf.survey.models import Invitation, Study
from pirgan_tf.survey.raters import lock_study

# What a link made here says the code with.
OWN_PARAMETER = "invitation"
# With these platforms say who comes, also to a study that anybody may enter.
_PLATFORMS = ("PROLIFIC_PID", "workerId")
# A platform's place-holder that was not filled in is none.
_ID = re.compile(r"[\w.:@-]{1,100}")


def make_invitations(database: Database, study: Study, count: int) -> list[str]:
    """Makes codes until a study has so many, and returns all that are not withdrawn.

    From then on the study takes nobody else.
    """
    with database.write() as session:
        lock_study(session, study)
        ours = select(Invitation.code).where(Invitation.study_id == study.id)
        codes = list(session.scalars(ours.order_by(Invitation.id)))
        made = [secrets.token_urlsafe(12) for _ in range(count - len(codes))]
        if made:
            rows = [{"study_id": study.id, "code": code} for code in made]
            session.execute(insert(Invitation), rows)
    return [code for code in codes if code is not None] + made


def find_invitation(
    session: Session, study: Study, parameters: Mapping[str, str]
) -> tuple[str, str] | None:
    """Returns by which parameter of a link somebody is invited, and the id or code in it.

    Args:
        session: of `Database.read`.
        study: the study.
        parameters: those of the link.

    Returns:
        None for a link without an id, to a study that anybody with the link may enter.

    Raises:
        NotInvited: the study wants an invitation, and this is none.
    """
    made = select(Invitation.code).where(Invitation.study_id == study.id)
    wanted = (study.presentation or {}).get("invited_by")
    if session.execute(made.limit(1)).first() is not None:
        wanted = OWN_PARAMETER
    for parameter in (wanted,) if wanted else _PLATFORMS:
        code = parameters.get(parameter, "")
        is_known = parameter != OWN_PARAMETER or session.scalar(made.where(Invitation.code == code))
        if _ID.fullmatch(code) and is_known:
            return parameter, code
    if wanted:
        raise NotInvited("Please open the link of your invitation.")
    return None
