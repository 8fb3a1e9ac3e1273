"""The owner's pages: how the study stands, and its data."""

import math
import time
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from pirgan_tf.survey import exclusion
from pirgan_tf.survey.answers import read_ratings, stream_events
from pirgan_tf.survey.event_lines import event_lines
from pirgan_tf.survey.judgement import judge_raters
from pirgan_tf.survey.limiter import address
from pirgan_tf.survey.models import Image, ImageFile, Rater, Study
from pirgan_tf.survey.overview import NUM_BINS, overview
from pirgan_tf.survey.rater_table import rater_table
from pirgan_tf.survey.rates import interactions
from pirgan_tf.survey.security import refuse_other_sites
from pirgan_tf.survey.studies import find_study, is_owner
from pirgan_tf.survey.web import WebOf, page
from pirgan_tf.users.interactions import COLUMNS

COOKIE = "owner"
IMAGES_PER_PAGE = 60

router = APIRouter(prefix="/owner/{key}", dependencies=[Depends(refuse_other_sites)])
OwnerCookie = Annotated[str, Cookie(alias=COOKIE)]


@router.get("/")
def show(request: Request, web: WebOf, key: str, token: OwnerCookie = "") -> Response:
    """Shows how the study stands, or asks for the token."""
    with web.database.read() as session:
        study = find_study(session, key)
        if not is_owner(study, token):
            return page("owner_login.html", study=study, wrong=False)
        ratings = read_ratings(session, study) if study.mode == "rating" else None
        verdicts = judge_raters(session, study, ratings)
    exclusion.return_places(web.database, study, verdicts)
    with web.database.read() as session:
        numbers = overview(session, study, verdicts, ratings)
    labels = [f"{bin / NUM_BINS:g}" for bin in range(NUM_BINS)]
    return page(
        "owner.html", study=study, numbers=numbers, rate_labels=labels, base_url=request.base_url
    )


@router.post("/login")
def login(request: Request, web: WebOf, key: str, token: Annotated[str, Form()] = "") -> Response:
    """Takes the token, and keeps it in a cookie until the browser is closed."""
    token = token.strip()
    with web.database.read() as session:
        study = find_study(session, key)
    web.limiter.check("login", address(request))
    if not is_owner(study, token):
        return page("owner_login.html", 403, study=study, wrong=True)
    answer = RedirectResponse("./", 303)
    answer.set_cookie(
        COOKIE,
        token,
        path=f"/owner/{key}/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/raters/{rater}")
def decide(
    web: WebOf,
    key: str,
    rater: int,
    decision: Annotated[Literal["keep", "exclude", "rules"], Form()],
    token: OwnerCookie = "",
) -> Response:
    """Keeps or excludes a rater whatever the rules say, or goes by the rules again."""
    with web.database.read() as session:
        study = owned(session, key, token)
    with web.database.write() as session:
        if not exclusion.decide(session, study, rater, None if decision == "rules" else decision):
            raise HTTPException(404, "The study has no such rater.")
    exclusion.return_places(web.database, study)
    return RedirectResponse("../", 303)


@router.post("/state")
def set_state(
    web: WebOf,
    key: str,
    state: Annotated[Literal["open", "closed"], Form()],
    token: OwnerCookie = "",
) -> Response:
    """Closes the study, or opens it again; no answer is lost by either."""
    with web.database.write() as session:
        owned(session, key, token).closed_at = time.time() if state == "closed" else None
    return RedirectResponse("./", 303)


@router.get("/images")
def browse(
    web: WebOf,
    key: str,
    number: Annotated[int, Query(alias="page", ge=1, le=10**9)] = 1,
    order: Literal["best", "worst", "gallery"] = "best",
    token: OwnerCookie = "",
) -> Response:
    """Shows all images, some on each page."""
    with web.database.read() as session:
        study = owned(session, key, token)
        excluded = select(Rater.id).where(Rater.study_id == study.id, Rater.excluded)
        table = interactions(session, study, excluded=session.scalars(excluded).all())
    if order != "gallery":
        # What nobody has answered for comes last.
        table["none"] = table["impressions"] == 0
        table = table.sort_values(["none", "posterior_mean"], ascending=[True, order == "worst"])
    return page(
        "owner_images.html",
        study=study,
        rows=table[(number - 1) * IMAGES_PER_PAGE : number * IMAGES_PER_PAGE],
        number=number,
        pages=math.ceil(len(table) / IMAGES_PER_PAGE),
        order=order,
    )


@router.get("/images/{image_id:path}.png")
def image(web: WebOf, key: str, image_id: str, token: OwnerCookie = "") -> Response:
    """Sends an image of the study by its id in the gallery."""
    with web.database.read() as session:
        study = owned(session, key, token)
        found = (
            select(ImageFile.png)
            .join(Image, Image.id == ImageFile.image)
            .where(Image.study_id == study.id, Image.image_id == image_id)
        )
        # PostgreSQL refuses to look for NUL.
        png = None if "\0" in image_id else session.scalars(found).one_or_none()
    if png is None:
        raise HTTPException(404, "The study has no such image.")
    headers = {"cache-control": "private, max-age=3600, immutable"}
    return Response(png, media_type="image/png", headers=headers)


@router.get("/interactions.csv")
def download_interactions(web: WebOf, key: str, token: OwnerCookie = "") -> Response:
    """Sends the table of rates that bin/train_estimator takes."""
    with web.database.read() as session:
        table = interactions(session, owned(session, key, token))
    shown = table[table["impressions"] > 0]
    return Response(shown.to_csv(columns=COLUMNS, index=False), media_type="text/csv")


@router.get("/raters.csv")
def download_raters(web: WebOf, key: str, token: OwnerCookie = "") -> Response:
    """Sends who came by which invitation, and how far they got."""
    with web.database.read() as session:
        study = owned(session, key, token)
        table = rater_table(session, study, judge_raters(session, study))
    return Response(table.to_csv(index=False), media_type="text/csv")


@router.get("/events.{form}")
def download_events(
    web: WebOf, key: str, form: Literal["csv", "jsonl"], token: OwnerCookie = ""
) -> Response:
    """Sends everything that happened, as long as it takes, without holding it in memory."""
    with web.database.read() as session:
        study = owned(session, key, token)

    def lines() -> Iterator[str]:
        with web.database.read() as session:
            yield from event_lines(stream_events(session, study), form)

    return StreamingResponse(lines(), media_type="text/csv" if form == "csv" else "text/plain")


def owned(session: Session, key: str, token: str) -> Study:
    """Returns a study to its owner.

    Raises:
        UnknownStudy: as `find_study`.
        HTTPException: 403 if the token is not the owner's.
    """
    study = find_study(session, key)
    if not is_owner(study, token):
        raise HTTPException(403, "This is for the study's owner, with the token.")
    return study
