"""`evaluate --photographs`: distances of both galleries from held-out photographs."""

import json

import numpy as np
import pytest
from PIL import Image

from pirgan_tf import users
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.stages.shared.vgg16_features import photograph_features

SIZE, COUNT = 8, 24


def _images(level, seed, count=COUNT):
    return np.random.default_rng(seed).integers(0, level, [count, SIZE, SIZE, 3]).astype(np.uint8)


def _gallery(folder, level, seed, count=COUNT):
    folder.mkdir()
    ids = np.array([f"img{index:06d}" for index in range(count)])
    latents, labels = np.zeros([count, 2], np.float32), np.zeros(count, np.int32)
    Gallery(_images(level, seed, count), latents, labels, ids).save(folder)
    return f"{folder}"


@pytest.fixture
def folders(tmp_path):
    """Photographs as bright as the gallery before tuning; the one after it is darker."""
    for number, image in enumerate(_images(256, 0)):
        folder = tmp_path / "photos" / ("coast" if number % 2 else "mountain")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number}.png")
    before, after = _gallery(tmp_path / "a", 256, 1), _gallery(tmp_path / "b", 120, 2)
    return (
        f"--before={before}",
        f"--after={after}",
        "--objective=color:red",
        "--vgg16_weights=random",
        f"--photographs=folder:{tmp_path / 'photos'}",
    )


@pytest.fixture
def quick_features(monkeypatch):
    """Mean colours in place of VGG16's filters; counts how many images it measured."""
    measured = []

    def norms(images, weights, keep_in=None):
        measured.append(len(images))
        return users.FilterTable(np.tile(images.mean(axis=(1, 2)), [1, 1472 // 3 + 1])[:, :1472])

    monkeypatch.setattr("pirgan_tf.users.filter_norms", norms)
    photograph_features.cache_clear()
    yield measured
    photograph_features.cache_clear()


def test_images_that_are_less_like_photographs_are_further_from_them(
    commands, tmp_path, folders, quick_features
):
    for output in ("first", "second"):
        result = commands.call("evaluate", *folders, output=tmp_path / output)
        assert result.status == 0, result
    # The photographs of the second objective are those of the first.
    assert quick_features == 5 * [COUNT]
    kid = json.loads((tmp_path / "first/evaluation.json").read_text())["kid"]
    before, after = kid["before"], kid["after"]
    assert kid["photographs"] == folders[-1].partition("=")[2]
    assert abs(before["kid"]) < 4 * before["standard_error"]
    assert after["kid"] > before["kid"] + 4 * after["standard_error"] > 0
    assert (after["num_images"], after["num_reference"]) == (COUNT, COUNT)


@pytest.mark.parametrize(
    "flag, words",
    [
        ("--photographs=landscapes", "of which the GAN saw none"),
        ("--photographs=folder:no/such", "no/such"),
        ("--vgg16_weights=no/such.h5", "vgg16_weights must be"),
        ("--after=FEW", "images to compare with photographs must be at least 20. Received: 19"),
    ],
)
def test_mistakes_are_one_line(commands, nowhere, tmp_path, folders, flag, words):
    if flag == "--after=FEW":
        flag = f"--after={_gallery(tmp_path / 'few', 120, 2, 19)}"
    assert words in commands.call("evaluate", *folders, flag, output=nowhere).refusal()


def test_too_few_photographs_are_refused(commands, nowhere, tmp_path, folders):
    for file in sorted((tmp_path / "photos").rglob("*.png"))[5:-5]:
        file.unlink()
    line = commands.call("evaluate", *folders, output=nowhere).refusal()
    assert "must be at least 20. Received: 10" in line


def test_a_run_of_everything_refuses_them_before_it_begins(commands, nowhere):
    flags = ("--objectives=color:red", "--evaluate_photographs=folder:no/such")
    assert "no/such" in commands.call("reproduce", *flags, output=nowhere).refusal()
