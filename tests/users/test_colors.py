import numpy as np
import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.users import parse_objective
from pirgan_tf.users.colors import column_bounds


def image(*columns):
    """One image of two equal rows, from the (red, green, blue) of its columns."""
    return np.array([[columns, columns]], np.uint8)


def rate(text, images):
    return parse_objective(text)(images).item()


# Squares in units of 51^2: red 1 + 4, green 4, blue 16 in each row; 25 in all.
TWO_COLUMNS = image((51, 102, 0), (102, 0, 204))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("color:red", 5),
        ("color:green", 4),
        ("color:blue", 16),
        ("color:red-blue", 1 + 16),
        ("color:blue-red", 0 + 4),
        ("color:green-red", 4 + 4),
    ],
)
def test_one_and_two_colors_by_hand(text, asked):
    assert rate(text, TWO_COLUMNS) == pytest.approx(np.sqrt(asked / 25), abs=1e-12)


def test_three_colors_by_hand():
    # In units of 10^2: 1 + 4 + 9, 16 + 25 + 36, 49 + 64 + 81: 285 in all.
    images = image((10, 20, 30), (40, 50, 60), (70, 80, 90))
    assert rate("color:red-green-blue", images) == pytest.approx(np.sqrt((1 + 25 + 81) / 285))
    assert rate("color:green-blue-red", images) == pytest.approx(np.sqrt((4 + 36 + 49) / 285))
    assert rate("color:blue-red-green", images) == pytest.approx(np.sqrt((9 + 16 + 64) / 285))


def test_halves_are_left_and_right_not_top_and_bottom():
    left_red = np.zeros([1, 4, 4, 3], np.uint8)
    left_red[:, :, :2, 0] = 200
    left_red[:, :, 2:, 2] = 200
    assert rate("color:red-blue", left_red) == pytest.approx(1)
    assert rate("color:blue-red", left_red) == 0
    top_red = left_red.transpose(0, 2, 1, 3)
    assert rate("color:red-blue", top_red) == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize(
    ("width", "parts", "bounds"),
    [
        (64, 1, [0, 64]),
        (64, 2, [0, 32, 64]),
        (64, 3, [0, 21, 43, 64]),
        (5, 2, [0, 3, 5]),
        (4, 3, [0, 1, 3, 4]),
        (3, 3, [0, 1, 2, 3]),
    ],
)
def test_column_bounds(width, parts, bounds):
    assert column_bounds(width, parts) == bounds


def test_thirds_of_64_columns():
    for column, color in [(20, "red"), (21, "green"), (42, "green"), (43, "blue"), (63, "blue")]:
        images = np.zeros([1, 2, 64, 3], np.uint8)
        images[:, :, column] = 100
        images[:, :, column, ["red", "green", "blue"].index(color)] = 200
        assert rate("color:red-green-blue", images) == pytest.approx(np.sqrt(4 / 6))


def test_black_images_have_rate_0_and_are_told():
    images = np.zeros([3, 4, 4, 3], np.uint8)
    images[1, 0, 0, 0] = 1
    rates, undefined = parse_objective("color:red").measure(images)
    np.testing.assert_array_equal(rates, [0, 1, 0])
    np.testing.assert_array_equal(undefined, [True, False, True])
    _, undefined = parse_objective("color:red").measure(np.full([1, 4, 4, 3], -1, np.float32))
    assert undefined.all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_in_minus_1_to_1_are_the_same_pixels(dtype):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, [300, 6, 7, 3]).astype(np.uint8)
    scaled = (images / 127.5 - 1).astype(dtype)
    objective = parse_objective("color:red-green-blue")
    tolerance = 1e-3 if dtype == np.float16 else 1e-6
    np.testing.assert_allclose(objective(scaled), objective(images), atol=tolerance)
    assert objective(scaled).dtype == np.float64
    # Each image on its own: the position in a long list must not matter.
    np.testing.assert_array_equal(
        objective(images)[[0, 150, 299]], objective(images[[0, 150, 299]])
    )


def test_extremes_are_exact():
    red = image((255, 0, 0), (3, 0, 0), (7, 0, 0))
    assert rate("color:red", red) == 1
    assert rate("color:blue", red) == 0
    assert parse_objective("color:red")(red[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros([4, 4, 3], np.uint8), "[4, 4, 3]"),
        (np.zeros([1, 4, 4, 1], np.uint8), "[1, 4, 4, 1]"),
        (np.zeros([1, 4, 4, 3], np.int64), "int64"),
        (np.full([1, 4, 4, 3], 255.0), "255"),
        (np.full([1, 4, 4, 3], np.nan), "nan"),
        (np.zeros([1, 4, 2, 3], np.uint8), "2 pixels"),
    ],
)
def test_other_images_are_refused(images, words):
    with pytest.raises(InputError) as raised:
        parse_objective("color:red-green-blue")(images)
    assert words in str(raised.value)
