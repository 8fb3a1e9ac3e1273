"""Practice images and hidden repeats: shown like others, and not counted."""

import pytest

from pirgan_tf import survey
from pirgan_tf.survey.repeats import due_repeat, progress

# What does not depend on the database is tested on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def rate_all(made, name, stars):
    """Rates until nothing is left; returns the assignments, repeats with a minus, and progress.

    Args:
        stars: of the number of an answer and whether it is a repeat.
    """
    order = []
    with made.database.write() as session:
        rater = survey.begin_rater(session, made.study, name, "Firefox")
        while True:
            repeat = due_repeat(session, rater)
            given = [each.id for each in survey.assign(session, rater, 1)]
            if repeat is not None:
                given = [-repeat]
            if not given:
                return order, progress(session, rater)
            order += given
            survey.rate(session, rater, given[0], stars(len(order), given[0] < 0))


@ON_SQLITE
def test_practice_is_stored_but_its_images_still_want_their_answers(new_survey):
    made = new_survey(4, raters_per_image=1, images_per_rater=4, settings={"practice": 2})
    rate_all(made, "a", lambda number, repeat: 5)
    kinds = [(event.kind, event.value) for event in made.rows(survey.Event)]
    assert kinds == [("practice", 5)] * 2 + [("rating", 5)] * 2
    assert sorted(image.answered for image in made.rows(survey.Image)) == [0, 0, 1, 1]
    with made.database.read() as session:
        assert survey.interactions(session, made.study)["impressions"].sum() == 2
        values = [event["value"] for event in survey.stream_events(session, made.study)]
    assert values == [5] * 4 and all(isinstance(value, int) for value in values)
    # Taken back, it is practice again.
    rater = made.rater("b")
    made.answer(rater, 1)
    made.undo(rater)
    made.answer(rater, 2)
    assert [event.kind for event in made.rows(survey.Event)][4:] == ["practice", "undo", "practice"]


@ON_SQLITE
def test_repeats_are_spread_and_show_what_was_answered_half_way(new_survey):
    made = new_survey(12, images_per_rater=12, settings={"repeats": 3})
    order, (done, total) = rate_all(made, "a", lambda number, repeat: 4)
    assert (done, total) == (15, 15)
    firsts = [number for number in order if number > 0]
    places = [place for place, number in enumerate(order) if number < 0]
    # After 3, 6 and 9 images.
    assert places == [3, 7, 11]
    assert [-order[place] for place in places] == [firsts[1], firsts[3], firsts[4]]
    with made.database.read() as session:
        assert survey.interactions(session, made.study)["impressions"].sum() == 12
    assert sum(image.answered for image in made.rows(survey.Image)) == 12


def test_who_rates_the_same_image_differently_each_time_fails(new_survey):
    settings = {"repeats": 4}
    made = new_survey(10, raters_per_image=9, images_per_rater=10, settings=settings)
    rate_all(made, "consistent", lambda number, repeat: 3 + repeat)
    rate_all(made, "random", lambda number, repeat: 1 + 4 * repeat)
    made.answer(made.rater("few"), 1)
    with made.database.read() as session:
        verdicts = survey.judge_raters(session, made.study)
    found = verdicts[verdicts["rule"] == "consistency"]
    assert found["verdict"].tolist() == ["passed", "failed", "not run"]
    assert found["reason"].tolist() == [
        "4 images rated twice differ by 1.00 on average",
        "4 images rated twice differ by 4.00 on average",
        "0 images rated twice, of 3 needed",
    ]


@ON_SQLITE
def test_only_the_repeat_that_is_due_is_taken_and_stays(new_survey):
    made = new_survey(6, images_per_rater=6, settings={"repeats": 2})
    rater = made.rater("a")
    made.answer(rater, 1)
    [first] = made.rows(survey.Assignment)
    with pytest.raises(survey.UnknownAssignment):
        made.write(survey.rate, rater, -first.id, 3)
    made.answer(rater, 2)
    due = made.write(due_repeat, rater)
    made.write(survey.skip, rater, -due)
    with pytest.raises(survey.UnknownAssignment):
        made.write(survey.rate, rater, -due, 3)
    with pytest.raises(survey.NothingToUndo):
        made.write(survey.undo, rater, -due)
    assert [event.kind for event in made.rows(survey.Event)] == ["rating", "rating", "repeat"]
