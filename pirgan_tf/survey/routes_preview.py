"""The owner's preview of the raters' pages, of which nothing is stored."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy import select

from pirgan_tf.survey import raters
from pirgan_tf.survey.errors import UnknownAssignment
from pirgan_tf.survey.models import MAX_ID, Image, ImageFile, Study
from pirgan_tf.survey.presentation import present
from pirgan_tf.survey.routes_answers import Undo, Wanted
from pirgan_tf.survey.routes_owner import OwnerCookie, owned
from pirgan_tf.survey.security import refuse_other_sites
from pirgan_tf.survey.serving import MAX_COUNT
from pirgan_tf.survey.web import WebOf, page

_CODE = "0123ABCD"
# A cookie, for the database is not to know: how many images the owner has answered for.
_DONE = "previewed"


def _study(web: WebOf, key: str, token: OwnerCookie = "") -> Study:
    with web.database.read() as session:
        study = owned(session, key, token)
    if study.mode != "rating":
        raise HTTPException(404, "There is no such page.")
    return study


router = APIRouter(prefix="/owner/{key}/preview", dependencies=[Depends(refuse_other_sites)])
Previewed = Annotated[Study, Depends(_study)]
Done = Annotated[int, Cookie(alias=_DONE, ge=0, le=MAX_ID)]


@router.get("/")
def intro(web: WebOf, study: Previewed) -> HTMLResponse:
    """Shows the start page."""
    with web.database.read() as session:
        images = raters.shown_images(session, study)
    shown = present(study)
    return page("intro.html", study=study, shown=shown, images=images, query="", begun=False)


@router.post("/start")
def start(study: Previewed) -> Response:
    """Leads from the start page to the rating page, and begins anew there."""
    answer = RedirectResponse("rate", 303)
    answer.delete_cookie(_DONE, path=_path(study))
    return answer


@router.get("/rate")
def rating_page(study: Previewed) -> HTMLResponse:
    """Shows the rating page."""
    return page("rate.html", study=study, shown=present(study))


@router.get("/done")
def done(study: Previewed) -> HTMLResponse:
    """Shows the last page, with a code that is nobody's."""
    return page("done.html", study=study, shown=present(study), code=_CODE, last=None)


@router.get("/withdraw")
def ask_withdrawal(study: Previewed) -> HTMLResponse:
    """Shows the page on which raters withdraw."""
    return page("withdraw.html", study=study, shown=present(study))


@router.post("/withdraw")
def withdraw(study: Previewed) -> Response:
    """Leads back to the start page."""
    return RedirectResponse("./", 303)


@router.get("/images/{image:int}.png")
def image(web: WebOf, study: Previewed, image: int) -> Response:
    """Sends an image of the study."""
    found = (
        select(ImageFile.png)
        .join(Image, Image.id == ImageFile.image)
        .where(Image.study_id == study.id, Image.id == min(image, MAX_ID))
    )
    with web.database.read() as session:
        png = session.scalars(found).one_or_none()
    if png is None:
        raise UnknownAssignment("The study has no such image.")
    return Response(png, media_type="image/png")


@router.post("/api/next")
def next_images(web: WebOf, study: Previewed, wanted: Wanted, done: Done = 0) -> dict:
    """Gives the gallery's first images, as many as a rater is shown."""
    with web.database.read() as session:
        total = raters.most_images(session, study)
        images = session.scalars(
            select(Image.id)
            .where(Image.study_id == study.id)
            .order_by(Image.id)
            .offset(done)
            .limit(max(min(wanted.count, MAX_COUNT, total - done), 0))
        ).all()
    return {
        "assignments": [_view(image) for image in images],
        "done": done,
        "total": total,
        "last": None,
        "finished": done >= total,
        "closed": False,
    }


@router.post("/api/rate")
@router.post("/api/skip")
def forget(study: Previewed, done: Done = 0) -> Response:
    """Takes an answer, and stores nothing of it."""
    return _counted(study, {}, done + 1)


@router.post("/api/undo")
def undo(study: Previewed, answer: Undo, done: Done = 0) -> Response:
    """Gives an image again."""
    return _counted(study, {"assignment": _view(answer.assignment), "last": None}, done - 1)


def _view(image: int) -> dict:
    return {"id": image, "image": f"images/{image}.png"}


def _counted(study: Study, content: dict, done: int) -> Response:
    answer = JSONResponse(content)
    answer.set_cookie(_DONE, str(max(done, 0)), path=_path(study), httponly=True, samesite="strict")
    return answer


def _path(study: Study) -> str:
    return f"/owner/{study.key}/preview/"
