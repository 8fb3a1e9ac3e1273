"""Which image comes next, and what becomes of answers; on SQLite and PostgreSQL."""

import io
from collections import Counter

import numpy as np
import PIL.Image
import pytest
from scipy import stats

from pirgan_tf import survey


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
    assert len(made.write(survey.assign, rater, 20)) == 3
    made.answer(rater, 1, 2)
    assert made.write(survey.progress, rater) == (2, 3)
    assert len(made.write(survey.assign, rater, 20)) == 1


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
    made.write(survey.rate, rater, assignment.id, 4, 1500)
    [event] = made.rows(survey.Event)
    assert (event.kind, event.value, event.rater) == ("rating", 4, rater.id)
    assert (event.shown_at, event.answered_at) == (clock.now - 1.5, clock.now)
    assert event.assignment == assignment.id and event.image == assignment.image


def test_an_image_whose_rater_left_goes_to_another(new_survey, clock):
    made = new_survey(1, raters_per_image=1, assignment_seconds=60)
    here, gone = made.rater("here"), made.rater("gone")
    [lost] = made.write(survey.assign, gone, 1)
    clock.move(60)
    assert made.write(survey.assign, here, 1) == []
    clock.move(1)
    [given] = made.write(survey.assign, here, 1)
    assert given.image == lost.image
    # Who left comes back too late, and too late again when the image is answered.
    for _ in range(2):
        with pytest.raises(survey.Expired, match="somebody else"):
            made.write(survey.rate, gone, lost.id, 1)
        if not made.rows(survey.Event):
            made.write(survey.rate, here, given.id, 5)
    assert [event.value for event in made.rows(survey.Event)] == [5]
    [image] = made.rows(survey.Image)
    assert (image.answered, image.open) == (1, 0)


def test_an_expired_image_that_nobody_else_got_may_still_be_rated(new_survey, clock):
    made = new_survey(2, raters_per_image=1, assignment_seconds=60)
    slow, other = made.rater("slow"), made.rater("other")
    given = made.write(survey.assign, slow, 2)
    clock.move(61)
    [taken] = made.write(survey.assign, other, 1)
    [left] = [each for each in given if each.image != taken.image]
    made.write(survey.rate, slow, left.id, 4)
    assert [(image.answered, image.open) for image in made.rows(survey.Image)] in (
        [(0, 1), (1, 0)],
        [(1, 0), (0, 1)],
    )


def test_who_comes_back_late_keeps_what_nobody_else_got(new_survey, clock):
    made = new_survey(3, raters_per_image=1, assignment_seconds=60)
    slow = made.rater("slow")
    given = [each.id for each in made.write(survey.assign, slow, 2)]
    clock.move(1000)
    assert [each.id for each in made.write(survey.assign, slow, 2)] == given
    clock.move(59)
    # It holds them anew: the third image is all that another one gets.
    assert len(made.write(survey.assign, made.rater("other"), 3)) == 1


def test_an_expired_image_can_come_to_the_same_rater_again(new_survey, clock):
    made = new_survey(2, raters_per_image=2, assignment_seconds=60)
    slow = made.rater("slow")
    lost = made.write(survey.assign, slow, 2)
    clock.move(61)
    made.write(survey.assign, made.rater("other"), 2)
    assert {each.state for each in made.rows(survey.Assignment)} == {"expired", "open"}
    again = made.write(survey.assign, slow, 2)
    assert {each.id for each in again} == {each.id for each in lost}
    assert [each.position for each in again] == [3, 4]
    assert shown(made) == [2, 2]


def test_undo_reopens_the_last_answers_one_by_one(new_survey):
    made = new_survey(4)
    rater = made.rater("a")
    made.answer(rater, 1, 2)
    [third] = made.write(survey.assign, rater, 1)
    made.write(survey.skip, rater, third.id)
    assert made.write(survey.progress, rater) == (3, 4)
    undone = [made.write(survey.undo, rater) for _ in range(3)]
    assert [each.position for each in undone] == [3, 2, 1]
    assert undone[0].id == third.id
    with pytest.raises(survey.NothingToUndo):
        made.write(survey.undo, rater)
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


def test_a_changed_rating_counts_as_one_answer(new_survey):
    made = new_survey(2)
    rater = made.rater("a")
    made.answer(rater, 1)
    again = made.write(survey.undo, rater)
    made.write(survey.rate, rater, again.id, 5)
    with pytest.raises(survey.AlreadyAnswered):
        made.write(survey.rate, rater, again.id, 4)
    assert sorted(image.answered for image in made.rows(survey.Image)) == [0, 1]
    # The undo that follows takes back the new rating, not the old one again.
    assert made.write(survey.undo, rater).id == again.id
    assert [event.value for event in made.rows(survey.Event)] == [1, 1, 5, 3]


def test_a_skip_cannot_be_undone_when_its_image_has_all_its_raters(new_survey):
    made = new_survey(1, raters_per_image=1)
    first, second = made.rater("a"), made.rater("b")
    [skipped] = made.write(survey.assign, first, 1)
    made.write(survey.skip, first, skipped.id)
    made.answer(second, 4)
    with pytest.raises(survey.Expired):
        made.write(survey.undo, first)
    assert shown(made) == [1]


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
    for count in (0, 21, -1, True):
        with pytest.raises(survey.ValueOutOfRange, match="from 1 to 20"):
            made.write(survey.assign, mine, count)
    with pytest.raises(survey.ValueOutOfRange, match="takes rating, skip, undo, and not click"):
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
    assert sorted(image.answered for image in made.rows(survey.Image)) == [0, 0, 1]
    with pytest.raises(survey.ValueOutOfRange, match="and not rating"):
        made.write(survey.rate, visitor, assignment.id, 3)
    [other] = made.write(survey.assign, visitor, 1)
    assert other.image != assignment.image
