"""Rules of validity: who fails them, who passes, and when they cannot run."""

import numpy as np
import pytest

from pirgan_tf import survey
from pirgan_tf.errors import InputError
from pirgan_tf.survey.answers import read_ratings
from pirgan_tf.survey.comparison import compare_raters
from pirgan_tf.survey.rules import ValidityRules

# What does not depend on the database is tested on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def verdicts(made, rule):
    """Returns verdict and reason of every rater, in the order in which they came."""
    with made.database.read() as session:
        table = survey.judge_raters(session, made.study)
    rows = table[table["rule"] == rule].sort_values("rater")
    return list(zip(rows["verdict"], rows["reason"], strict=True))


def test_answers_that_come_too_fast(new_survey):
    made = new_survey(30, raters_per_image=9)
    made.answer(made.rater("fast"), *[1, 2, 3, 4] * 3, shown_ms=399)
    half = made.rater("half")
    made.answer(half, *[1, 2, 3] * 2, shown_ms=399)
    made.answer(half, *[1, 2, 3] * 2, shown_ms=401)
    slow = made.rater("slow")
    made.answer(slow, *[1, 2, 3] * 3, shown_ms=399)
    made.answer(slow, *[1, 2, 3] * 4, shown_ms=401)
    made.answer(made.rater("timeless"), *[1, 2, 3] * 4, shown_ms=None)
    made.answer(made.rater("few"), 1, 2, 3, shown_ms=1)
    assert verdicts(made, "too_fast") == [
        ("failed", "12 of 12 within 0.4 s"),
        ("failed", "6 of 12 within 0.4 s"),
        ("passed", "9 of 21 within 0.4 s"),
        ("not run", "0 answers with times, of 10 needed"),
        ("not run", "3 answers with times, of 10 needed"),
    ]


def test_always_the_same_star(new_survey):
    made = new_survey(20, raters_per_image=9)
    made.answer(made.rater("always"), *[5] * 20)
    made.answer(made.rater("almost"), *[5] * 19, 4)
    made.answer(made.rater("less"), *[5] * 18, 4, 4)
    made.answer(made.rater("few"), *[5] * 9)
    for name in ("one", "two", "three"):
        made.answer(made.rater(name), *[1, 2, 3, 4] * 5)
    found = verdicts(made, "same_star")
    # The others' are 46 of 109 for who always gave 5.
    assert found[0] == ("failed", "20 of 20 ratings were 5; 46 of the others' 109 were the same")
    assert found[1][0] == "failed" and found[1][1].startswith("19 of 20 ratings were 5; ")
    assert found[2] == ("passed", "18 of 20 ratings were 5")
    assert found[3] == ("not run", "9 ratings, of 10 needed")


@ON_SQLITE
def test_who_finds_all_images_poor_as_others_do_is_no_bot(new_survey):
    made = new_survey(12, raters_per_image=9)
    made.answer(made.rater("alone"), *[1] * 12)
    assert verdicts(made, "same_star") == [
        ("not run", "12 of 12 ratings were 1; 0 by others, of 10 needed")
    ]
    made.answer(made.rater("like most"), *[1] * 8, 2, 1, 2, 1)
    made.answer(made.rater("like some"), *[1] * 4, *[2] * 4, *[1] * 4)
    [alone, *_] = verdicts(made, "same_star")
    assert alone == ("passed", "12 of 12 ratings were 1; 18 of the others' 24 were the same")


def rate_by(made, name, stars):
    """Rates every image, in the order of its number, by `stars`: a function of the number."""
    with made.database.write() as session:
        rater = survey.begin_rater(session, made.study, name, "Firefox")
        while given := survey.assign(session, rater, 10):
            for each in given:
                survey.rate(session, rater, each.id, stars(each.image), 900)
    return rater


@ON_SQLITE
def test_who_rates_at_random_does_not_agree_with_people_who_do(new_survey):
    made = new_survey(30, raters_per_image=9)
    for number in range(3):
        rate_by(
            made, f"person {number}", lambda image, n=number: 1 + (image + image % 4 // 3 * n) % 5
        )
    # The same taste, by somebody severe, and what has nothing to do with it.
    rate_by(made, "severe", lambda image: 1 + image % 5 // 2)
    rate_by(made, "clicker", lambda image: 1 + image // 5 % 5)
    made.answer(made.rater("few"), *[3, 4] * 9)
    found = verdicts(made, "agreement")
    assert [verdict for verdict, _ in found] == [*["passed"] * 4, "failed", "not run"]
    assert found[5][1] == "18 ratings of images that others rated, of 20 needed"


def test_agreement_is_the_correlation_with_the_mean_of_the_others(new_survey):
    made = new_survey(30, raters_per_image=9)
    chance = np.random.default_rng(0)
    stars = np.clip(np.arange(30) % 5 + chance.integers(0, 3, (4, 30)), 1, 5)
    first = made.rows(survey.Image)[0].id
    raters = [
        rate_by(made, str(number), lambda image, own=own: int(own[image - first]))
        for number, own in enumerate(stars)
    ]
    with made.database.read() as session:
        compared = compare_raters(read_ratings(session, made.study))
    for number, rater in enumerate(raters):
        others = np.delete(stars, number, axis=0)
        found = compared[rater.id]
        assert found.correlation == pytest.approx(np.corrcoef(stars[number], others.mean(0))[0, 1])
        assert (found.compared, found.others) == (30, 90)
        assert found.alike == (others == stars[number]).sum()


@ON_SQLITE
def test_where_people_do_not_agree_nobody_fails_for_it(new_survey):
    made = new_survey(25, raters_per_image=9)
    for number, stars in enumerate((lambda image: image % 5, lambda image: image // 5 % 5)):
        rate_by(made, str(number), lambda image, own=stars: 1 + own(image))
    assert {verdict for verdict, _ in verdicts(made, "agreement")} == {"not run"}


def test_what_was_undone_is_not_held_against_a_rater(new_survey):
    made = new_survey(20)
    rater = made.rater("a")
    made.answer(rater, *[5] * 10)
    made.undo(rater)
    assert verdicts(made, "same_star") == [("not run", "9 ratings, of 10 needed")]


def test_bursts(new_survey, clock):
    made = new_survey(30, raters_per_image=9, settings={"validity": {"burst": {"per_minute": 5}}})

    def rate(name, pauses):
        rater = made.rater(name)
        for number, pause in enumerate(pauses):
            clock.move(pause)
            made.answer(rater, 1 + number % 5)

    # Six answers in 60 s, in the middle of a slow day.
    rate("burst", [100, 100, 12, 12, 12, 12, 12, 100])
    rate("steady", [12.5] * 20)
    rate("short", [0.1] * 5)
    made.rater("nobody")
    assert verdicts(made, "burst") == [
        ("failed", "6 answers in 60.0 s"),
        ("passed", "6 answers in 62.5 s"),
        ("passed", "never more than 5 answers in 60 s"),
        ("not run", "no answers"),
    ]


def test_bursts_are_found_wherever_a_minute_of_the_clock_begins(new_survey, clock):
    made = new_survey(6, raters_per_image=9, settings={"validity": {"burst": {"per_minute": 5}}})
    for begin in (0, 11, 12, 30, 48, 59):
        rater = made.rater(str(begin))
        clock.move(-clock.now % 60 + begin)
        for star in (1, 2, 3, 4, 5, 1):
            made.answer(rater, star)
            clock.move(11.9)
    assert verdicts(made, "burst") == [("failed", "6 answers in 59.5 s")] * 6


@pytest.mark.parametrize(
    ("user_agent", "verdict"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "passed"),
        ("Mozilla/5.0 (Linux; Android 15; Cubot X30) Mobile Safari/537.36", "passed"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "failed"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0.0.0 Safari/537.36", "failed"),
        ("python-requests/2.34", "failed"),
        ("", "not run"),
    ],
)
def test_declared_bots(new_survey, user_agent, verdict):
    made = new_survey(1)
    made.rater("a", user_agent)
    [(received, reason)] = verdicts(made, "declared_bot")
    assert received == verdict and reason


def test_visitors_of_a_page_are_judged_by_what_can_be_judged(new_survey, clock):
    made = new_survey(
        9, mode="page", raters_per_image=9, settings={"validity": {"burst": {"per_minute": 5}}}
    )
    visitor = made.rater("a")
    for _ in range(6):
        [assignment] = made.write(survey.assign, visitor, 1)
        made.write(survey.record_page_event, visitor, assignment.id, "impression")
    assert verdicts(made, "burst") == [("failed", "6 answers in 0.0 s")]
    for rule in ("too_fast", "same_star"):
        [(verdict, _)] = verdicts(made, rule)
        assert verdict == "not run"


def test_another_judgement_with_other_parameters_changes_nothing_stored(new_survey):
    made = new_survey(10)
    made.answer(made.rater("a"), *[4] * 10)
    made.answer(made.rater("b"), *[1, 2] * 5)
    before = [vars(event) for event in made.rows(survey.Event)]
    again = new_survey(10, settings={"validity": {"same_star": {"min_ratings": 11}}})
    assert verdicts(made, "same_star")[0][0] == "failed"
    assert verdicts(again, "same_star")[0][0] == "not run"
    after = [vars(event) for event in made.rows(survey.Event)]
    values = [*[4] * 10, *[1, 2] * 5]
    assert [row["value"] for row in after] == [row["value"] for row in before] == values


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"to_fast": {}},
            "one of too_fast, same_star, agreement, consistency, burst, "
            "declared_bot. Received: 'to_fast'",
        ),
        ({"burst": {"minute": 3}}, "parameters of burst are per_minute. Received: 'minute'"),
        ({"declared_bot": {"x": 3}}, "parameters of declared_bot are none. Received: 'x'"),
        ({"too_fast": {"share": 0}}, "share of too_fast must be a number above 0. Received: 0"),
        ({"burst": {"per_minute": "9"}}, "must be a number above 0. Received: '9'"),
    ],
)
def test_wrong_parameters_are_refused(settings, words):
    with pytest.raises(InputError) as raised:
        ValidityRules.parse(settings)
    assert words in str(raised.value)
