import numpy as np
import pytest

from pirgan_tf.analysis import calibration_slope, change_slope
from pirgan_tf.errors import InputError

RUNS = 400
# Three standard deviations of a coverage of 95 % over so many runs.
COVERED = pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / RUNS))


def covers(slope, true):
    return slope.low <= true <= slope.high


def test_the_slope_is_that_of_least_squares():
    estimated, rates = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([0.2, 0.1, 0.4, 0.6, 0.5])
    found = calibration_slope(estimated, rates)
    # By hand: sum of products over sum of squares, of the deviations from the means.
    assert found.slope == pytest.approx((0.2 * 0.16 + 0.1 * 0.26 + 0.1 * 0.24 + 0.2 * 0.14) / 0.1)
    assert found.low < found.slope < found.high


def test_the_interval_covers_the_slope_of_rates_that_few_people_gave():
    """With noise that differs between images, of ten votes each."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(RUNS):
        true = rng.beta(2, 6, 100)
        # Twice as far apart as the rates are.
        estimated = 0.5 + 2 * (true - 0.25)
        covered += covers(calibration_slope(estimated, rng.binomial(10, true) / 10), 0.5)
    assert covered / RUNS == COVERED


def test_the_interval_of_the_change_covers_it():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(RUNS):
        before, after = rng.normal(0.5, 0.05, 60), rng.normal(0.6, 0.03, 90)
        # The change is estimated twice as large as it is, with errors by image.
        estimates = (
            0.4 + 2 * (true - 0.5) + rng.normal(0, 0.04, len(true)) for true in (before, after)
        )
        before_estimated, after_estimated = estimates
        covered += covers(change_slope(before_estimated, before, after_estimated, after), 0.5)
    assert covered / RUNS == COVERED


def test_the_slope_of_a_change_is_a_ratio_of_means():
    found = change_slope([0.4, 0.6], [0.3, 0.5], [0.7, 0.9], [0.5, 0.5])
    assert found.slope == pytest.approx(0.1 / 0.3)


@pytest.mark.parametrize(
    "estimated, rates",
    [
        ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]),
        ([0.5] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        ([0.5] * 5 + [0.9], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    ],
    ids=["few", "alike", "all but one alike"],
)
def test_a_slope_that_cannot_be_told_is_none(estimated, rates):
    assert calibration_slope(estimated, rates) is None


def test_a_change_of_which_nothing_was_estimated_has_no_slope():
    assert change_slope([0.5, 0.5], [0.3, 0.4], [0.5, 0.5], [0.6, 0.7]) is None
    assert change_slope([0.5, 0.5], [0.3, 0.4], [0.6], [0.6]) is None


def test_rates_of_other_images_are_refused():
    with pytest.raises(InputError, match=r"as many as estimated ones.* 2 and 3"):
        calibration_slope([0.1, 0.2, 0.3], [0.1, 0.2])
