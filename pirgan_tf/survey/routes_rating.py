"""Rating mode: introduction, one image after another, thanks."""

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from pirgan_tf.survey import answering, raters, serving, withdrawal
from pirgan_tf.survey.errors import NotInvited
from pirgan_tf.survey.invitations import OWN_PARAMETER, find_invitation
from pirgan_tf.survey.limiter import address
from pirgan_tf.survey.models import Study
from pirgan_tf.survey.presentation import present
from pirgan_tf.survey.routes_answers import COOKIE, RaterCookie, answering_rater
from pirgan_tf.survey.security import refuse_other_sites
from pirgan_tf.survey.studies import find_study
from pirgan_tf.survey.web import WebOf, page

_COOKIE_SECONDS = 90 * 24 * 3600

router = APIRouter(prefix="/s/{key}", dependencies=[Depends(refuse_other_sites)])


@router.get("/")
def intro(request: Request, web: WebOf, key: str, cookie: RaterCookie = "") -> HTMLResponse:
    """Tells what the survey is, and asks for consent."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        try:
            invitation = _invitation(session, study, request, cookie)
        except NotInvited:
            return _message(study, "not_invited", 403)
        begun = raters.has_begun(session, study, cookie)
        if study.closed_at is not None and not begun:
            return _message(study, "closed")
        images = raters.shown_images(session, study)
    query = f"?{urlencode([invitation])}" if invitation else ""
    return page(
        "intro.html",
        study=study,
        shown=present(study),
        images=images,
        query=query,
        begun=begun,
    )


@router.post("/start")
def start(request: Request, web: WebOf, key: str, cookie: RaterCookie = "") -> Response:
    """Starts or resumes the rating, and sets the rater's cookie."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        try:
            parameter, invited = _invitation(session, study, request, cookie) or (None, None)
        except NotInvited:
            return _message(study, "not_invited", 403)
        is_here = raters.has_begun(session, study, cookie, invited)
        is_known = is_here or (invited is not None and raters.has_come(session, study, invited))
        is_wanted = is_known or serving.wants_answers(session, study)
    web.limiter.check("begin", address(request))
    if study.closed_at is not None and not is_known:
        return _message(study, "closed")
    if not is_wanted:
        web.return_places(study)
        return _message(study, "full")
    if not is_known and parameter != OWN_PARAMETER:
        web.limiter.check("rater", address(request, wide=True))
    if not is_here:
        cookie = secrets.token_urlsafe(16)
        agent = request.headers.get("user-agent", "")
        with web.database.write() as session:
            raters.begin_rater(session, study, cookie, agent, invited)
    answer = RedirectResponse("rate", 303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=_COOKIE_SECONDS,
        path=f"/s/{key}/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/rate")
def rating_page(web: WebOf, key: str, cookie: RaterCookie = "") -> Response:
    """Shows the images to a rater; others are sent to the introduction."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        if not raters.has_begun(session, study, cookie):
            return RedirectResponse("./", 303)
    return page("rate.html", study=study, shown=present(study))


@router.get("/done")
def done(web: WebOf, key: str, cookie: RaterCookie = "") -> Response:
    """Thanks a rater who is finished, with the completion code; others are sent to the images."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        if not raters.has_begun(session, study, cookie):
            return RedirectResponse("./", 303)
        rater = raters.find_rater(session, study, cookie)
        if rater.finished_at is None:
            return RedirectResponse("rate", 303)
        last = answering.last_answered(session, rater)
    code = rater.completion_code
    return page("done.html", study=study, shown=present(study), code=code, last=last)


@router.post("/undo")
def undo_last(
    web: WebOf, key: str, assignment: Annotated[int, Form()], cookie: RaterCookie = ""
) -> Response:
    """Takes back the last answer of a rater who was finished, and returns to the images."""
    with answering_rater(web, key, cookie) as (session, rater):
        answering.undo(session, rater, assignment)
    return RedirectResponse("rate", 303)


@router.get("/withdraw")
def ask_withdrawal(web: WebOf, key: str, cookie: RaterCookie = "") -> Response:
    """Tells what it means to withdraw, and asks whether that is wanted."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        if not raters.has_begun(session, study, cookie):
            return RedirectResponse("./", 303)
    return page("withdraw.html", study=study, shown=present(study))


@router.post("/withdraw")
def withdraw(web: WebOf, key: str, cookie: RaterCookie = "") -> Response:
    """Withdraws the rater and all answers."""
    with answering_rater(web, key, cookie) as (session, rater):
        withdrawal.withdraw(session, rater)
        answer = _message(rater.study, "withdrawn")
    answer.delete_cookie(COOKIE, path=f"/s/{key}/")
    return answer


def _invitation(
    session: Session, study: Study, request: Request, cookie: str
) -> tuple[str, str] | None:
    """Returns `find_invitation`, also for who comes back without the parameters of the link."""
    try:
        return find_invitation(session, study, request.query_params)
    except NotInvited:
        if raters.has_begun(session, study, cookie):
            return None
        raise


def _message(study: Study, word: str, status: int = 200) -> HTMLResponse:
    shown = present(study)
    return page("message.html", status, shown=shown, message=shown.words[word])
