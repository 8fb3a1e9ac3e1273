"""What ratings buy: predictions beside simulated surveys, and inverses that are inverses."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pirgan_tf.analysis import (
    MixedStudy,
    Spread,
    binary_rating_sd,
    observed_true_sd,
    rate_correlation,
    raters_for_change,
    ratings_for_correlation,
)
from pirgan_tf.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "plan_simulation.py"
SPREAD = Spread(0.1, 0.25, 0.05)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("plan_simulation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("ratings", [1, 10, 100])
@pytest.mark.parametrize("true_sd", [0.05, 0.2])
def test_correlation_is_that_of_simulated_surveys(script, true_sd, ratings):
    generator = np.random.default_rng(0)
    for yes_or_no, sd in ((True, binary_rating_sd(script.MEAN, true_sd)), (False, 0.25)):
        spread = Spread(true_sd, sd)
        simulated = script.simulate_correlation(
            generator, spread, ratings, yes_or_no=yes_or_no, images=5000
        )
        # The standard error of a correlation of 5,000 images is at most 0.014.
        assert rate_correlation(spread, ratings) == pytest.approx(simulated, abs=0.05)


def simulated_power(script, study, change, alpha, *, yes_or_no=False):
    shown, ratings = script.simulate_ratings(
        np.random.default_rng(0), study, change, 1500, yes_or_no=yes_or_no
    )
    t, df = script.t_of_balanced(shown, ratings)
    return np.mean(t > stats.t.isf(alpha / 2, df))


@pytest.mark.parametrize("size", [(5, 40, 1), (5, 40, 5), (12, 40, 4), (40, 20, 20)])
@pytest.mark.parametrize("spread", [SPREAD, Spread(0.2, 0.25), Spread(0.02, 0.5)])
@pytest.mark.parametrize(("times", "alpha"), [(2.5, 0.05), (4.5, 0.001)])
def test_power_is_that_of_simulated_studies(script, size, spread, times, alpha):
    study = MixedStudy(*size, spread)
    change = times * study.standard_error
    # Three standard errors of a simulated power are 0.039 at most.
    simulated = simulated_power(script, study, change, alpha)
    assert study.power(change, alpha) == pytest.approx(simulated, abs=0.05)


def test_power_is_that_of_studies_of_yes_and_no(script):
    study = MixedStudy(100, 20, 5, script.BINARY)
    simulated = simulated_power(script, study, 0.06, 0.05, yes_or_no=True)
    assert study.power(0.06, 0.05) == pytest.approx(simulated, abs=0.05)


@pytest.mark.parametrize("size", [(5, 8, 1), (6, 20, 3), (4, 10, 4)])
def test_the_simulated_test_is_that_of_evaluate(script, size):
    generator = np.random.default_rng(0)
    shown, ratings = script.simulate_ratings(generator, MixedStudy(*size, SPREAD), 0.05, 2)
    expected = [script.t_of_one(shown, one) for one in ratings]
    assert script.t_of_balanced(shown, ratings)[0] == pytest.approx(expected)


def test_where_only_tastes_differ_power_is_that_of_students_t():
    study = MixedStudy(10, 1000, 1, Spread(1e-6, 0.0, 0.1))
    for times, alpha in itertools.product((0, 1, 3, 6), (0.05, 0.001)):
        expected = stats.nct.sf(stats.t.isf(alpha / 2, 9), 9, times)
        found = study.power(times * study.standard_error, alpha)
        assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("alpha", [0.05, 1e-5])
@pytest.mark.parametrize("size", [(5, 40, 1), (100, 100, 20), (20_000, 100, 10)])
def test_the_smallest_change_is_found_as_often_as_wanted(size, alpha):
    study = MixedStudy(*size, SPREAD)
    for power in (0.5, 0.8, 0.99):
        change = study.smallest_change(power, alpha)
        assert study.power(change, alpha) == pytest.approx(power, abs=1e-6)
    # Many raters: the normal distribution knows it as well.
    if size[0] == 20_000:
        far = stats.norm.isf(alpha / 2) + stats.norm.ppf(0.99)
        assert change == pytest.approx(far * study.standard_error, rel=0.01)


@pytest.mark.parametrize(("change", "ratings_per_image"), [(0.3, 1), (0.05, 5), (0.005, 1)])
def test_raters_for_a_change_are_the_fewest_that_find_it(change, ratings_per_image):
    wanted = {"change": change, "power": 0.8, "alpha": 0.05}
    raters = raters_for_change(SPREAD, 100, ratings_per_image, **wanted)
    powers = [
        MixedStudy(number, 100, ratings_per_image, SPREAD).power(change, 0.05)
        for number in (raters - 1, raters)
    ]
    assert powers[0] < 0.8 <= powers[1]


def test_ratings_for_a_correlation_give_it():
    for correlation in (0.1, 0.5, 0.9, 0.99):
        ratings = ratings_for_correlation(SPREAD, correlation)
        assert rate_correlation(SPREAD, ratings) == pytest.approx(correlation)
    # By hand: a reliability of one half needs as much variance by chance as by images.
    assert ratings_for_correlation(Spread(0.1, 0.5), 0.5**0.5) == pytest.approx(25)


def test_power_needs_more_raters_and_is_lost_by_asking_them_of_the_same_images():
    powers = [MixedStudy(r, 100, 1, SPREAD).power(0.05, 0.05) for r in (5, 10, 20, 40)]
    assert powers == sorted(powers)
    powers = [MixedStudy(20, 100, k, SPREAD).power(0.05, 0.05) for k in (20, 10, 5, 1)]
    assert powers == sorted(powers)
    assert MixedStudy(20, 100, 1, SPREAD).power(0, 0.05) < 0.03


@pytest.mark.parametrize("rating_sd", [None, 0.25])
def test_a_first_survey_tells_how_much_true_rates_differ(rating_sd):
    generator, found = np.random.default_rng(0), []
    for _ in range(100):
        impressions = generator.integers(5, 15, 2000)
        true = generator.beta(12, 12, 2000)
        noise = generator.normal(0, rating_sd or 0, 2000) / np.sqrt(impressions)
        rates = true + noise if rating_sd else generator.binomial(impressions, true) / impressions
        found.append(observed_true_sd(rates, impressions, rating_sd))
    middle, low, high = np.array(found).T
    assert np.mean(middle**2) == pytest.approx(0.1**2, rel=0.05)
    # Two standard errors of 100 draws are 0.04.
    assert np.mean((low <= 0.1) & (high >= 0.1)) >= 0.91


def test_what_a_survey_cannot_tell_is_refused():
    with pytest.raises(InputError, match=r"two images must have been rated twice.*Received: 1"):
        observed_true_sd([0.5, 1, 0], [2, 1, 1])
    with pytest.raises(InputError, match=r"differ by more than the chance.*Received: 0.100"):
        observed_true_sd([0.4, 0.5, 0.6], [10, 10, 10])
    with pytest.raises(InputError, match=r"true_sd must be less than 0.3000.*Received: 0.4"):
        binary_rating_sd(0.1, 0.4)
    for raters, ratings in ((1, 1), (3, 4), (3, 0)):
        with pytest.raises(InputError, match=r"two raters or more, and no image more ratings"):
            MixedStudy(raters, 40, ratings, SPREAD)
