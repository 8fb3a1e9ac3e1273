"""The database of a survey: SQLite in a file, or a PostgreSQL server."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pirgan_tf.errors import InputError
from pirgan_tf.survey.errors import DatabaseUnavailable
from pirgan_tf.survey.models import SCHEMA_VERSION, Base, SchemaVersion

# How many seconds to wait for other writers, or for a server, before giving up.
PATIENCE = 5.0
# Any number will do, if all processes that might create the tables at once use it.
_SCHEMA_LOCK = 5_081_959


class Database:
    """Transactions on a survey's database; threads may share it.

    Every transaction is all or nothing: what raises within it is rolled back. What
    `write` has left without an error survives the death of this process.
    """

    def __init__(self, engine: sa.Engine):
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        # SQLite lets one writer in, and lets the others guess when to ask again: threads
        # that queue here get their turn sooner.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Gives a session that may change things; it is committed on leaving.

        Raises:
            DatabaseUnavailable: the database is locked, full or out of reach; nothing
                has been stored.
        """
        with _reported(), self._turn_taken(), _session(self._writer) as session:
            yield session

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Gives a session that only reads.

        Raises:
            DatabaseUnavailable: the database is out of reach.
        """
        with _reported(), _session(self._engine) as session:
            yield session

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _turn_taken(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=PATIENCE):
            raise DatabaseUnavailable(f"the database was busy for {PATIENCE:g} seconds")
        try:
            yield
        finally:
            self._turn.release()


def open_database(url: str, *, must_exist: bool = False) -> Database:
    """Opens a survey's database.

    Args:
        url: sqlite:///PATH (sqlite:////PATH if it begins at the root), or
            postgresql://USER:PASSWORD@HOST/NAME.
        must_exist: whether to refuse a database without a survey's tables; otherwise
            they are made.

    Raises:
        InputError: the URL is of another kind, the database cannot be opened, or its
            tables are of another version of this package.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        parsed = None
    if parsed is not None and parsed.drivername == "sqlite" and parsed.database:
        engine = _sqlite_engine(parsed, must_exist)
    elif parsed is not None and parsed.drivername in ("postgresql", "postgresql+psycopg"):
        engine = _postgresql_engine(parsed.set(drivername="postgresql+psycopg"))
    else:
        raise InputError(
            "database must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME. "
            f"Received: {url if parsed is None else parsed.render_as_string()}"
        )
    database = Database(engine)
    # With the password hidden, for the message may go to a log.
    shown = parsed.render_as_string()
    try:
        with database.write() as session:
            _check_schema(session, shown, must_exist)
    except DatabaseUnavailable as error:
        raise InputError(f"database cannot be opened: {error}. Received: {shown}") from error
    return database


@contextlib.contextmanager
def _session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseUnavailable(reason) from error


def _sqlite_engine(url: sa.URL, must_exist: bool) -> sa.Engine:
    path = Path(url.database or "")
    if must_exist and not path.is_file():
        raise InputError(f"database does not exist. Received: {url.render_as_string()}")
    engine = sa.create_engine(
        url, connect_args={"timeout": PATIENCE}, pool_timeout=PATIENCE, pool_size=20
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        # Else the driver begins transactions when it sees fit.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            # What was acknowledged survives the loss of power too.
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer that began as a reader would be refused, not made to wait.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @sa.event.listens_for(engine, "checkout")
    def _check(*_: Any) -> None:
        # An open connection would go on writing to a file that somebody has deleted.
        if not path.is_file():
            raise DatabaseUnavailable(f"{path} is gone")

    return engine


def _postgresql_engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url,
        connect_args={
            "connect_timeout": round(PATIENCE),
            "options": f"-c lock_timeout={PATIENCE:g}s",
        },
        pool_timeout=PATIENCE,
        # Connections of before a restart of the server are replaced.
        pool_pre_ping=True,
    )


def _check_schema(session: Session, url: str, must_exist: bool) -> None:
    """Makes the tables where there are none."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    connection = session.connection()
    if not sa.inspect(connection).has_table(SchemaVersion.__tablename__):
        if must_exist:
            raise InputError(f"database holds no survey. Received: {url}")
        taken = set(sa.inspect(connection).get_table_names()) & set(Base.metadata.tables)
        if taken:
            raise InputError(
                f"database has tables named {', '.join(sorted(taken))} that are no survey's; "
                f"give it a database of its own. Received: {url}"
            )
        Base.metadata.create_all(connection)
        session.add(SchemaVersion(version=SCHEMA_VERSION))
        return
    version = session.scalars(sa.select(SchemaVersion.version)).one()
    if version != SCHEMA_VERSION:
        raise InputError(
            f"database must have the survey's tables of version {SCHEMA_VERSION}, but has "
            f"version {version}. Received: {url}"
        )
