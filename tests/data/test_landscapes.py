import numpy as np
import pytest

from pirgan_tf.data import render_landscapes


@pytest.fixture(scope="module")
def landscapes():
    return render_landscapes(120, seed=5)


def brightness(images):
    return images.astype(np.float32).mean(axis=3)


def test_classes_alternate(landscapes):
    assert landscapes.class_names == ("mountain", "coast")
    assert landscapes.labels.tolist() == [0, 1] * 60
    assert landscapes.images.shape == (120, 64, 64, 3)


@pytest.mark.parametrize("num_images", [1, 2, 17, 35])
def test_an_image_does_not_depend_on_how_many_there_are(landscapes, num_images):
    few = render_landscapes(num_images, seed=5)
    np.testing.assert_array_equal(few.images, landscapes.images[:num_images])


def test_seeds_differ(landscapes):
    other = render_landscapes(4, seed=6).images.astype(int)
    assert (np.abs(other - landscapes.images[:4]).mean(axis=(1, 2, 3)) > 5).all()


def test_all_images_differ(landscapes):
    small = brightness(landscapes.images).reshape(120, 8, 8, 8, 8).mean(axis=(2, 4))
    distance = np.abs(small[:, None] - small[None]).mean(axis=(2, 3))
    assert distance[~np.eye(120, dtype=bool)].min() > 2


def test_pictures_have_contrast_and_colour(landscapes):
    images = landscapes.images.astype(np.float32)
    spread = brightness(landscapes.images).std(axis=(1, 2))
    assert spread.min() > 5
    assert np.median(spread) > 20
    assert np.median(images.max(axis=3) - images.min(axis=3)) > 20
    # Day and night, and neither black nor burnt out.
    levels = brightness(landscapes.images).mean(axis=(1, 2))
    assert levels.max() - levels.min() > 60
    assert 20 < levels.min() < levels.max() < 235


def test_the_sky_is_brighter_than_the_ground(landscapes):
    levels = brightness(landscapes.images)
    assert (levels[:, :8].mean(axis=(1, 2)) > levels[:, -24:].mean(axis=(1, 2))).mean() > 0.8


def test_coasts_are_told_from_mountains_by_the_open_sea(landscapes):
    # On one side at least, the rows about the horizon vary less than hills do.
    change = np.abs(np.diff(brightness(landscapes.images), axis=2))[:, 24:44]
    calm = np.minimum(change[..., :20].mean(axis=(1, 2)), change[..., -20:].mean(axis=(1, 2)))
    mountain, coast = calm[0::2], calm[1::2]
    assert (mountain[:, None] > coast).mean() > 0.8


def test_other_sizes():
    images = render_landscapes(2, seed=0, image_size=32).images
    assert images.shape == (2, 32, 32, 3)
    assert brightness(images).std(axis=(1, 2)).min() > 5
