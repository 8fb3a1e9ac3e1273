"""A rater withdraws: no number contains the answers, and nothing tells who it was."""

import pytest

from pirgan_tf import survey
from pirgan_tf.survey.judgement import summarise_raters
from pirgan_tf.survey.overview import overview
from pirgan_tf.survey.rules import ValidityRules


@pytest.fixture
def made(new_survey):
    """Four images, rated by one who stays and one who is invited, and withdraws."""
    made = new_survey(4, raters_per_image=2)
    [code] = survey.make_invitations(made.database, made.study, 1)
    made.answer(made.rater("stays"), 2, 2, 2, 3)
    with made.database.write() as session:
        invited = survey.begin_rater(session, session.merge(made.study), "goes", "Firefox", code)
    made.answer(invited, 5, 5)
    made.undo(invited)
    made.answer(invited, 4, 1)
    made.write(survey.withdraw, invited)
    made.code = code
    return made


def _judge(made):
    with made.database.read() as session:
        return survey.judge_raters(session, made.study)


def test_no_number_or_export_contains_the_answers(made):
    verdicts = _judge(made)
    with made.database.read() as session:
        table = survey.interactions(session, made.study, excluded=[])
        events = list(survey.stream_events(session, made.study))
        numbers = overview(session, made.study, verdicts)
        raters = survey.rater_table(session, made.study, verdicts)
        weights = survey.PirWeights.parse("0,0,0,0,1")
        ratings = survey.ratings(session, made.study, weights, excluded=[])
        summary = summarise_raters(session, made.study, ValidityRules())
    assert table["impressions"].tolist() == [1] * 4 and len(ratings) == 4
    assert {event["rater"] for event in events} == set(raters["rater"]) == {1}
    assert set(verdicts["rater"]) == {row["rater"] for row in summary} == {1}
    assert (numbers.raters, numbers.withdrawn, numbers.answers) == (1, 1, 4)
    # What happened stays stored, as that of nobody.
    assert len(made.rows(survey.Event)) == 9


def test_places_go_to_others_and_are_never_given_back(made):
    survey.return_places(made.database, made.study)
    with made.database.write() as session:
        assert not survey.decide(session, made.study, 2, "keep")
    survey.return_places(made.database, made.study)
    assert [image.answered for image in made.rows(survey.Image)] == [1] * 4


def test_nothing_is_left_that_identifies_the_rater(made):
    rater = made.rows(survey.Rater)[1]
    assert (rater.invitation, rater.completion_code, rater.user_agent) == (None, None, "")
    with made.database.read() as session:
        with pytest.raises(survey.UnknownRater):
            survey.find_rater(session, made.study, "goes")
        # The link is worth nothing, and still nobody comes without one.
        for parameters in ({"invitation": made.code}, {}):
            with pytest.raises(survey.NotInvited):
                survey.find_invitation(session, made.study, parameters)
    stored = repr([vars(row) for row in (*made.rows(survey.Rater), *made.rows(survey.Study))])
    assert made.code not in stored


def test_who_was_left_out_before_gives_no_place_back_twice(new_survey):
    made = new_survey(2, raters_per_image=2)
    made.answer(made.rater("stays"), 2, 3)
    bot = made.rater("bot", "curl/8.0")
    made.answer(bot, 5, 5)
    survey.return_places(made.database, made.study)
    made.write(survey.withdraw, bot)
    assert [image.answered for image in made.rows(survey.Image)] == [1, 1]
