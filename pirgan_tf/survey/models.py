"""The tables of a survey's database.

Studies, images, raters and assignments say how things stand; events say what happened,
and no row of them ever changes. Times are seconds since 1970 in UTC.
"""

from typing import Any, ClassVar, cast

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from pirgan_tf.survey.append_only import STATEMENTS

SCHEMA_VERSION = 4
MAX_ID = 2**63 - 1
# The minute of the clock in which an event happened, as the index has it.
MINUTE = "CAST(answered_at / 60 AS INTEGER)"
MODES = ("rating", "page")
# What may happen in a study of each mode.
KINDS = {
    "rating": ("rating", "skip", "undo", "practice", "repeat"),
    "page": ("impression", "click", "share", "dwell"),
}


class Base(DeclarativeBase):
    """The tables, by class."""

    type_annotation_map: ClassVar = {
        # SQLite numbers rows by itself only in a column of this very type.
        int: BigInteger().with_variant(Integer, "sqlite"),
        float: Double,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
    }


class SchemaVersion(Base):
    """One row: which version of these tables the database has."""

    __tablename__ = "survey_schema"
    version: Mapped[int] = mapped_column(primary_key=True)


class Study(Base):
    """A gallery that people are shown in one mode.

    Attributes:
        key: the secret part of the raters' link.
        gallery_hash: SHA-256 of images and ids; with the mode, it tells studies apart.
        mode: "rating", of stars, or "page", of what visitors of a page do.
        raters_per_image: how many raters are to answer for each image.
        images_per_rater: how many images a rater is shown at most.
        assignment_seconds: how long an image waits for the answer of a rater who left.
        settings: JSON; see `create_study`.
        presentation: JSON of `read_study_file`; None from before there were such files.
        closed_at: when its owner closed it; None while it is open.
        owner_token_hash: SHA-256 of the owner's token.
    """

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("gallery_hash", "mode"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    gallery_hash: Mapped[str]
    mode: Mapped[str] = mapped_column(CheckConstraint("mode IN ('rating', 'page')"))
    raters_per_image: Mapped[int]
    images_per_rater: Mapped[int]
    assignment_seconds: Mapped[float]
    settings: Mapped[dict[str, Any]]
    presentation: Mapped[dict[str, Any] | None]
    closed_at: Mapped[float | None] = mapped_column(default=None)
    owner_token_hash: Mapped[str]
    created_at: Mapped[float]


class Image(Base):
    """An image of a study.

    Attributes:
        image_id: its id in the gallery; of several galleries with the gallery's name before it,
            as in gallery2/img000001.
        gallery: the place of its gallery among the study's, from 0 on.
        answered: how many raters have answered for it, without those excluded.
        open: for how many raters it is kept at the moment.
    """

    __tablename__ = "images"
    __table_args__ = (UniqueConstraint("study_id", "image_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    image_id: Mapped[str]
    gallery: Mapped[int] = mapped_column(default=0, server_default="0")
    answered: Mapped[int] = mapped_column(CheckConstraint("answered >= 0"), default=0)
    open: Mapped[int] = mapped_column(CheckConstraint("open >= 0"), default=0)


class ImageFile(Base):
    """An image's PNG file, apart from what changes with every answer."""

    __tablename__ = "image_files"
    image: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True)
    png: Mapped[bytes]


class Invitation(Base):
    """A link made beforehand, which begins one rater.

    Attributes:
        code: what follows invitation= in it; None once its rater has withdrawn. A study that
            has any takes nobody else.
    """

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("study_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    code: Mapped[str | None]


class Rater(Base):
    """Somebody with the study's link, known by a random cookie, or also by an invitation.

    Attributes:
        study: comes along, in the same query.
        cookie_hash: SHA-256 of the cookie.
        user_agent: what the browser calls itself, at most 300 characters.
        finished_at: when there was nothing more to show; None before, and after an undo.
        completion_code: proof of that for a crowd worker's employer; None before.
        decision: of the study's owner, "keep" or "exclude"; None to go by the rules.
        invitation: the platform's id, or the code, in the rater's link; None if there was none.
        excluded: whether this rater's answers have given their places back, so that
            `Image.answered` is without them; see `exclusion.return_places`.
        withdrawn_at: when the rater withdrew; None before. See `withdrawal.withdraw`.
    """

    __tablename__ = "raters"
    __table_args__ = (
        UniqueConstraint("study_id", "cookie_hash"),
        Index("raters_by_invitation", "study_id", "invitation", unique=True),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    study: Mapped[Study] = relationship(lazy="joined", innerjoin=True)
    cookie_hash: Mapped[str]
    user_agent: Mapped[str]
    started_at: Mapped[float]
    finished_at: Mapped[float | None]
    completion_code: Mapped[str | None]
    decision: Mapped[str | None] = mapped_column(default=None)
    invitation: Mapped[str | None] = mapped_column(default=None)
    excluded: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[float | None] = mapped_column(default=None)


class Assignment(Base):
    """An image given to a rater.

    Attributes:
        image: the `Image`'s id.
        rater: the `Rater`'s id.
        expires_at: when the image may go to somebody else, unless the rater answers for it,
            or for another one, before.
        state: "open", "answered", "skipped" or "expired".
        propensity: the probability, in (0, 1], that of all images which this rater could
            have been given at that moment it was this one.
        position: the rater's first image has 1, the next one 2.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("rater", "image"),
        CheckConstraint("state IN ('open', 'answered', 'skipped', 'expired')"),
        Index("assignments_by_expiry", "study_id", "state", "expires_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    image: Mapped[int] = mapped_column(ForeignKey("images.id"))
    rater: Mapped[int] = mapped_column(ForeignKey("raters.id"))
    created_at: Mapped[float]
    expires_at: Mapped[float]
    state: Mapped[str]
    propensity: Mapped[float]
    position: Mapped[int]


class Event(Base):
    """Something that a rater did; the database refuses to change or delete it.

    Attributes:
        kind: one of `KINDS` of the study's mode.
        value: of a rating, a practice or a repeat its stars, 1 to 5; of an undo the id of
            the event undone; of dwell the seconds that the image has been visible so far;
            else None.
        shown_at: when the image appeared, if the browser told, but not before it was given.
        answered_at: when the event reached the server.
        propensity: the assignment's.
    """

    __tablename__ = "events"
    __table_args__ = (
        # With all columns that the owner's page adds up, for it not to read the rows.
        Index("events_by_image", "study_id", "kind", "image", "value", "rater"),
        Index(
            *("events_by_rater", "study_id", "kind", "rater", text(MINUTE)),
            *("answered_at", "shown_at", "value"),
        ),
        Index(
            "undone_events",
            "value",
            sqlite_where=text("kind = 'undo'"),
            postgresql_where=text("kind = 'undo'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    image: Mapped[int] = mapped_column(ForeignKey("images.id"))
    rater: Mapped[int] = mapped_column(ForeignKey("raters.id"))
    assignment: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    kind: Mapped[str]
    value: Mapped[float | None]
    shown_at: Mapped[float | None]
    answered_at: Mapped[float]
    propensity: Mapped[float]


# For what is done while other writers wait: objects take several times as long.
IMAGES = cast(Table, Image.__table__)
ASSIGNMENTS = cast(Table, Assignment.__table__)
RATERS = cast(Table, Rater.__table__)

for _dialect, _statements in STATEMENTS.items():
    for _statement in _statements:
        event.listen(Event.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))
