"""Databases of an older version: brought up to date, or exported as they are."""

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from pirgan_tf import survey
from pirgan_tf.survey.models import SCHEMA_VERSION
from pirgan_tf.users import read_interactions

# As files were before the next version came: a person, who changed a mind, and a bot.
STORED = [Path(__file__).with_name(f"survey_v{version}.sql") for version in (2, 3)]
KEY = "SuiBPMG0iI3ZgfueixgaCw"


@pytest.fixture(params=STORED, ids=lambda stored: stored.stem)
def old(request, tmp_path) -> Path:
    path = tmp_path / "old.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(request.param.read_text())
    connection.close()
    return path


def _columns(path: Path) -> dict[str, list[tuple]]:
    engine = sa.create_engine(f"sqlite:///{path}")
    found = _types(engine)
    with engine.connect() as connection:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        found["triggers"] = sorted(connection.exec_driver_sql(triggers).all())
    engine.dispose()
    return found


def test_an_older_file_gets_the_tables_of_a_new_one_and_the_study_goes_on(old, gallery, tmp_path):
    survey.open_database(f"sqlite:///{tmp_path}/new.sqlite3").close()
    database = survey.open_database(f"sqlite:///{old}")
    assert _columns(old) == _columns(tmp_path / "new.sqlite3")
    study, token = survey.create_study(database, **gallery(3, raters_per_image=2))
    assert (study.key, token) == (KEY, None)
    with database.write() as session:
        person = survey.begin_rater(session, session.merge(study), "person", "")
        [assignment] = survey.assign(session, person, 1)
        survey.rate(session, person, assignment.id, 2)
    with database.read() as session:
        values = session.scalars(sa.select(survey.Event.value).order_by(survey.Event.id)).all()
    assert values == [1, 5, 5, 5, 5, 2, 4, 2]
    database.close()


def test_what_version_4_adds_comes_to_a_database_of_either_kind(url):
    survey.open_database(url).close()
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    expected = _types(engine)
    with engine.begin() as connection:
        for statement in (
            "DROP TABLE invitations",
            "DROP INDEX raters_by_invitation",
            "ALTER TABLE raters DROP COLUMN invitation",
            "ALTER TABLE raters DROP COLUMN withdrawn_at",
            "ALTER TABLE studies DROP COLUMN presentation",
            "ALTER TABLE studies DROP COLUMN closed_at",
            "UPDATE survey_schema SET version = 3",
        ):
            connection.exec_driver_sql(statement)
    assert _types(engine) != expected
    survey.open_database(url).close()
    assert _types(engine) == expected
    engine.dispose()


def _types(engine: sa.Engine) -> dict[str, list]:
    inspector = sa.inspect(engine)
    return {
        table: sorted((each["name"], str(each["type"])) for each in inspector.get_columns(table))
        + sorted(str(each["name"]) for each in inspector.get_indexes(table))
        for table in inspector.get_table_names()
    }


def test_servers_that_start_at_once_take_an_older_file_one_step_once(old):
    opened = []
    threads = [
        threading.Thread(target=lambda: opened.append(survey.open_database(f"sqlite:///{old}")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    with opened[0].read() as session:
        versions = session.connection().exec_driver_sql("SELECT version FROM survey_schema")
        assert versions.scalars().all() == [SCHEMA_VERSION]
    for database in opened:
        database.close()


def test_an_older_file_can_be_exported_and_stays_as_it_was(old, commands, tmp_path):
    before = old.read_bytes()
    flags = (f"--database=sqlite:///{old}", f"--study={KEY}")
    result = commands.call("export_interactions", *flags, output=tmp_path / "rates")
    assert (result.status, result.stderr) == (0, "")
    # Of the person alone: one star, and four after five were taken back.
    assert sorted(read_interactions(tmp_path / "rates")["pir"]) == [0, 0.75]
    assert old.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"old.sqlite3", "rates"}
