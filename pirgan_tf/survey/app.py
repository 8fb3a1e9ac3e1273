"""The survey's server: an ASGI application."""

import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from pirgan_tf.survey import (
    errors,
    routes_answers,
    routes_owner,
    routes_page,
    routes_preview,
    routes_rating,
)
from pirgan_tf.survey.database import Database
from pirgan_tf.survey.limiter import Limiter
from pirgan_tf.survey.security import Guard
from pirgan_tf.survey.web import Web, WebConfig, page

_STATUS = {
    errors.UnknownStudy: 404,
    errors.UnknownRater: 401,
    errors.NotInvited: 403,
    errors.UnknownAssignment: 404,
    errors.AlreadyAnswered: 409,
    errors.NothingToUndo: 409,
    errors.ValueOutOfRange: 422,
}
_BUSY = "Nothing can be saved at this moment. Please try again in a minute."


def create_app(database: Database, config: WebConfig) -> FastAPI:
    """Returns the server of all studies in a database.

    Raters need a study's link, owners its token; nothing else answers. What is refused
    gets a status code and one sentence: as a page for who asks for pages, else as JSON,
    `{"error": sentence}`.

    Args:
        database: where the studies are.
        config: the server's settings.
    """
    app = FastAPI(title="pirgan_tf survey", openapi_url=None)
    app.state.web = Web(database, config, Limiter())
    for routes in (routes_rating, routes_answers, routes_page, routes_owner, routes_preview):
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_middleware(Guard)
    app.add_exception_handler(errors.SurveyError, _refuse)
    app.add_exception_handler(errors.DatabaseUnavailable, _report_unavailable)
    app.add_exception_handler(RequestValidationError, _report_invalid)
    app.add_exception_handler(HTTPException, _report)
    return app


async def _refuse(request: Request, error: Any) -> Response:
    return _sentence(request, _STATUS[type(error)], str(error))


async def _report_unavailable(request: Request, error: Any) -> Response:
    logging.getLogger(__name__).warning("%s", error)
    return _sentence(request, 503, _BUSY, {"retry-after": "5"})


async def _report_invalid(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _sentence(request, 400, "The body is no JSON.")
    field = ".".join(str(part) for part in first["loc"] if part != "body")
    return _sentence(request, 422, f"{field or 'body'}: {first['msg']}.")


async def _report(request: Request, error: Any) -> Response:
    text = "There is no such page." if error.detail == "Not Found" else error.detail
    return _sentence(request, error.status_code, text, error.headers)


def _sentence(request: Request, status: int, text: str, headers: Any = None) -> Response:
    answer: Response = JSONResponse({"error": text}, status)
    if "text/html" in request.headers.get("accept", ""):
        answer = page("message.html", status, message=text)
    answer.headers.update(headers or {})
    return answer
