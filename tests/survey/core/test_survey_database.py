"""Transactions: all or nothing, and what a database that cannot be used says."""

import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from pirgan_tf import survey
from pirgan_tf.errors import InputError
from pirgan_tf.survey import database as database_module


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE events SET value = 5", "sqlite postgresql"),
        ("DELETE FROM events", "sqlite postgresql"),
        ("TRUNCATE events CASCADE", "postgresql"),
        (
            "INSERT OR REPLACE INTO events SELECT id, study_id, image, rater, assignment, kind, "
            "1, shown_at, answered_at, propensity FROM events",
            "sqlite",
        ),
        (
            "INSERT INTO events SELECT * FROM events ON CONFLICT (id) DO UPDATE SET value = 1",
            "postgresql",
        ),
    ],
)
def test_the_database_itself_refuses_to_change_events(new_survey, statement, name):
    made = new_survey(2)
    made.answer(made.rater("a"), 4)
    with made.database.read() as session:
        if session.get_bind().dialect.name not in name:
            pytest.skip("the other database has no such statement")
    with (
        pytest.raises(sa.exc.DBAPIError, match="events are append-only"),
        made.database.write() as session,
    ):
        session.execute(sa.text(statement))
    assert [event.value for event in made.rows(survey.Event)] == [4]


def test_what_fails_leaves_nothing(new_survey):
    made = new_survey(2)
    rater = made.rater("a")
    [assignment] = made.write(survey.assign, rater, 1)
    with pytest.raises(RuntimeError), made.database.write() as session:
        survey.rate(session, session.merge(rater), assignment.id, 4)
        raise RuntimeError
    assert made.rows(survey.Event) == []
    assert made.rows(survey.Assignment)[0].state == "open"


def test_what_one_connection_wrote_another_finds(new_survey):
    made = new_survey(2)
    made.answer(made.rater("a"), 5)
    again = survey.open_database(made.url, read_only=True)
    with again.read() as session:
        assert session.scalars(sa.select(survey.Event.value)).all() == [5]
    again.close()


def test_a_copy_of_a_closed_file_holds_everything(new_survey, on_sqlite, tmp_path):
    made = new_survey(2)
    made.answer(made.rater("a"), 5)
    # Another server of the same study: while it reads, SQLite itself leaves the log as it is.
    other = survey.open_database(made.url)
    with other.read() as session:
        session.scalars(sa.select(survey.Study)).all()
    made.database.close()
    shutil.copy(on_sqlite, tmp_path / "copy.sqlite3")
    other.close()
    copy = survey.open_database(f"sqlite:///{tmp_path}/copy.sqlite3", read_only=True)
    with copy.read() as session:
        assert session.scalars(sa.select(survey.Event.value)).all() == [5]
    copy.close()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(database_module, "PATIENCE", 0.2)


def test_a_locked_database_is_unavailable_and_stores_nothing(impatient, new_survey):
    made = new_survey(2)
    rater = made.rater("a")
    [assignment] = made.write(survey.assign, rater, 1)
    # Another process would meet the same lock.
    other = survey.open_database(made.url)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with made.database.write() as session:
            session.execute(sa.select(survey.Study).with_for_update()).all()
            held.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    try:
        for database in (other, made.database):
            with pytest.raises(survey.DatabaseUnavailable), database.write() as session:
                survey.rate(session, session.merge(rater), assignment.id, 4)
    finally:
        done.set()
        thread.join()
    assert made.rows(survey.Event) == []
    other.close()


@pytest.fixture
def on_sqlite(url):
    if not url.startswith("sqlite"):
        pytest.skip("this is about the file of SQLite")
    return url.removeprefix("sqlite:///")


def test_a_full_disk_is_unavailable_and_what_was_stored_stays(new_survey, on_sqlite):
    made = new_survey(2)
    rater = made.rater("a")
    made.answer(rater, 3)

    def fill(connection, *_):
        connection.execute("PRAGMA max_page_count = 1")

    [engine] = {made.database._engine}
    sa.event.listen(engine, "checkout", fill)
    with (
        pytest.raises(survey.DatabaseUnavailable, match="full"),
        made.database.write() as session,
    ):
        for number in range(1000):
            survey.begin_rater(session, session.merge(made.study), str(number), "x" * 300)
    sa.event.remove(engine, "checkout", fill)
    assert len(made.rows(survey.Rater)) == 1
    made.answer(rater, 4)
    assert [event.value for event in made.rows(survey.Event)] == [3, 4]


def test_a_database_that_was_deleted_is_unavailable_and_is_not_made_anew(new_survey, on_sqlite):
    made = new_survey(2)
    rater = made.rater("a")
    folder = Path(on_sqlite).parent
    for file in folder.glob("survey.sqlite3*"):
        file.unlink()
    with pytest.raises(survey.DatabaseUnavailable, match="is gone"):
        made.write(survey.assign, rater, 1)
    assert not list(folder.glob("survey.sqlite3*"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("survey.sqlite3", ["sqlite:///PATH", "Received: survey.sqlite3"]),
        ("sqlite://", ["sqlite:///PATH"]),
        ("sqlite:///:memory:", ["sqlite:///PATH"]),
        ("sqlite:///x.db?check_same_thread=no&what=3", ["sqlite:///PATH"]),
        ("sqlite:///nul\0.db", ["cannot be opened"]),
        ("postgresql://me:secret@localhost:port/x", ["sqlite:///PATH"]),
        ("postgresql://me:secret@localhost:99999/x", ["cannot be opened"]),
        ("postgresql://me:secret@localhost:1/x?no_such=1", ["cannot be opened"]),
        ("mysql://root@localhost/x", ["postgresql://", "mysql"]),
        ("sqlite:////no/such/folder/x.sqlite3", ["cannot be opened", "/no/such/folder"]),
        ("postgresql://me:secret@localhost:1/x", ["cannot be opened", "localhost:1"]),
    ],
)
def test_a_wrong_url_is_one_line_without_the_password(url, words):
    with pytest.raises(InputError) as raised:
        survey.open_database(url)
    message = str(raised.value)
    for word in words:
        assert word in message
    assert "\n" not in message and "secret" not in message


def test_a_database_must_exist_where_it_is_read(url, tmp_path):
    with pytest.raises(InputError, match=r"does not exist|holds no survey"):
        survey.open_database(url, read_only=True)
    assert not list(tmp_path.iterdir())


def test_tables_of_another_version_or_of_somebody_else_are_refused(tmp_path):
    path = tmp_path / "survey.sqlite3"
    survey.open_database(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE survey_schema SET version = 99")
    with pytest.raises(InputError, match=r"from 2 to 4\. Received: sqlite:///.*of version 99"):
        survey.open_database(f"sqlite:///{path}")


def _foreign(path, how):
    """Makes a file that is no survey's."""
    if how == "empty":
        path.touch()
    elif how == "text":
        path.write_text("no database")
    elif how == "a folder":
        path.mkdir()
    elif how == "a pipe":
        os.mkfifo(path)
    else:
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("PRAGMA journal_mode = " + ("WAL" if how == "WAL" else "DELETE"))
            connection.execute("CREATE TABLE images (name TEXT)")
            if how == "a schema of no version":
                connection.execute("CREATE TABLE survey_schema (version INTEGER)")
        connection.close()
    if how == "damaged":
        path.write_bytes(path.read_bytes()[:100] + bytes(255 for _ in range(4000)))


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "how",
    ["empty", "text", "a folder", "a pipe", "tables", "WAL", "a schema of no version", "damaged"],
)
def test_what_is_no_surveys_is_refused_and_stays_as_it_was(tmp_path, how, read_only):
    path = tmp_path / "other.sqlite3"
    _foreign(path, how)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=r"must be a survey's own.*Received: .*other\.sqlite3"):
        survey.open_database(f"sqlite:///{path}", read_only=read_only)
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.sqlite3"]
    assert before is None or path.read_bytes() == before


def test_reading_changes_nothing(tmp_path):
    path = tmp_path / "survey.sqlite3"
    survey.open_database(f"sqlite:///{path}").close()
    before = path.read_bytes()
    database = survey.open_database(f"sqlite:///{path}", read_only=True)
    with (
        pytest.raises(survey.DatabaseUnavailable, match="readonly"),
        database.write() as session,
    ):
        session.execute(sa.text("UPDATE survey_schema SET version = 3"))
    database.close()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["survey.sqlite3"]


def test_a_database_that_is_damaged_later_is_unavailable(new_survey, on_sqlite):
    made = new_survey(2)
    made.database.close()
    content = bytearray(Path(on_sqlite).read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    with pytest.raises((InputError, survey.DatabaseUnavailable)):
        Path(on_sqlite).write_bytes(content)
        with survey.open_database(made.url, read_only=True).read() as session:
            session.scalars(sa.select(survey.Study)).all()
