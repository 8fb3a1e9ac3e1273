import numpy as np
import pytest
from PIL import Image

from pirgan_tf.errors import InputError
from pirgan_tf.training.grids import image_grid, save_png, split_grid, to_float, to_uint8


def pictures(*values):
    """Pictures of one pixel, of these grey values."""
    return np.array(values, np.uint8)[:, None, None, None].repeat(3, axis=3)


def test_images_are_laid_out_row_by_row_on_white():
    grid = image_grid(pictures(1, 2, 3), columns=2, gap=1)
    expected = [
        [255, 255, 255, 255, 255],
        [255, 1, 255, 2, 255],
        [255, 255, 255, 255, 255],
        [255, 3, 255, 255, 255],
        [255, 255, 255, 255, 255],
    ]
    assert grid.dtype == np.uint8
    for channel in range(3):
        np.testing.assert_array_equal(grid[:, :, channel], expected)


def test_a_grid_is_taken_apart_again():
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(split_grid(image_grid(images, columns=3), 4), images)


def test_greys_are_laid_out_in_three_channels():
    np.testing.assert_array_equal(image_grid(pictures(1, 2)[..., :1]), image_grid(pictures(1, 2)))


def test_scale_repeats_pixels_but_not_the_gap():
    grid = image_grid(pictures(1, 2), columns=2, gap=1, scale=2)
    expected = [
        [255, 255, 255, 255, 255, 255, 255],
        [255, 1, 1, 255, 2, 2, 255],
        [255, 1, 1, 255, 2, 2, 255],
        [255, 255, 255, 255, 255, 255, 255],
    ]
    np.testing.assert_array_equal(grid[:, :, 1], expected)


def test_rows_columns_and_channels_of_an_image_keep_their_places():
    image = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(image_grid(image, columns=1, gap=0), image[0])


@pytest.mark.parametrize("count", [1, 7, 8, 9])
def test_grid_has_the_stated_shape(count):
    grid = image_grid(np.zeros((count, 5, 4, 3), np.uint8), columns=8, gap=2)
    assert grid.shape == (-(-count // 8) * 7 + 2, 8 * 6 + 2, 3)


def test_floats_are_rounded_to_the_nearest_and_clipped():
    # (x + 1) * 127.5: -1 -> 0, 1 -> 255, 0.5 -> 191.25, -0.5 -> 63.75.
    pixels = to_uint8(np.array([-1.0, 1.0, 0.5, -0.5, -1.2, 1.2]))
    assert pixels.tolist() == [0, 255, 191, 64, 0, 255]
    assert pixels.dtype == np.uint8


def test_every_uint8_value_survives_the_way_through_floats():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(to_float(values)), values)
    np.testing.assert_allclose(to_float(values), values / 127.5 - 1, atol=1e-7)


def test_a_picture_is_written_without_loss_and_with_its_folder(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    save_png(image, tmp_path / "images" / "a.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "images" / "a.png")), image)


def test_a_grid_of_images_of_another_size_is_refused():
    grid = image_grid(np.zeros([16, 32, 32, 3], np.uint8))
    assert split_grid(grid, 32).shape == (16, 32, 32, 3)
    with pytest.raises(InputError, match=r"64x64 pixels\. Received: 274x70"):
        split_grid(grid, 64)
