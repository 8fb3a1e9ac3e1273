"""Rating mode: what the rating page asks for and sends."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StrictInt
from sqlalchemy.orm import Session

from pirgan_tf.survey import answering, raters, repeats, serving
from pirgan_tf.survey.models import Assignment, Rater
from pirgan_tf.survey.security import refuse_other_sites
from pirgan_tf.survey.web import Web, WebOf

COOKIE = "rater"

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
    with answering_rater(web, key, cookie) as (session, rater):
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
    with answering_rater(web, key, cookie) as (session, rater):
        event = answering.rate(session, rater, vote.assignment, vote.value, vote.shown_ms)
    return {"event": event.id}


@router.post("/api/skip")
def skip(web: WebOf, key: str, skipped: Skip, cookie: RaterCookie = "") -> dict:
    """Stores that a rater would rather not rate an image."""
    with answering_rater(web, key, cookie) as (session, rater):
        event = answering.skip(session, rater, skipped.assignment, skipped.shown_ms)
    return {"event": event.id}


@router.post("/api/undo")
def undo(web: WebOf, key: str, answer: Undo, cookie: RaterCookie = "") -> dict:
    """Takes back an answer of the rater's, and tells which was the last one before it."""
    with answering_rater(web, key, cookie) as (session, rater):
        assignment = answering.undo(session, rater, answer.assignment)
        last = answering.last_answered(session, rater)
    return {"assignment": _view(assignment), "last": last}


@contextlib.contextmanager
def answering_rater(web: Web, key: str, cookie: str) -> Iterator[tuple[Session, Rater]]:
    """Gives a session of `Database.write`, and the rater who has a cookie.

    Raises:
        UnknownStudy, UnknownRater: as `raters.enter`.
        HTTPException: 429 if the rater asks too often.
    """
    # A stranger must not keep raters waiting for the right to write.
    with web.database.read() as session:
        rater = raters.enter(session, key, "rating", cookie)
    web.limiter.check("answer", str(rater.id))
    with web.database.write() as session:
        yield session, session.get_one(Rater, rater.id)


def _view(assignment: Assignment) -> dict:
    return {"id": assignment.id, "image": f"images/{assignment.id}.png"}
