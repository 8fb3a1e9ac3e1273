"""Which image comes next, and what becomes of answers; on SQLite and PostgreSQL."""

import io
from collections import Counter

import numpy as np
import PIL.Image
import pytest
from scipy import stats

from pirgan_tf import survey
from pirgan_tf.survey import answering

# What does not depend on the database is tested on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def shown(made):
    """How often each image was answered or is open."""
    return [image.answered + image.open for image in made.rows(survey.Image)]


def test_least_shown_first_and_never_more_than_the_study_asks_for(new_survey):
    made = new_survey(5, raters_per_image=3)
    raters = [made.rater(str(number)) for number in range(4)]
    for _ in range(5):
        for rater in raters[:3]:
            [assignment] = made.write(survey.assign, rater, 1)
            made.write(survey.rate, rater, assignment.id, 3)
            # Three raters who see all: none is ever kept from the least shown for long.
            assert max(shown(made)) - min(shown(made)) <= 2
    assert shown(made) == [3] * 5
    pairs = [(event.image, event.rater) for event in made.rows(survey.Event)]
    assert len(set(pairs)) == len(pairs) == 15
    assert made.write(survey.assign, raters[3], 1) == []


def test_one_rater_is_shown_every_image_once_and_then_gets_a_code(new_survey):
    made = new_survey(7)
    rater = made.rater("a")
    while given := made.write(survey.assign, rater, 2):
        assert len(given) <= 2
        for assignment in given:
            made.write(survey.rate, rater, assignment.id, 5)
    assert Counter(event.image for event in made.rows(survey.Event)).most_common(1)[0][1] == 1
    [stored] = made.rows(survey.Rater)
    assert made.write(survey.progress, rater) == (7, 7)
    assert len(stored.completion_code) == 8 and stored.finished_at >= stored.started_at
    assert made.write(survey.assign, rater, 2) == []
    assert made.rows(survey.Rater)[0].completion_code == stored.completion_code


def test_a_rater_is_shown_no_more_than_the_study_says(new_survey):
    made = new_survey(7, images_per_rater=3)
    rater = made.rater("a")
    assert len(made.write(survey.assign, rater, 10)) == 3
    made.answer(rater, 1, 2)
    assert made.write(survey.progress, rater) == (2, 3)
    assert len(made.write(survey.assign, rater, 10)) == 1


def test_a_reload_goes_on_with_the_same_images_in_the_same_order(new_survey):
    made = new_survey(9)
    rater = made.rater("a")
    first = [each.id for each in made.write(survey.assign, rater, 3)]
    assert [each.id for each in made.write(survey.assign, rater, 3)] == first
    assert [each.id for each in made.write(survey.assign, rater, 5)][:3] == first
    # The browser was closed, and the cookie brings the same rater back.
    with made.database.write() as session:
        assert survey.begin_rater(session, made.study, "a", "Mozilla/5.0").id == rater.id


def test_propensities_are_the_probabilities_of_the_draws(new_survey):
    made = new_survey(5, raters_per_image=400)
    first = Counter()
    with made.database.write() as session:
        for number in range(200):
            rater = survey.begin_rater(session, made.study, str(number), "")
            drawn = survey.assign(session, rater, 2)
            assert [each.propensity for each in drawn] == [1 / 5, 1 / 4]
            first.update((place, each.image) for place, each in enumerate(drawn))
            # Given back, so that all images are tied again for the next rater.
            for assignment in drawn:
                survey.skip(session, rater, assignment.id)
    for place in range(2):
        counts = [first[place, image.id] for image in made.rows(survey.Image)]
        assert sum(counts) == 200
        assert stats.chisquare(counts).pvalue > 1e-6


def test_propensities_where_fewer_images_are_tied(new_survey):
    made = new_survey(4)
    made.write(survey.assign, made.rater("a"), 3)
    # One image was never shown; the second draw is among the three that were.
    drawn = made.write(survey.assign, made.rater("b"), 3)
    assert [each.propensity for each in drawn] == [1, 1 / 3, 1 / 2]
    event = made.write(survey.rate, made.rater("b"), drawn[1].id, 2)
    assert event.propensity == 1 / 3


def test_what_is_stored_of_a_rating(new_survey, clock):
    made = new_survey(1)
    rater = made.rater("a")
    [assignment] = made.write(survey.assign, rater, 1)
    clock.move(2)
    made.write(survey.rate, rater, assignment.id, 4, 1500)
    [event] = made.rows(survey.Event)
    assert (event.kind, event.value, event.rater) == ("rating", 4, rater.id)
    assert (event.shown_at, event.answered_at) == (clock.now - 1.5, clock.now)
    assert event.assignment == assignment.id and event.image == assignment.image


def test_an_image_whose_rater_left_goes_to_another_and_a_late_answer_is_kept(new_survey, clock):
    made = new_survey(1, raters_per_image=1, assignment_seconds=60)
    here, gone = made.rater("here"), made.rater("gone")
    [lost] = made.write(survey.assign, gone, 1)
    clock.move(61)
    [given] = made.write(survey.assign, here, 1)
    assert given.image == lost.image
    made.write(survey.rate, here, given.id, 5)
    made.write(survey.rate, gone, lost.id, 1)
    with pytest.raises(survey.AlreadyAnswered):
        made.write(survey.rate, gone, lost.id, 2)
    assert [event.value for event in made.rows(survey.Event)] == [5, 1]
    [image] = made.rows(survey.Image)
    assert (image.answered, image.open) == (2, 0)


def test_who_holds_a_whole_study_keeps_others_waiting_but_neither_out_nor_finished(
    new_survey, clock
):
    made = new_survey(3, raters_per_image=1, assignment_seconds=600)
    holder, other = made.rater("holder"), made.rater("other")
    assert len(made.write(survey.assign, holder, 10)) == 3
    assert made.write(survey.assign, other, 1) == []
    assert [rater.completion_code for rater in made.rows(survey.Rater)] == [None, None]
    # Asking again is no sign of life: a minute without an answer is enough.
    clock.move(59)
    assert len(made.write(survey.assign, holder, 10)) == 3
    assert made.write(survey.assign, other, 1) == []
    clock.move(2)
    [given] = made.write(survey.assign, other, 1)
    made.write(survey.rate, other, given.id, 3)
    [image] = [image for image in made.rows(survey.Image) if image.id == given.image]
    assert image.answered == 1


@ON_SQLITE
def test_who_answers_keeps_what_else_is_at_hand(new_survey, clock):
    made = new_survey(2, raters_per_image=1, assignment_seconds=60)
    slow, other = made.rater("slow"), made.rater("other")
    first, second = made.write(survey.assign, slow, 2)
    clock.move(5)
    made.write(survey.rate, slow, first.id, 3)
    clock.move(0.9)
    assert made.write(survey.assign, other, 1) == []
    clock.move(59)
    assert [each.id for each in made.write(survey.assign, slow, 2)] == [second.id]
    [kept] = [image for image in made.rows(survey.Image) if image.id == second.image]
    assert kept.open == 1


@ON_SQLITE
def test_nobody_keeps_images_from_others_by_answering_and_taking_back(new_survey, clock):
    made = new_survey(3, raters_per_image=1, assignment_seconds=600)
    holder, other = made.rater("holder"), made.rater("other")
    first, *_ = made.write(survey.assign, holder, 3)
    for _ in range(4):
        clock.move(16)
        made.write(survey.rate, holder, first.id, 3)
        made.write(survey.undo, holder, first.id)
    assert len(made.write(survey.assign, other, 3)) == 3


def test_what_was_kept_long_goes_to_no_more_raters_than_the_study_asks_for(new_survey, clock):
    made = new_survey(1, raters_per_image=2, assignment_seconds=600)
    raters = [made.rater(str(number)) for number in range(6)]

    def given(*numbers):
        return [len(made.write(survey.assign, raters[number], 1)) for number in numbers]

    assert given(0, 1, 2) == [1, 1, 0]
    clock.move(61)
    # Whatever the first two do meanwhile, only two others come in their place.
    assert given(2, 3, 4) == [1, 1, 0]
    clock.move(61)
    made.answer(raters[0], 5)
    assert given(4, 5) == [1, 0]


@ON_SQLITE
def test_no_image_was_on_the_page_before_it_was_given(new_survey, clock):
    made = new_survey(1)
    rater = made.rater("a")
    [assignment] = made.write(survey.assign, rater, 1)
    clock.move(0.25)
    made.write(survey.rate, rater, assignment.id, 4, 1500)
    [event] = made.rows(survey.Event)
    assert event.shown_at == clock.now - 0.25


@ON_SQLITE
def test_what_has_expired_is_kept_for_nobody_a_second_time(new_survey, clock):
    made = new_survey(3, raters_per_image=1, assignment_seconds=60)
    slow = made.rater("slow")
    given = [each.id for each in made.write(survey.assign, slow, 2)]
    clock.move(61)
    # The same images again, and no others beside them.
    assert [each.id for each in made.write(survey.assign, slow, 2)] == given
    assert shown(made) == [0, 0, 0]
    other = made.rater("other")
    taken = made.write(survey.assign, other, 3)
    assert len(taken) == 3
    for assignment in taken:
        made.write(survey.rate, other, assignment.id, 2)
    made.write(survey.rate, slow, given[0], 4)
    # Nothing wants an answer now, so who had images and answered is finished.
    assert made.write(survey.assign, slow, 2) == []
    assert all(rater.completion_code for rater in made.rows(survey.Rater) if rater.id == slow.id)
    assert sorted(image.answered for image in made.rows(survey.Image)) == [1, 1, 2]


@ON_SQLITE
def test_who_was_given_nothing_gets_no_code(new_survey):
    made = new_survey(2, raters_per_image=1)
    made.answer(made.rater("a"), 1, 2)
    late = made.rater("late")
    assert made.write(survey.assign, late, 5) == []
    assert made.rows(survey.Rater)[-1].completion_code is None


def test_undo_reopens_the_last_answers_one_by_one(new_survey):
    made = new_survey(4)
    rater = made.rater("a")
    made.answer(rater, 1, 2)
    [third] = made.write(survey.assign, rater, 1)
    made.write(survey.skip, rater, third.id)
    assert made.write(survey.progress, rater) == (3, 4)
    for position in (3, 2, 1):
        last = made.write(survey.last_answered, rater)
        assert made.write(survey.undo, rater, last).position == position
    assert made.write(survey.last_answered, rater) is None
    assert [each.position for each in made.write(survey.assign, rater, 4)] == [1, 2, 3, 4]
    events = [(event.kind, event.value) for event in made.rows(survey.Event)]
    assert events == [
        ("rating", 1),
        ("rating", 2),
        ("skip", None),
        ("undo", 3),
        ("undo", 2),
        ("undo", 1),
    ]
    assert [(image.answered, image.open) for image in made.rows(survey.Image)] == [(0, 1)] * 4


@ON_SQLITE
def test_an_undo_that_is_sent_twice_takes_back_one_answer(new_survey):
    made = new_survey(3)
    rater = made.rater("a")
    made.answer(rater, 1, 2)
    last = made.write(survey.last_answered, rater)
    first, second = (made.write(survey.undo, rater, last) for _ in range(2))
    assert first.id == second.id == last
    assert [event.kind for event in made.rows(survey.Event)] == ["rating", "rating", "undo"]
    [unanswered] = [each for each in made.write(survey.assign, rater, 2) if each.id != last]
    with pytest.raises(survey.NothingToUndo):
        made.write(survey.undo, rater, unanswered.id)


@ON_SQLITE
def test_the_last_answer_of_all_can_be_undone_and_the_code_stays(new_survey):
    made = new_survey(1)
    rater = made.rater("a")
    codes = []
    for value in (1, 5):
        made.answer(rater, value)
        assert made.write(survey.assign, rater, 1) == []
        [stored] = made.rows(survey.Rater)
        assert stored.finished_at
        codes.append(stored.completion_code)
        made.write(survey.undo, rater, made.write(survey.last_answered, rater))
        assert made.rows(survey.Rater)[0].finished_at is None
    assert codes[0] == codes[1]


@ON_SQLITE
def test_answers_cannot_be_changed_for_ever(new_survey, monkeypatch):
    monkeypatch.setattr(answering, "MOST_UNDOS", 4)
    made = new_survey(2)
    rater = made.rater("a")
    made.answer(rater, 1, 1)
    answers = [event.assignment for event in made.rows(survey.Event)]
    for assignment in answers * 2:
        made.write(survey.undo, rater, assignment)
        made.write(survey.rate, rater, assignment, 5)
    for assignment in answers:
        with pytest.raises(survey.NothingToUndo, match="very many"):
            made.write(survey.undo, rater, assignment)


def test_a_changed_rating_counts_as_one_answer(new_survey):
    made = new_survey(2)
    rater = made.rater("a")
    made.answer(rater, 1)
    again = made.write(survey.undo, rater, made.write(survey.last_answered, rater))
    made.write(survey.rate, rater, again.id, 5)
    with pytest.raises(survey.AlreadyAnswered):
        made.write(survey.rate, rater, again.id, 4)
    assert sorted(image.answered for image in made.rows(survey.Image)) == [0, 1]
    # The undo that follows takes back the new rating, not the old one again.
    assert made.write(survey.undo, rater, again.id).id == again.id
    assert [event.value for event in made.rows(survey.Event)] == [1, 1, 5, 3]


def test_a_skip_of_an_image_that_has_all_its_raters_can_be_undone(new_survey):
    made = new_survey(1, raters_per_image=1)
    first, second = made.rater("a"), made.rater("b")
    [skipped] = made.write(survey.assign, first, 1)
    made.write(survey.skip, first, skipped.id)
    made.answer(second, 4)
    made.write(survey.undo, first, skipped.id)
    assert shown(made) == [1]
    made.write(survey.rate, first, skipped.id, 2)
    assert shown(made) == [2]


@pytest.mark.parametrize("value", [0, 6, 2.5, -1, float("nan"), float("inf"), True, "3", None])
def test_a_rating_out_of_range_is_refused(new_survey, value):
    made = new_survey(1)
    rater = made.rater("a")
    [assignment] = made.write(survey.assign, rater, 1)
    with pytest.raises(survey.ValueOutOfRange, match="whole number from 1 to 5"):
        made.write(survey.rate, rater, assignment.id, value)
    assert made.rows(survey.Event) == []


def test_what_is_not_the_raters_is_refused(new_survey):
    made = new_survey(3)
    mine, others = made.rater("a"), made.rater("b")
    [assignment] = made.write(survey.assign, others, 1)
    for number in (assignment.id, assignment.id + 1, 0, -1, 2**63, 10**40):
        for function, more in ((survey.rate, (3,)), (survey.skip, ()), (survey.assigned_png, ())):
            with pytest.raises(survey.UnknownAssignment):
                made.write(function, mine, number, *more)
    [own] = made.write(survey.assign, mine, 1)
    for shown_ms in (-1, float("nan"), float("inf")):
        with pytest.raises(survey.ValueOutOfRange, match="milliseconds"):
            made.write(survey.rate, mine, own.id, 3, shown_ms)
    for count in (0, 11, -1, True):
        with pytest.raises(survey.ValueOutOfRange, match="from 1 to 10"):
            made.write(survey.assign, mine, count)
    with pytest.raises(
        survey.ValueOutOfRange, match="takes rating, skip, undo, practice, repeat, and not click"
    ):
        made.write(survey.record_page_event, mine, own.id, "click")
    with made.database.read() as session, pytest.raises(survey.UnknownRater):
        survey.find_rater(session, made.study, "forged")
    assert made.rows(survey.Event) == []


def test_the_image_of_an_assignment_is_the_gallerys(new_survey, gallery):
    made = new_survey(3)
    rater = made.rater("a")
    images = {image.id: image.image_id for image in made.rows(survey.Image)}
    for assignment in made.write(survey.assign, rater, 3):
        file = io.BytesIO(made.write(survey.assigned_png, rater, assignment.id))
        index = int(images[assignment.image].removeprefix("img"))
        np.testing.assert_array_equal(PIL.Image.open(file), gallery(3)["images"][index])


def test_what_visitors_of_a_page_do(new_survey):
    made = new_survey(3, mode="page")
    visitor = made.rater("a")
    [assignment] = made.write(survey.assign, visitor, 1)

    def record(kind, value=None):
        return made.write(survey.record_page_event, visitor, assignment.id, kind, value)

    # Messages overtake each other.
    for kind, value in (("click", None), ("impression", None), ("dwell", 2.0), ("dwell", 7.5)):
        record(kind, value)
    for kind in ("click", "impression"):
        with pytest.raises(survey.AlreadyAnswered, match=kind):
            record(kind)
    for kind, value, words in (
        ("dwell", None, "seconds"),
        ("click", 1.0, "seconds"),
        ("dwell", -1.0, "seconds from 0"),
        ("dwell", float("nan"), "seconds from 0"),
        ("scroll", None, "takes impression, click, share, dwell, and not scroll"),
    ):
        with pytest.raises(survey.ValueOutOfRange, match=words):
            record(kind, value)
    assert [(event.kind, event.value) for event in made.rows(survey.Event)] == [
        ("click", None),
        ("impression", None),
        ("dwell", 2.0),
        ("dwell", 7.5),
    ]
    for _ in range(18):
        record("dwell", 8.0)
    with pytest.raises(survey.AlreadyAnswered, match="dwell"):
        record("dwell", 9.0)
    assert sorted(image.answered for image in made.rows(survey.Image)) == [0, 0, 1]
    with pytest.raises(survey.ValueOutOfRange, match="and not rating"):
        made.write(survey.rate, visitor, assignment.id, 3)
    [other] = made.write(survey.assign, visitor, 1)
    assert other.image != assignment.image
