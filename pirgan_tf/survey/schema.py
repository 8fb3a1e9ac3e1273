"""The version of a database's tables, and the steps from each version to the next."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import refusal
from pirgan_tf.survey.append_only import NO_REPLACEMENT
from pirgan_tf.survey.models import SCHEMA_VERSION, Base, Invitation, SchemaVersion

WANTED = "database must be a survey's own, or not exist yet"
# Any number will do, if all processes that might create the tables at once use it.
_SCHEMA_LOCK = 5_081_959
_MOST_NAMED = 5
# Tables that older versions have not.
_LATER = {Invitation.__tablename__}
# What makes the tables of a version those of the next: statements, and the databases that
# need them.
_BOTH = ("sqlite", "postgresql")
_STEPS = {
    2: (
        ("ALTER TABLE raters ADD COLUMN decision VARCHAR", _BOTH),
        ("ALTER TABLE raters ADD COLUMN excluded BOOLEAN NOT NULL DEFAULT FALSE", _BOTH),
        ("ALTER TABLE images ADD COLUMN gallery INTEGER NOT NULL DEFAULT 0", ("sqlite",)),
        ("ALTER TABLE images ADD COLUMN gallery BIGINT NOT NULL DEFAULT 0", ("postgresql",)),
        (NO_REPLACEMENT, ("sqlite",)),
    ),
    3: (
        ("ALTER TABLE studies ADD COLUMN presentation JSON", _BOTH),
        ("ALTER TABLE studies ADD COLUMN closed_at DOUBLE PRECISION", ("postgresql",)),
        ("ALTER TABLE studies ADD COLUMN closed_at DOUBLE", ("sqlite",)),
        ("ALTER TABLE raters ADD COLUMN invitation VARCHAR", _BOTH),
        ("ALTER TABLE raters ADD COLUMN withdrawn_at DOUBLE PRECISION", ("postgresql",)),
        ("ALTER TABLE raters ADD COLUMN withdrawn_at DOUBLE", ("sqlite",)),
        ("CREATE UNIQUE INDEX raters_by_invitation ON raters (study_id, invitation)", _BOTH),
    ),
}


def find_version(connection: sa.Connection, shown: str) -> int | None:
    """Returns the version of a survey's tables, None where there are no tables at all.

    Args:
        connection: to the database.
        shown: what messages call the database.

    Raises:
        InputError: it has other tables, or those of a version that is not known here.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return None
    if not set(Base.metadata.tables) - _LATER <= tables:
        names = ", ".join(sorted(tables)[:_MOST_NAMED])
        raise refusal(WANTED, shown, f"has tables of another program ({names})")
    versions = connection.scalars(sa.select(SchemaVersion.version)).all()
    if len(versions) != 1 or versions[0] not in (*_STEPS, SCHEMA_VERSION):
        raise InputError(
            "database must have the survey's tables of a version from "
            f"{min(_STEPS)} to {SCHEMA_VERSION}. "
            f"Received: {shown}, of version {', '.join(map(str, versions)) or 'none'}"
        )
    return versions[0]


def bring_up_to_date(session: Session, shown: str) -> None:
    """Makes the tables, or takes those of an older version step by step to this one.

    Args:
        session: of `Database.write`.
        shown: what messages call the database.

    Raises:
        InputError: as `find_version`.
    """
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    connection = session.connection()
    # Another process may have done it meanwhile.
    version = find_version(connection, shown)
    if version is None:
        Base.metadata.create_all(connection)
        session.add(SchemaVersion(version=SCHEMA_VERSION))
        return
    for step in range(version, SCHEMA_VERSION):
        for statement, dialects in _STEPS[step]:
            if dialect in dialects:
                connection.exec_driver_sql(statement)
    Base.metadata.create_all(connection)
    session.execute(sa.update(SchemaVersion).values(version=SCHEMA_VERSION))
