"""Studies of several galleries: blind, balanced, and with a verdict at the end."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pirgan_tf import survey
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.users import read_interactions

EACH = 6


@pytest.fixture
def mixed(new_survey):
    """A study of two galleries, each of six images."""

    def make(**other):
        ids = [f"{name}/img{index}" for name in ("first", "second") for index in range(EACH)]
        galleries = np.repeat([0, 1], EACH).tolist()
        return new_survey(2 * EACH, image_ids=ids, galleries=galleries, **other)

    return make


def _galleries(made, assignments):
    place = {image.id: image.gallery for image in made.rows(survey.Image)}
    return [place[each.image] for each in assignments]


def test_every_rater_sees_equally_many_of_each_in_an_order_that_does_not_tell(mixed):
    made = mixed(images_per_rater=8, raters_per_image=100)
    orders = []
    for number in range(30):
        rater = made.rater(str(number))
        given = made.write(survey.assign, rater, 3)
        orders.append(tuple(_galleries(made, given)))
        # What is missing of the second pair comes first.
        later = [*given, *made.write(survey.assign, rater, 8)[3:]]
        order = _galleries(made, later)
        assert [sorted(order[start : start + 2]) for start in range(0, 8, 2)] == [[0, 1]] * 4
    # There are four orders of the first three, as likely as each other.
    assert len(set(orders)) == 4
    assert Counter(_galleries(made, made.rows(survey.Assignment))) == {0: 120, 1: 120}


def test_propensities_are_of_the_gallery_and_of_the_image_in_it(mixed):
    made = mixed(raters_per_image=100)
    given = made.write(survey.assign, made.rater("a"), 4)
    assert [each.propensity for each in given] == [1 / 12, 1 / 6, 1 / 10, 1 / 5]


def test_a_gallery_that_is_used_up_leaves_the_other(new_survey):
    made = new_survey(4, galleries=[0, 1, 1, 1])
    given = made.write(survey.assign, made.rater("a"), 4)
    assert sorted(_galleries(made, given)) == [0, 1, 1, 1]


def test_raters_of_a_mixed_study_give_the_verdict(mixed, commands, tmp_path):
    galleries = {}
    for seed, name in enumerate(("first", "second")):
        images = np.random.default_rng(seed).integers(0, 256, (EACH, 32, 32, 3), dtype=np.uint8)
        ids = np.array([f"img{index}" for index in range(EACH)])
        gallery = Gallery(images, np.zeros((EACH, 4), np.float32), np.zeros(EACH, np.int32), ids)
        (tmp_path / name).mkdir()
        gallery.save(tmp_path / name)
        galleries[name] = gallery.fingerprint
    made = mixed(settings={"galleries": galleries}, raters_per_image=4)
    for number, star in enumerate((1, 2, 3)):
        rater = made.rater(str(number))
        for _ in range(2 * EACH):
            [assignment] = made.write(survey.assign, rater, 1)
            [place] = _galleries(made, [assignment])
            # Two stars more for the second gallery, whoever rates.
            made.write(survey.rate, rater, assignment.id, star + 2 * place)
    flags = (f"--database={made.url}", f"--study={made.study.key}")
    result = commands.call("export_interactions", *flags, output=tmp_path / "people")
    assert (result.status, result.complaints) == (0, []), result
    for name in galleries:
        table = read_interactions(tmp_path / "people" / name)
        assert set(table["image_id"]) == {f"img{index}" for index in range(EACH)}
        assert set(table["impressions"]) == {3}
    ratings = pd.read_csv(tmp_path / "people" / "ratings.csv")
    assert len(ratings) == 3 * 2 * EACH
    assert sorted(set(ratings["rate"])) == [0, 0.25, 0.5, 0.75, 1]

    flags = [f"--before={tmp_path / 'first'}", f"--after={tmp_path / 'second'}"]
    flags += [f"--interactions={tmp_path / 'people'}"]
    result = commands.call("evaluate", *flags, output=tmp_path / "evaluation")
    assert (result.status, result.complaints) == (0, []), result
    found = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert found["comparison"]["mean_before"] == pytest.approx(0.25)
    assert found["comparison"]["change"] == pytest.approx(0.5)
    assert found["people"] == {"num_raters": 3, "num_ratings": 36}
