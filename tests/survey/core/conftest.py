"""Databases, studies and raters for the tests of the survey's core."""

import dataclasses
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

psycopg = pytest.importorskip("psycopg", reason="needs pip install 'pirgan-tf[survey]'")

from pirgan_tf import survey  # noqa: E402


@dataclasses.dataclass
class Survey:
    """A study with a database of its own, and what tests do to it."""

    database: survey.Database
    url: str
    study: survey.Study
    token: str

    def rater(self, name: str, user_agent: str = "Mozilla/5.0 Firefox/140.0") -> survey.Rater:
        with self.database.write() as session:
            return survey.begin_rater(session, self.study, name, user_agent)

    def write(self, function: Callable, rater: survey.Rater, *arguments):
        """Calls a function of the survey in a transaction of its own."""
        with self.database.write() as session:
            return function(session, session.get_one(survey.Rater, rater.id), *arguments)

    def answer(self, rater: survey.Rater, *stars: int, shown_ms: float | None = 900) -> None:
        """Rates the next images."""
        with self.database.write() as session:
            rater = session.get_one(survey.Rater, rater.id)
            for value in stars:
                [assignment] = survey.assign(session, rater, 1)
                # As if it had been on the page for a while.
                assignment.created_at -= (shown_ms or 0) / 1000
                session.flush()
                survey.rate(session, rater, assignment.id, value, shown_ms)

    def undo(self, rater: survey.Rater) -> None:
        """Takes back the last answer."""
        self.write(survey.undo, rater, self.write(survey.last_answered, rater))

    def rows(self, model: type) -> list:
        with self.database.read() as session:
            return session.query(model).order_by(model.id).all()


class Clock:
    """The time that the survey sees; it stands still until it is moved."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The socket folder of a PostgreSQL server that lives as long as the tests."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    if found[0] is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    programs = Path(found[0]).parent
    # The server refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user and user not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    # Not pytest's own folder, which the other user could not enter.
    folder = Path(tempfile.mkdtemp(prefix="pirgan-postgresql-"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", data, *arguments],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    run("initdb", "-U", "postgres", "--auth=trust", "--no-sync")
    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
    yield folder
    run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, quick_folder) -> str:
    """A new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{quick_folder}/survey.sqlite3"
    folder = request.getfixturevalue("postgresql")
    server = psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True)
    with server:
        name = f"survey{len(server.execute('SELECT 1 FROM pg_database').fetchall())}"
        server.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={folder}"


@pytest.fixture
def gallery() -> Callable[[int], dict]:
    """Arguments of `create_study`: n images, each another."""

    def arguments(size: int, **other) -> dict:
        pixels = np.zeros((size, 4, 4, 3), np.uint8)
        pixels[:, 0, 0, 0] = np.arange(size)
        return {
            "images": pixels,
            "image_ids": [f"img{index:06d}" for index in range(size)],
            "name": "colours",
            "mode": "rating",
            "raters_per_image": 3,
            "images_per_rater": 100,
            "assignment_seconds": 600,
            "settings": {},
        } | other

    return arguments


@pytest.fixture
def new_survey(url, gallery) -> Iterator[Callable[..., Survey]]:
    """Makes a study of so many images; see `gallery`."""
    database = survey.open_database(url)

    def make(size: int, **other) -> Survey:
        study, token = survey.create_study(database, **gallery(size, **other))
        return Survey(database, url, study, token)

    yield make
    database.close()
