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
