"""What all routes share."""

import dataclasses
from typing import Annotated, Any

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from pirgan_tf.survey import exclusion
from pirgan_tf.survey.database import Database
from pirgan_tf.survey.limiter import Limiter
from pirgan_tf.survey.models import Study

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("pirgan_tf.survey"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclasses.dataclass(frozen=True)
class WebConfig:
    """What the owner of a server decides, apart from the studies themselves.

    Attributes:
        allowed_origins: origins, such as "https://example.org", whose pages may show
            images of page mode; the server's own demonstration always may.
    """

    allowed_origins: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Web:
    """A server's database and settings, and its memory of who asked how often."""

    database: Database
    config: WebConfig
    limiter: Limiter

    def return_places(self, study: Study) -> None:
        """Gives the places of raters who are left out to others, if it was not done just now."""
        if not self.limiter.excess("judgement", str(study.id)):
            exclusion.return_places(self.database, study)


async def _get_web(request: Request) -> Web:
    return request.app.state.web


WebOf = Annotated[Web, Depends(_get_web)]


def page(template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """Renders a page."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(content), status)
