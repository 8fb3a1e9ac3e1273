"""Studies: a gallery, shown to people in one mode, with a link for them and an owner."""

import hashlib
import hmac
import io
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pirgan_tf.errors import InputError
from pirgan_tf.survey.database import Database
from pirgan_tf.survey.errors import UnknownStudy
from pirgan_tf.survey.models import MODES, Image, ImageFile, Rater, SchemaVersion, Study
from pirgan_tf.survey.rules import ValidityRules
from pirgan_tf.survey.study_file import DEFAULT_IMAGES_PER_RATER, FIXED


def create_study(
    database: Database,
    images: np.ndarray,
    image_ids: Sequence[str],
    *,
    galleries: Sequence[int] = (),
    name: str,
    mode: str,
    raters_per_image: int,
    images_per_rater: int | None = None,
    assignment_seconds: float,
    settings: dict[str, Any],
    presentation: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Study, str | None]:
    """Makes a study of a gallery, or finds the one that was made of it before.

    A study that is found continues with the arguments given now; what people did in it
    stays, and so does what its raters are shown, where these arguments say nothing of it.

    Args:
        images: uint8 [n, height, width, 3].
        image_ids: [n] ids, each another.
        galleries: [n] the place of each image's gallery among those of the study, of which
            every rater sees equally many images; empty for one gallery.
        name: the title of its pages, if the presentation has none.
        mode: "rating" or "page".
        raters_per_image: how many raters are to answer for each image, at least 1.
        images_per_rater: how many images a rater is shown at most, at least 1; None for what
            it was, or 100.
        assignment_seconds: how long an image waits for the answer of a rater who left,
            above 0.
        settings: JSON; "validity" holds what `ValidityRules.parse` takes, "practice" how many
            images each rater begins with that do not count, "repeats" how many images each
            rater sees a second time, and "galleries" the fingerprints of several ones by name.
        presentation: what raters are shown, of `read_study_file`; None for what it was, or
            texts of ours in English.
        changes: what takes the place of some of it.

    Returns:
        The study, and its owner's token; only its hash is kept, so there is None for a
        study that was there before.

    Raises:
        InputError: the mode is neither, a number is too small, there are no such rules of
            validity, or raters have begun and were shown another question, or something else
            that answers depend on.
        DatabaseUnavailable: nothing has been stored.
    """
    if mode not in MODES:
        raise InputError(f"mode must be one of {', '.join(MODES)}. Received: {mode!r}")
    for argument, value in (
        ("raters_per_image", raters_per_image),
        ("images_per_rater", images_per_rater),
    ):
        if value is not None and value < 1:
            raise InputError(f"{argument} must be at least 1. Received: {value}")
    if not assignment_seconds > 0:
        raise InputError(f"assignment_seconds must be above 0. Received: {assignment_seconds}")
    ValidityRules.parse(settings.get("validity", {}))
    gallery_hash = _hash_gallery(images, image_ids)
    chosen: dict[str, Any] = {
        "raters_per_image": raters_per_image,
        "assignment_seconds": assignment_seconds,
        "settings": settings,
    }
    same = select(Study).where(Study.gallery_hash == gallery_hash, Study.mode == mode)
    with database.write() as session:
        # Several processes may begin with the same gallery at once.
        session.execute(select(SchemaVersion).with_for_update())
        study = session.scalars(same).one_or_none()
        shown = _shown(session, study, presentation, changes or {})
        before = DEFAULT_IMAGES_PER_RATER if study is None else study.images_per_rater
        chosen |= {
            "name": shown.get("name", name),
            "images_per_rater": images_per_rater or shown.get("images_per_rater") or before,
            "presentation": shown,
        }
        if study is not None:
            for field, value in chosen.items():
                setattr(study, field, value)
            return study, None
        token = secrets.token_urlsafe(32)
        study = Study(
            key=secrets.token_urlsafe(16),
            gallery_hash=gallery_hash,
            mode=mode,
            owner_token_hash=hash_secret(token),
            created_at=time.time(),
            **chosen,
        )
        session.add(study)
        session.flush()
        rows = session.scalars(
            insert(Image).returning(Image.id, sort_by_parameter_order=True),
            [
                {"study_id": study.id, "image_id": str(image_id), "gallery": gallery}
                for image_id, gallery in zip(
                    image_ids, galleries or [0] * len(image_ids), strict=True
                )
            ],
        )
        session.execute(
            insert(ImageFile),
            [
                {"image": row, "png": _encode_png(image)}
                for row, image in zip(rows, images, strict=True)
            ],
        )
    return study, token


def renew_token(database: Database, study: Study) -> str:
    """Gives a study's owner another token; the one before is worth nothing from then on."""
    token = secrets.token_urlsafe(32)
    with database.write() as session:
        session.get_one(Study, study.id).owner_token_hash = hash_secret(token)
    return token


def find_study(session: Session, key: str, mode: str | None = None) -> Study:
    """Returns the study whose raters' link has this key.

    Raises:
        UnknownStudy: there is none, or it is of another mode than the one given.
    """
    study = None
    if "\0" not in key:  # PostgreSQL refuses to look for it.
        study = session.scalars(select(Study).where(Study.key == key)).one_or_none()
    if study is None or mode not in (None, study.mode):
        raise UnknownStudy("There is no such study.")
    return study


def is_owner(study: Study, token: str) -> bool:
    """Returns whether a token is that of the study's owner."""
    return hmac.compare_digest(study.owner_token_hash, hash_secret(token))


def hash_secret(text: str) -> str:
    """Returns the SHA-256 of a secret that is random, and long enough not to be guessed."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _shown(
    session: Session,
    study: Study | None,
    presentation: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    before = None if study is None else study.presentation
    shown = {**(presentation or before or {"language": "en"}), **changes}
    if study is None or before is None or before == shown:
        return shown
    other = [name for name in FIXED if shown.get(name) != before.get(name)]
    begun = select(Rater.id).where(Rater.study_id == study.id).limit(1)
    if other and session.scalars(begun).first() is not None:
        raise InputError(
            "study must show raters what it has shown those who have begun. "
            f"Received: another {', '.join(other)}"
        )
    return shown


def _hash_gallery(images: np.ndarray, image_ids: Sequence[str]) -> str:
    digest = hashlib.sha256(repr((images.shape, [str(i) for i in image_ids])).encode())
    digest.update(images.tobytes())
    return digest.hexdigest()


def _encode_png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
