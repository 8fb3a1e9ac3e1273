"""Studies: made once for a gallery and a mode, with a link and an owner."""

import pytest

from pirgan_tf import survey
from pirgan_tf.errors import InputError


def test_starting_twice_finds_the_same_study_with_what_was_given_last(new_survey):
    first = new_survey(3, raters_per_image=2)
    first.answer(first.rater("a"), 4)
    again = new_survey(3, raters_per_image=9, settings={"validity": {"burst": {"per_minute": 5}}})
    assert (again.study.id, again.study.key, again.token) == (first.study.id, first.study.key, None)
    assert (again.study.raters_per_image, len(again.rows(survey.Event))) == (9, 1)
    assert again.study.settings == {"validity": {"burst": {"per_minute": 5}}}


def test_other_images_or_another_mode_are_another_study(new_survey, gallery):
    made = [new_survey(3), new_survey(4), new_survey(3, mode="page")]
    changed = gallery(3)["images"].copy()
    changed[2, 3, 3, 2] = 1
    made.append(new_survey(3, images=changed))
    made.append(new_survey(3, image_ids=["a", "b", "c"]))
    assert len({each.study.key for each in made}) == 5
    assert len(made[0].rows(survey.Image)) == 16
    # Raters of one study mean nothing to another.
    made[0].rater("cookie")
    with made[1].database.read() as session, pytest.raises(survey.UnknownRater):
        survey.find_rater(session, made[1].study, "cookie")


def test_the_link_finds_the_study_of_its_mode_and_the_token_its_owner(new_survey):
    made = new_survey(3)
    with made.database.read() as session:
        assert survey.find_study(session, made.study.key, "rating").id == made.study.id
        for key, mode in (
            (made.study.key, "page"),
            ("no-such-key", None),
            ("", None),
            ("\0", None),
        ):
            with pytest.raises(survey.UnknownStudy):
                survey.find_study(session, key, mode)
    assert survey.is_owner(made.study, made.token)
    for token in ("", made.token[:-1], made.study.owner_token_hash, "\udcff", "é"):
        assert not survey.is_owner(made.study, token)


def test_neither_token_nor_cookie_is_in_the_database(new_survey):
    made = new_survey(3)
    made.rater("a-secret-cookie")
    [study], [rater] = made.rows(survey.Study), made.rows(survey.Rater)
    stored = repr(vars(study)) + repr(vars(rater))
    assert made.token not in stored and "a-secret-cookie" not in stored


GERMAN = {"language": "de", "question": "Wie schön?", "images_per_rater": 7, "contact": "a@b.de"}


def test_what_raters_are_shown_stays_unless_something_else_is_given(new_survey):
    first = new_survey(3, images_per_rater=None, presentation=GERMAN | {"name": "Farben"})
    assert (first.study.name, first.study.images_per_rater) == ("Farben", 7)
    first.rater("a")
    again = new_survey(3, images_per_rater=None, name="other")
    assert again.study.presentation == first.study.presentation
    assert (again.study.name, again.study.images_per_rater) == ("Farben", 7)
    # Nobody's answer depends on whom to ask, or on how many images are still to come.
    moved = new_survey(3, presentation=GERMAN | {"contact": "c@d.de"}, images_per_rater=8)
    assert moved.study.presentation["contact"] == "c@d.de"
    assert (moved.study.name, moved.study.images_per_rater) == ("colours", 8)


def test_another_question_is_refused_once_somebody_has_begun(new_survey):
    assert new_survey(3).study.presentation == {"language": "en"}
    changed = new_survey(3, presentation=GERMAN, changes={"question": "Wie hell?"})
    assert changed.study.presentation["question"] == "Wie hell?"
    changed.rater("a")
    for given in (
        {"presentation": GERMAN | {"labels": ["dunkel", "hell"]}},
        {"changes": {"question": "Wie laut?"}},
    ):
        with pytest.raises(InputError, match=r"Received: another question"):
            new_survey(3, **given)
    assert new_survey(3).study.presentation == changed.study.presentation


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mode": "stars"}, "mode must be one of rating, page. Received: 'stars'"),
        ({"raters_per_image": 0}, "raters_per_image must be at least 1. Received: 0"),
        ({"images_per_rater": 0}, "images_per_rater must be at least 1. Received: 0"),
        ({"assignment_seconds": 0}, "assignment_seconds must be above 0. Received: 0"),
        ({"settings": {"validity": {"to_fast": {}}}}, "Received: 'to_fast'"),
    ],
)
def test_what_no_study_can_have_is_refused(new_survey, wrong, words):
    with pytest.raises(InputError) as raised:
        new_survey(3, **wrong)
    assert words in str(raised.value)
