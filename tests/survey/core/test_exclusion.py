"""Raters who are left out: what becomes of their places, and what their owner decides."""

import pytest

from pirgan_tf import survey
from pirgan_tf.survey import exclusion

# What does not depend on the database is tested on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def answered(made):
    return [image.answered for image in made.rows(survey.Image)]


def decide(made, rater, decision):
    with made.database.write() as session:
        assert survey.decide(session, made.study, rater.id, decision)
    survey.return_places(made.database, made.study)


@pytest.fixture
def invaded(new_survey):
    """Three images for one rater each, of which a bot has answered two and skipped one."""
    made = new_survey(3, raters_per_image=1)
    bot = made.rater("bot", "curl/8.0")
    made.answer(bot, 5, 5)
    [last] = made.write(survey.assign, bot, 1)
    made.write(survey.skip, bot, last.id)
    return made, bot


def test_places_of_who_fails_a_rule_go_to_others(invaded):
    made, _ = invaded
    person = made.rater("person")
    assert len(made.write(survey.assign, person, 5)) == 1
    survey.return_places(made.database, made.study)
    survey.return_places(made.database, made.study)
    assert answered(made) == [0, 0, 0]
    made.answer(person, 1, 2, 3)
    assert answered(made) == [1, 1, 1]
    assert len(made.rows(survey.Event)) == 6


@ON_SQLITE
def test_places_of_many_raters_are_returned_some_at_a_time(new_survey, monkeypatch):
    monkeypatch.setattr(exclusion, "_AT_ONCE", 2)
    made = new_survey(1, raters_per_image=5)
    for number in range(5):
        made.answer(made.rater(f"bot {number}", "curl/8.0"), 5)
    survey.return_places(made.database, made.study)
    assert answered(made) == [0]
    assert all(rater.excluded for rater in made.rows(survey.Rater))


@ON_SQLITE
def test_what_somebody_does_who_is_left_out_takes_no_place(invaded):
    made, bot = invaded
    survey.return_places(made.database, made.study)
    made.undo(bot)
    made.undo(bot)
    assert answered(made) == [0, 0, 0]
    made.answer(bot, 3, 3)
    assert answered(made) == [0, 0, 0]
    decide(made, bot, "keep")
    assert answered(made) == [1, 1, 1]


def test_the_owner_keeps_or_excludes_whatever_the_rules_say(invaded):
    made, bot = invaded
    person = made.rater("person")
    made.answer(person, 1)

    def counted():
        with made.database.read() as session:
            verdicts = survey.judge_raters(session, made.study)
            table = survey.interactions(session, made.study)
        own = verdicts[verdicts["rule"] == "owner"]
        return sum(answered(made)), table["impressions"].sum(), own["verdict"].tolist()

    survey.return_places(made.database, made.study)
    assert counted() == (1, 1, [])
    decide(made, bot, "keep")
    assert counted() == (3, 3, ["passed"])
    decide(made, person, "exclude")
    assert counted() == (2, 2, ["passed", "failed"])
    decide(made, bot, None)
    decide(made, person, None)
    assert counted() == (1, 1, [])


@ON_SQLITE
def test_only_raters_of_the_study_can_be_decided_of(new_survey):
    made, other = new_survey(2), new_survey(3)
    stranger = other.rater("stranger")
    with made.database.write() as session:
        for number in (stranger.id, stranger.id + 1, 0, -1, 2**70):
            assert not survey.decide(session, made.study, number, "exclude")
    assert other.rows(survey.Rater)[0].decision is None
