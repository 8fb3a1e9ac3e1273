"""The database of a survey: SQLite in a file, or a PostgreSQL server."""

import contextlib
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, explain, refusal
from pirgan_tf.survey.errors import DatabaseUnavailable
from pirgan_tf.survey.models import SCHEMA_VERSION
from pirgan_tf.survey.schema import WANTED, bring_up_to_date, find_version

# How many seconds to wait for other writers, or for a server, before giving up.
PATIENCE = 5.0
_PASSWORD = re.compile(r":[^:@/]*@")
_REACH = "database must stay within reach, and whole"


class Database:
    """Transactions on a survey's database; threads may share it.

    Every transaction is all or nothing: what raises within it is rolled back. What
    `write` has left without an error survives the death of this process.
    """

    def __init__(self, engine: sa.Engine, *, read_only: bool = False):
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        # SQLite lets one writer in, and lets the others guess when to ask again: threads
        # that queue here get their turn sooner.
        queues = engine.dialect.name == "sqlite" and not read_only
        self._turn = threading.Lock() if queues else None

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
        """Closes the connections; SQLite's file alone then holds what was written."""
        if self._turn is not None:
            # What cannot be written now stays in the file beside it, where it is as safe.
            with contextlib.suppress(DatabaseUnavailable, sqlite3.Error, sa.exc.DBAPIError):
                # Closing does so too, but not while another process has the file open.
                connection = self._engine.raw_connection()
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
        self._engine.dispose()

    @contextlib.contextmanager
    def _turn_taken(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=PATIENCE):
            raise DatabaseUnavailable(f"{_REACH}. Received: busy for {PATIENCE:g} seconds")
        try:
            yield
        finally:
            self._turn.release()


def open_database(url: str, *, read_only: bool = False) -> Database:
    """Opens a survey's database.

    Args:
        url: sqlite:///PATH (sqlite:////PATH if it begins at the root), or
            postgresql://USER:PASSWORD@HOST/NAME.
        read_only: whether nothing will be written. Then there must be a survey in it, and
            of a SQLite file of an older version a copy in memory is opened. Otherwise its
            tables are made where there are none at all, or brought to this version.

    Raises:
        InputError: the URL is of another kind, the database cannot be opened, is another
            program's, or its tables are of a version that is not known here, or, read-only
            on PostgreSQL, of an older one.
    """
    wanted = "database must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise InputError(f"{wanted}. Received: {_PASSWORD.sub(':***@', url)}") from None
    # With the password hidden, for the message may go to a log.
    shown = parsed.render_as_string()
    is_sqlite = parsed.drivername == "sqlite"
    if is_sqlite and (parsed.host or parsed.query or parsed.database in (None, "", ":memory:")):
        raise InputError(f"{wanted}. Received: {shown}")
    if not is_sqlite and parsed.drivername not in ("postgresql", "postgresql+psycopg"):
        raise InputError(f"{wanted}. Received: {shown}")
    if is_sqlite:
        _check_sqlite_file(Path(parsed.database or ""), shown, read_only)
    try:
        engine = _sqlite_engine(parsed, read_only) if is_sqlite else _postgresql_engine(parsed)
        database = Database(engine, read_only=read_only)
        with database.read() as session:
            version = find_version(session.connection(), shown)
        if version == SCHEMA_VERSION:
            return database
        if not read_only:
            with database.write() as session:
                bring_up_to_date(session, shown)
        elif version is None:
            raise refusal(WANTED, shown, "holds no survey")
        elif is_sqlite:
            database.close()
            database = _upgraded_copy(Path(parsed.database or ""), shown)
        else:
            raise InputError(
                f"database must be brought to version {SCHEMA_VERSION} by bin/serve. "
                f"Received: {shown}, of version {version}"
            )
    except InputError:
        raise
    except (DatabaseUnavailable, sa.exc.SQLAlchemyError, TypeError, ValueError) as error:
        raise refusal(WANTED, shown, f"cannot be opened ({explain(error)})") from error
    return database


@contextlib.contextmanager
def _session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        # Of the others, a damaged file's has no type of its own.
        if not isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError) and (
            type(error) is not sa.exc.DatabaseError
        ):
            raise
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseUnavailable(f"{_REACH}. Received: {reason}") from error


def _check_sqlite_file(path: Path, shown: str, read_only: bool) -> None:
    """Refuses a file that is no survey's before anything is written to it or beside it."""
    if not read_only and not os.path.lexists(path):
        return
    check_file(path, WANTED)
    patience = time.monotonic() + PATIENCE
    while path.stat().st_size == 0:
        # Another process may be about to make the tables.
        if time.monotonic() > patience:
            raise refusal(WANTED, shown, "is an empty file")
        time.sleep(0.05)
    engine = sa.create_engine("sqlite://", creator=lambda: _connect_to_read(path))
    try:
        with engine.connect() as connection:
            find_version(connection, shown)
    except sa.exc.SQLAlchemyError as error:
        raise refusal(WANTED, shown, f"cannot be opened ({explain(error)})") from None
    finally:
        engine.dispose()


def _connect_to_read(path: Path) -> sqlite3.Connection:
    # An ordinary connection makes files beside one in WAL mode, and leaves them there.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def _upgraded_copy(path: Path, shown: str) -> Database:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    with contextlib.closing(_connect_to_read(path)) as source:
        source.backup(memory)
    engine = sa.create_engine("sqlite://", creator=lambda: memory, poolclass=sa.StaticPool)
    with Database(engine).write() as session:
        bring_up_to_date(session, shown)
    memory.execute("PRAGMA query_only = ON")
    return Database(engine, read_only=True)


def _sqlite_engine(url: sa.URL, read_only: bool) -> sa.Engine:
    path = Path(url.database or "")
    engine = sa.create_engine(
        url, connect_args={"timeout": PATIENCE}, pool_timeout=PATIENCE, pool_size=20
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        # Else the driver begins transactions when it sees fit.
        connection.isolation_level = None
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            return
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
        # An open connection would continue writing to a file that somebody has deleted.
        if not path.is_file():
            raise DatabaseUnavailable(f"{_REACH}. Received: {path}, which is gone")

    return engine


def _postgresql_engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "connect_timeout": round(PATIENCE),
            "options": f"-c lock_timeout={PATIENCE:g}s",
        },
        pool_timeout=PATIENCE,
        # Connections of before a restart of the server are replaced.
        pool_pre_ping=True,
    )
