"""Rating mode: introduction, one image after another, thanks."""

import contextlib
import secrets
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Cookie, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, StrictInt
from sqlalchemy.orm import Session

from pirgan_tf.survey import answering, raters, repeats, serving
from pirgan_tf.survey.errors import NotInvited
from pirgan_tf.survey.invitations import find_invitation
from pirgan_tf.survey.limiter import address
from pirgan_tf.survey.models import Assignment, Rater, Study
from pirgan_tf.survey.presentation import present
from pirgan_tf.survey.security import refuse_other_sites
from pirgan_tf.survey.studies import find_study
from pirgan_tf.survey.web import Web, WebOf, page

COOKIE = "rater"
_COOKIE_SECONDS = 90 * 24 * 3600

router = APIRouter(prefix="/s/{key}", dependencies=[Depends(refuse_other_sites)])
RaterCookie = Annotated[str, Cookie(alias=COOKIE)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Wanted(_Body):
    """How many images to have at hand."""

    count: StrictInt


class Skip(_Body):
    """An image that the rater would rather not rate; see `serving.skip`."""

    assignment: StrictInt
    shown_ms: float | None = None


class Undo(_Body):
    """An answer that the rater takes back; see `answering.undo`."""

    assignment: StrictInt


class Vote(Skip):
    """A rating; see `answering.rate`."""

    value: StrictInt


@router.get("/")
def intro(request: Request, web: WebOf, key: str, cookie: RaterCookie = "") -> HTMLResponse:
    """Tells what the survey is, and asks for consent."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        try:
            invitation = _invitation(session, study, request, cookie)
        except NotInvited:
            return _message(study, "not_invited", 403)
        if study.closed_at is not None and not raters.has_begun(session, study, cookie):
            return _message(study, "closed")
        images = raters.most_images(session, study) + study.settings.get("repeats", 0)
    query = f"?{urlencode([invitation])}" if invitation else ""
    return page("intro.html", study=study, shown=present(study), images=images, query=query)


@router.post("/start")
def start(request: Request, web: WebOf, key: str, cookie: RaterCookie = "") -> Response:
    """Starts or resumes the rating, and sets the rater's cookie."""
    with web.database.read() as session:
        study = find_study(session, key, "rating")
        try:
            _, invited = _invitation(session, study, request, cookie) or (None, None)
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
    url = (study.presentation or {}).get("completion_url", "").replace("{code}", code or "")
    return page("done.html", study=study, shown=present(study), code=code, url=url, last=last)


@router.post("/undo")
def undo_last(
    web: WebOf, key: str, assignment: Annotated[int, Form()], cookie: RaterCookie = ""
) -> Response:
    """Takes back the last answer of a rater who was finished, and returns to the images."""
    with _answering(web, key, cookie) as (session, rater):
        answering.undo(session, rater, assignment)
    return RedirectResponse("rate", 303)


@router.get("/images/{assignment:int}.png")
def image(web: WebOf, key: str, assignment: int, cookie: RaterCookie = "") -> Response:
    """Sends an image that was assigned to this rater."""
    with web.database.read() as session:
        rater = raters.enter(session, key, "rating", cookie)
        png = serving.assigned_png(session, rater, assignment)
    headers = {"cache-control": "private, max-age=3600, immutable"}
    return Response(png, media_type="image/png", headers=headers)


@router.post("/api/next")
def next_images(web: WebOf, key: str, wanted: Wanted, cookie: RaterCookie = "") -> dict:
    """Gives the rater's next images, those already given first."""
    with _answering(web, key, cookie) as (session, rater):
        closed = rater.study.closed_at is not None
        given = [] if closed else serving.assign(session, rater, wanted.count)
        assignments = [_view(each) for each in given]
        repeat = repeats.due_repeat(session, rater)
        if repeat is not None and not closed:
            # Another image to the browser, which may well have the first one at hand.
            assignments.append({"id": -repeat, "image": f"images/{repeat}.png?again"})
        done, total = repeats.progress(session, rater)
        last = answering.last_answered(session, rater)
        finished = rater.finished_at is not None
    if not assignments:
        web.return_places(rater.study)
    return {
        "assignments": assignments,
        "done": done,
        "total": total,
        "last": last,
        "finished": finished,
        "closed": closed,
    }


@router.post("/api/rate")
def rate(web: WebOf, key: str, vote: Vote, cookie: RaterCookie = "") -> dict:
    """Stores a rating."""
    with _answering(web, key, cookie) as (session, rater):
        event = answering.rate(session, rater, vote.assignment, vote.value, vote.shown_ms)
    return {"event": event.id}


@router.post("/api/skip")
def skip(web: WebOf, key: str, skipped: Skip, cookie: RaterCookie = "") -> dict:
    """Stores that a rater would rather not rate an image."""
    with _answering(web, key, cookie) as (session, rater):
        event = answering.skip(session, rater, skipped.assignment, skipped.shown_ms)
    return {"event": event.id}


@router.post("/api/undo")
def undo(web: WebOf, key: str, answer: Undo, cookie: RaterCookie = "") -> dict:
    """Takes back an answer of the rater's, and tells which was the last one before it."""
    with _answering(web, key, cookie) as (session, rater):
        assignment = answering.undo(session, rater, answer.assignment)
        last = answering.last_answered(session, rater)
    return {"assignment": _view(assignment), "last": last}


@contextlib.contextmanager
def _answering(web: Web, key: str, cookie: str) -> Iterator[tuple[Session, Rater]]:
    # A stranger must not keep raters waiting for the right to write.
    with web.database.read() as session:
        rater = raters.enter(session, key, "rating", cookie)
    web.limiter.check("answer", str(rater.id))
    with web.database.write() as session:
        yield session, session.get_one(Rater, rater.id)


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


def _view(assignment: Assignment) -> dict:
    return {"id": assignment.id, "image": f"images/{assignment.id}.png"}
