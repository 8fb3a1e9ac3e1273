"""The command that writes what people did."""

import csv
import json

import pandas as pd
import pytest

from pirgan_tf import survey
from pirgan_tf.users import read_interactions


@pytest.fixture
def answered(new_survey):
    """Three images, one of which nobody rated, by a person and a bot."""
    made = new_survey(3, images_per_rater=2)
    person = made.rater("person")
    made.answer(person, 1, 5)
    made.undo(person)
    made.answer(person, 4)
    with made.database.write() as session:
        bot = survey.begin_rater(session, session.merge(made.study), "bot", "curl/8.0")
        survey.assign(session, bot, 1)
        [assignment] = [
            each
            for each in session.query(survey.Assignment).filter_by(rater=bot.id)
            if each.state == "open"
        ]
        survey.rate(session, bot, assignment.id, 5, 10)
    return made


def flags_of(made, **more):
    more = {"database": made.url, "study": made.study.key} | more
    return [f"--{name}={value}" for name, value in more.items()]


def test_rates_without_bots_and_what_the_rules_said(answered, commands, tmp_path):
    output = tmp_path / "rates"
    result = commands.call("export_interactions", *flags_of(answered), output=output)
    assert (result.status, result.stderr) == (0, "")
    assert "2 impressions of 2 images, rate 0.3750" in result.stdout
    assert "1 images without any are left out, and 1 of 2 raters" in result.stdout
    table = pd.read_csv(output / "interactions.csv")
    assert list(table.columns) == [
        *("image_id", "impressions", "positives", "pir"),
        *("posterior_mean", "low", "high"),
    ]
    assert sorted(read_interactions(output)["pir"]) == [0, 0.75]
    validity = pd.read_csv(output / "validity.csv")
    assert len(validity) == 12
    raters = pd.read_csv(output / "raters.csv")
    assert raters[["rater", "answers", "done", "excluded"]].values.tolist() == [
        [1, 2, 2, False],
        [2, 1, 1, True],
    ]
    [failed] = validity[validity["verdict"] == "failed"].to_dict("records")
    assert failed["rule"] == "declared_bot" and "curl" in failed["reason"]
    assert json.loads((output / "options.json").read_text())["stage"] == "export_interactions"


def test_everybodys_rates_with_other_weights(answered, commands, tmp_path):
    flags = [*flags_of(answered, pir_weights="0,0,0,1,1"), "--noexclude_invalid"]
    assert commands.call("export_interactions", *flags, output=tmp_path / "rates").status == 0
    table = read_interactions(tmp_path / "rates")
    assert table["impressions"].sum() == 3
    assert table["positives"].sum() == 2


def test_every_event_as_lines(answered, commands, tmp_path):
    read = {}
    for form in ("csv", "jsonl"):
        flags = flags_of(answered, format=form)
        assert commands.call("export_interactions", *flags, output=tmp_path / form).status == 0
        with (tmp_path / form / f"events.{form}").open(newline="") as file:
            read[form] = list(csv.DictReader(file) if form == "csv" else map(json.loads, file))
    kinds = [(event["kind"], event["value"]) for event in read["jsonl"]]
    assert kinds == [("rating", 1), ("rating", 5), ("undo", 2), ("rating", 4), ("rating", 5)]
    stored = answered.rows(survey.Event)
    for event, line, row in zip(stored, read["jsonl"], read["csv"], strict=True):
        assert line["image_id"].startswith("img00000")
        for field in ("id", "rater", "assignment", "shown_at", "answered_at", "propensity"):
            assert line[field] == getattr(event, field)
        assert row == {name: "" if value is None else str(value) for name, value in line.items()}


def test_mistakes_are_one_line_and_nothing_is_written(answered, commands, nowhere, tmp_path):
    for flags, words in (
        (flags_of(answered, study="nobody"), ["key of a study", "'nobody'"]),
        (flags_of(answered, pir_weights="click=1"), ["mode rating", "0,.25,.5,.75,1"]),
        (flags_of(answered, pir_weights="0,1"), ["five stars", "'0,1'"]),
        (flags_of(answered, format="xml"), ["interactions, csv, jsonl", "'xml'"]),
        (flags_of(answered, database=f"sqlite:///{tmp_path}/none.db"), ["none.db", "not exist"]),
        (flags_of(answered, database="survey.db"), ["sqlite:///PATH", "survey.db"]),
    ):
        line = commands.call("export_interactions", *flags, output=nowhere).refusal()
        for word in words:
            assert word in line


def test_a_study_without_answers_has_no_rates(new_survey, commands, nowhere):
    flags = flags_of(new_survey(2))
    line = commands.call("export_interactions", *flags, output=nowhere).refusal()
    assert "nobody has answered yet" in line


def test_an_event_is_one_line_of_json_whatever_its_image_is_called():
    event = {"id": 1, "image_id": "a\u2028\u0085\u00e9"}
    (text,) = survey.event_lines(iter([event]), "jsonl")
    (line,) = text.splitlines()
    assert json.loads(line) == event
