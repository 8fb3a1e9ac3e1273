"""From events to rates: by hand, and beside scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pirgan_tf import survey
from pirgan_tf.errors import InputError
from pirgan_tf.survey.prior import add_posterior, dispersion, fit_beta_prior
from pirgan_tf.users import read_interactions


def table_of(made, weights=None, **more):
    parsed = survey.PirWeights.parse(weights) if weights else None
    with made.database.read() as session:
        return survey.interactions(session, made.study, parsed, **more)


def test_stars_become_rates_and_only_what_was_not_undone_counts(new_survey):
    made = new_survey(2, images_per_rater=2)
    # Both images, by two raters; who changes a mind is counted with the second thought.
    stars: dict[str, list[int]] = {"img000000": [], "img000001": []}
    names = {image.id: image.image_id for image in made.rows(survey.Image)}
    for name, values in (("a", (1, 4)), ("b", (2, 5))):
        rater = made.rater(name)
        for value in values:
            [assignment] = made.write(survey.assign, rater, 1)
            made.write(survey.rate, rater, assignment.id, 3)
            made.undo(rater)
            made.write(survey.rate, rater, assignment.id, value)
            stars[names[assignment.image]].append(value)
    undecided = made.rater("c")
    [assignment] = made.write(survey.assign, undecided, 1)
    made.write(survey.rate, undecided, assignment.id, 5)
    made.undo(undecided)

    table = table_of(made).set_index("image_id")
    assert list(table.index) == ["img000000", "img000001"]
    for image, values in stars.items():
        assert table.loc[image, "impressions"] == 2
        assert table.loc[image, "positives"] == sum(value - 1 for value in values) / 4
        assert table.loc[image, "pir"] == sum(value - 1 for value in values) / 8
    table = table_of(made, "0,0,0,.5,1").set_index("image_id")
    for image, values in stars.items():
        assert table.loc[image, "positives"] == sum(
            {4: 0.5, 5: 1}.get(value, 0) for value in values
        )


def test_images_that_nobody_rated_are_there_with_the_prior(new_survey):
    made = new_survey(3)
    made.answer(made.rater("a"), 5)
    table = table_of(made)
    unseen = table[table["impressions"] == 0]
    assert len(table) == 3 and len(unseen) == 2
    assert unseen["pir"].isna().all() and (unseen["positives"] == 0).all()
    assert unseen["posterior_mean"].between(0, 1).all()


def test_what_visitors_did_is_added_up_to_at_most_one(new_survey):
    made = new_survey(1, mode="page", raters_per_image=100)
    histories = [
        [("impression", None)],
        [("impression", None), ("click", None)],
        [("impression", None), ("dwell", 10.0)],
        [("impression", None), ("dwell", 4.0), ("dwell", 10.5)],
        [("impression", None), ("click", None), ("dwell", 60.0)],
        [("share", None), ("click", None), ("dwell", 60.0)],
    ]
    for number, history in enumerate(histories):
        visitor = made.rater(str(number))
        [assignment] = made.write(survey.assign, visitor, 1)
        for kind, value in history:
            made.write(survey.record_page_event, visitor, assignment.id, kind, value)
    table = table_of(made, "click=.25,share=.5,dwell>10=.5")
    # 0, .25, 0, .5, .75, and 1.25 which counts as 1.
    assert table.loc[0, ["impressions", "positives", "pir"]].tolist() == [6, 2.5, 2.5 / 6]
    # A click or a share, unless told otherwise.
    assert table_of(made).loc[0, "positives"] == 3


def test_raters_who_fail_a_rule_are_left_out_unless_asked_for(new_survey):
    made = new_survey(2)
    made.answer(made.rater("person"), 1, 1)
    made.answer(made.rater("bot", "curl/8.0"), 5, 5)
    assert table_of(made)["positives"].tolist() == [0, 0]
    assert table_of(made, excluded=())["positives"].tolist() == [1, 1]
    assert table_of(made, excluded=())["impressions"].tolist() == [2, 2]
    # Nothing was deleted.
    assert len(made.rows(survey.Event)) == 4


@pytest.mark.parametrize(("mode", "weights"), [("rating", "click=1"), ("page", "0,0,0,1,1")])
def test_weights_of_the_other_mode_are_refused(new_survey, mode, weights):
    made = new_survey(1, mode=mode)
    with pytest.raises(InputError, match=f"pir_weights of a study of mode {mode} must be like"):
        table_of(made, weights)


def test_the_table_is_one_of_interactions(new_survey, tmp_path):
    made = new_survey(2)
    made.answer(made.rater("a"), 2, 4)
    table_of(made).to_csv(tmp_path / "interactions.csv", index=False)
    read = read_interactions(tmp_path)
    assert sorted(read["pir"]) == [0.25, 0.75]


def test_answers_of_no_or_yes_have_the_dispersion_of_counts():
    counts = np.array([0.0, 3, 2, 1])
    assert dispersion(np.array([0.0, 4, 2, 1]), counts, counts) == 1


def test_dispersion_is_the_ratio_of_sums_of_squares_within_images():
    # Worths 0.5, 0.75 and 0.25, 0.25, 1; the last image has one answer, and does not count.
    worths = [np.array([0.5, 0.75]), np.array([0.25, 0.25, 1.0]), np.array([0.5])]
    n, s, squares = (np.array([sum(w**power) for w in worths], float) for power in (0, 1, 2))
    within = sum(((w - w.mean()) ** 2).sum() for w in worths[:2])
    binary = sum(len(w) * w.mean() * (1 - w.mean()) for w in worths[:2])
    assert dispersion(n, s, squares) == pytest.approx(within / binary)


def test_one_answer_an_image_tells_nothing_of_dispersion():
    assert dispersion(np.ones(3), np.array([0.5, 0.25, 1]), np.array([0.25, 0.0625, 1])) == 1


def test_rates_of_stars_are_recovered_and_lie_in_their_intervals():
    """Ten ratings vary little about an image's rate: the estimate must not shrink to the mean."""
    rng = np.random.default_rng(0)
    rates = rng.uniform(0.1, 0.9, 300)
    worths = np.clip(np.round(4 * rng.normal(rates[:, None], 0.12, [300, 10])) / 4, 0, 1)
    table = pd.DataFrame(
        {"impressions": 10, "positives": worths.sum(1), "squares": (worths**2).sum(1)}
    )
    full = add_posterior(table)
    slope = np.polyfit(worths.mean(axis=1), full["posterior_mean"], 1)[0]
    assert 0.9 < slope <= 1
    inside = (full["low"] <= rates) & (rates <= full["high"])
    assert 0.9 < inside.mean() <= 1


def test_the_fitted_prior_is_the_maximum_of_the_beta_binomial_likelihood():
    rng = np.random.default_rng(0)
    impressions = rng.integers(1, 60, 400)
    positives = rng.binomial(impressions, rng.beta(2, 5, 400))
    a, b = fit_beta_prior(impressions, positives)
    assert abs(a / (a + b) - 2 / 7) < 0.03 and 4 < a + b < 11

    def likelihood(a, b):
        return stats.betabinom.logpmf(positives, impressions, a, b).sum()

    best = likelihood(a, b)
    for change in (0.98, 1.02):
        assert likelihood(a * change, b) < best
        assert likelihood(a, b * change) < best
        assert likelihood(a * change, b * change) < best


def test_images_that_do_not_differ_share_a_prior_of_all_impressions():
    a, b = fit_beta_prior(np.full(10, 400), np.full(10, 100))
    assert a / (a + b) == pytest.approx(0.25, abs=1e-3)
    assert a + b == pytest.approx(4000)


@pytest.mark.parametrize("rate", [0, 1])
@pytest.mark.parametrize("impressions", [[0, 0, 0], [5, 0, 50]])
def test_where_nothing_or_everything_is_positive_no_rate_is_certain(impressions, rate):
    table = pd.DataFrame({"impressions": impressions}).assign(
        positives=lambda rows: rows["impressions"] * rate,
        squares=lambda rows: rows["positives"],
    )
    full = add_posterior(table)
    assert full["posterior_mean"].tolist() == pytest.approx(
        [(n * rate + 1) / (n + 2) for n in impressions]
    )
    assert (full["high"] - full["low"]).min() > 0.05


def test_the_posterior_is_scipys():
    table = pd.DataFrame({"impressions": [0, 2, 50, 50, 9], "positives": [0, 2, 10, 40, 4]})
    table["squares"] = table["positives"]  # Worth 0 or 1 each.
    a, b = fit_beta_prior(table["impressions"].to_numpy(), table["positives"].to_numpy())
    full = add_posterior(table)
    for _, row in full.iterrows():
        posterior = stats.beta(a + row.positives, b + row.impressions - row.positives)
        assert row.posterior_mean == pytest.approx(posterior.mean())
        assert (row.low, row.high) == pytest.approx(posterior.interval(0.95))


def test_weights_are_read():
    assert survey.PirWeights.parse("0,.25, .5,.75,1").stars == (0, 0.25, 0.5, 0.75, 1)
    page = survey.PirWeights.parse("click=1,dwell>5=.25,dwell>10=.5").page
    assert [(part.kind, part.above, part.weight) for part in page] == [
        ("click", None, 1),
        ("dwell", 5, 0.25),
        ("dwell", 10, 0.5),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "five stars have five weights"),
        ("0,.5,1", "five stars have five weights"),
        ("0,.25,.5,.75,1.5", "'1.5' is no number from 0 to 1"),
        ("0,.25,.5,.75,nan", "'nan' is no number from 0 to 1"),
        ("click=1,clack=1", "'clack=1' is none of a page's interactions"),
        ("dwell=1", "'dwell=1' is none of a page's interactions"),
        ("click>3=1", "'click>3=1' is none of a page's interactions"),
        ("dwell>-3=1", "'-3' is no number from 0"),
        ("dwell>inf=1", "'inf' is no number from 0"),
        ("click=2", "'2' is no number from 0 to 1"),
        ("click=1,click=.5", "may have one weight"),
    ],
)
def test_wrong_weights_are_one_line_that_says_why(text, words):
    with pytest.raises(InputError) as raised:
        survey.PirWeights.parse(text)
    message = str(raised.value)
    assert words in message and message.endswith(f"Received: {text!r}") and "\n" not in message
