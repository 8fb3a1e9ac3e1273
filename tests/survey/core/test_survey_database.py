"""Transactions: all or nothing, and what a database that cannot be used says."""

import sqlite3
import threading

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
    ],
)
def test_the_database_itself_refuses_to_change_events(new_survey, statement, name):
    made = new_survey(2)
    made.answer(made.rater("a"), 4)
    with made.database.read() as session:
        if session.get_bind().dialect.name not in name:
            pytest.skip("SQLite has no such statement")
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
    again = survey.open_database(made.url, must_exist=True)
    with again.read() as session:
        assert session.scalars(sa.select(survey.Event.value)).all() == [5]
    again.close()


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


def test_a_database_that_was_deleted_is_unavailable_and_is_not_made_anew(
    new_survey, on_sqlite, tmp_path
):
    made = new_survey(2)
    rater = made.rater("a")
    for file in tmp_path.glob("survey.sqlite3*"):
        file.unlink()
    with pytest.raises(survey.DatabaseUnavailable, match="is gone"):
        made.write(survey.assign, rater, 1)
    assert not list(tmp_path.glob("survey.sqlite3*"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("survey.sqlite3", ["sqlite:///PATH", "Received: survey.sqlite3"]),
        ("sqlite://", ["sqlite:///PATH"]),
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
        survey.open_database(url, must_exist=True)
    assert not list(tmp_path.iterdir())


def test_tables_of_another_version_or_of_somebody_else_are_refused(tmp_path):
    path = tmp_path / "survey.sqlite3"
    survey.open_database(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE survey_schema SET version = 99")
    with pytest.raises(InputError, match=r"version 2, but has version 99\. Received: sqlite:///"):
        survey.open_database(f"sqlite:///{path}")

    other = tmp_path / "other.sqlite3"
    connection = sqlite3.connect(other)
    with connection:
        connection.execute("CREATE TABLE images (name TEXT)")
    with pytest.raises(InputError, match="tables named images that are no survey's"):
        survey.open_database(f"sqlite:///{other}")
