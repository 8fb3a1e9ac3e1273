"""Page mode: an image behind the content of the owner's own page."""

import base64
import secrets
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

from pirgan_tf.survey import page_events, raters, serving
from pirgan_tf.survey.limiter import address
from pirgan_tf.survey.models import Rater
from pirgan_tf.survey.security import allowed_origin
from pirgan_tf.survey.studies import find_study
from pirgan_tf.survey.web import WebOf, page

_SCRIPT = Path(__file__).parent / "static" / "embed.js"
_Model = TypeVar("_Model", bound=BaseModel)

router = APIRouter()


class Visit(BaseModel):
    """A page was opened by a visitor, who is known from an earlier visit or not."""

    model_config = ConfigDict(extra="forbid")
    visitor: str | None = None


class PageEvent(BaseModel):
    """What a visitor did; see `answering.record_page_event`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    visitor: str
    assignment: StrictInt
    kind: str
    value: float | None = None


async def _origin_headers(request: Request, web: WebOf) -> dict[str, str] | None:
    return allowed_origin(request, web.config.allowed_origins)


OriginHeaders = Annotated[dict[str, str] | None, Depends(_origin_headers)]


# Bodies are text/plain: a browser sends other types to another origin only after asking.
async def _visit(request: Request) -> Visit:
    return _parse(Visit, await request.body())


async def _event(request: Request) -> PageEvent:
    return _parse(PageEvent, await request.body())


@router.get("/s/{key}/embed.js")
def embed(web: WebOf, key: str) -> FileResponse:
    """Sends the script that the owner's page includes."""
    with web.database.read() as session:
        find_study(session, key, "page")
    return FileResponse(_SCRIPT, media_type="text/javascript")


@router.post("/s/{key}/page/next")
def next_image(
    request: Request,
    web: WebOf,
    key: str,
    headers: OriginHeaders,
    visit: Annotated[Visit, Depends(_visit)],
) -> JSONResponse:
    """Gives a visitor an image, as a data URL, or null if there is none for this visitor.

    The demonstration gets any image, and nothing that it does is kept.
    """
    visitor = visit.visitor or ""
    with web.database.read() as session:
        study = find_study(session, key, "page")
        if headers is None:
            return JSONResponse(_given(None, None, serving.any_png(session, study)))
        is_known = raters.has_begun(session, study, visitor)
        is_wanted = is_known or serving.wants_answers(session, study)
    if study.closed_at is not None:
        return JSONResponse(_given(None, None, None), headers=headers)
    if not is_wanted:
        web.return_places(study)
        return JSONResponse(_given(None, None, None), headers=headers)
    if not is_known:
        web.limiter.check("visitor", address(request, wide=True))
        visitor = secrets.token_urlsafe(16)
    web.limiter.check("begin", address(request))
    with web.database.write() as session:
        agent = request.headers.get("user-agent", "")
        rater = raters.begin_rater(session, study, visitor, agent)
        png = number = None
        for assignment in serving.assign(session, rater, 1):
            number, png = assignment.id, serving.assigned_png(session, rater, assignment.id)
        if png is None and not is_known:
            session.delete(rater)
    return JSONResponse(_given(visitor, number, png), headers=headers)


@router.post("/s/{key}/page/event")
def event(
    web: WebOf, key: str, headers: OriginHeaders, done: Annotated[PageEvent, Depends(_event)]
) -> Response:
    """Stores what a visitor did; there is nothing to answer to a beacon."""
    with web.database.read() as session:
        rater = raters.enter(session, key, "page", done.visitor)
    web.limiter.check("answer", str(rater.id))
    if headers is not None:
        with web.database.write() as session:
            rater = session.get_one(Rater, rater.id)
            page_events.record_page_event(session, rater, done.assignment, done.kind, done.value)
    return Response(status_code=204, headers=headers)


@router.get("/demo/{key}")
def demo(request: Request, web: WebOf, key: str) -> HTMLResponse:
    """Shows a page that has the study's images behind its content."""
    with web.database.read() as session:
        study = find_study(session, key, "page")
    return page("demo.html", study=study, base_url=request.base_url)


def _given(visitor: str | None, assignment: int | None, png: bytes | None) -> dict:
    image = png and f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return {"visitor": visitor, "assignment": assignment, "image": image}


def _parse(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
