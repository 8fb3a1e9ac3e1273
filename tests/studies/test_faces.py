"""The study of faces: its measures, and what it makes of samples by epoch."""

import json

import numpy as np
import pytest

from pirgan_tf import data, studies, users
from pirgan_tf.studies import faces


@pytest.fixture(autouse=True)
def quick_features(monkeypatch):
    """Pixels of a coarse grid in place of VGG16's filters."""

    def norms(images, weights, keep_in=None):
        coarse = images[:, ::8, ::8].reshape(len(images), -1).astype(np.float64) ** 2
        return users.FilterTable(np.resize(coarse.T, (1472, len(images))).T)

    monkeypatch.setattr("pirgan_tf.users.filter_norms", norms)


@pytest.fixture(scope="module")
def digits():
    return data.load_splits("digits", image_size=64, channels=3)


def _findings(output):
    found = json.loads((output / "study.json").read_text())["findings"]
    return {finding["name"]: finding for finding in found}


def test_images_of_the_same_kind_are_nearer_and_as_varied(digits):
    measure = faces.compare_with(digits.test.images, "random")
    train = digits.train.images[::4]
    same, darker = measure(train), measure(train // 2)
    assert abs(same.kid) < 0.1 * darker.kid
    greys = train.reshape(len(train), -1).mean(axis=1)
    assert same.tones == pytest.approx(greys.std())
    assert darker.tones == pytest.approx(same.tones / 2, rel=0.01)
    copies = measure(train[:1], copies=20)
    assert copies.kid == measure(np.tile(train[:1], (20, 1, 1, 1))).kid
    assert copies.tones == 0


def test_the_study_measures_each_network_by_epoch(commands, digits, tmp_path, monkeypatch):
    """Here maxout goes from the mean image to the data, and dcgan makes negatives."""
    images = digits.train.images
    mean = np.rint(images.mean(axis=0)).astype(np.uint8)[None].repeat(200, axis=0)

    def train(build_networks, dataset, rates, folder, *, record_steps, num_samples, **_):
        family = folder.name.split("-")[0]
        trained.append((family, record_steps))
        real = images[:: len(images) // num_samples][:num_samples]
        by_epoch = [mean, mean, real] if family == "maxout" else [255 - real] * 3
        return None, {"samples": np.stack(by_epoch), "seconds": np.array(9)}

    trained = []
    monkeypatch.setattr(studies, "train_image_gan", train)
    output = tmp_path / "output"
    flags = ("--epochs=17,2", "--num_images=200", "--batch_size=100")
    result = commands.call("study", "faces", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    steps = len(images) // 100
    assert trained == [(family, [0, 2 * steps, 17 * steps]) for family in ("maxout", "dcgan")]
    figures = _findings(output)

    def kid(name):
        return figures[f"{name}: KID"]["value"]

    assert kid("maxout, epoch 2") == kid("mean image")
    for near in ("maxout, epoch 17", "images to train on"):
        assert abs(kid(near)) < 0.1 * kid("dcgan, epoch 17")
    tones = "spread of the images' mean greys, relative to the data"
    assert figures[f"maxout, epoch 2: {tones}"]["value"] == 0
    assert figures[f"maxout, epoch 17: {tones}"]["value"] == pytest.approx(1, abs=0.1)
    assert "after epoch 5" in figures[f"maxout, epoch 17: {tones}"]["paper"]
    assert figures["dcgan: seconds per training"]["value"] == 9
    assert {path.stem for path in (output / "figures").glob("*.png")} == {"samples", "distances"}


def test_a_network_is_trained_and_measured(commands, tmp_path):
    output = tmp_path / "output"
    small = ("--epochs=1", "--batch_size=700", "--num_images=100", "--maxout_width=0.05")
    result = commands.call("study", "faces", *small, "--families=maxout", output=output)
    assert (result.status, result.complaints) == (0, [])
    assert "maxout, seed 0: KID" in result.stdout
    figures = _findings(output)
    assert 0 < figures["maxout, epoch 1: KID"]["value"] < np.inf
    assert "dcgan, epoch 1: KID" not in figures


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--epochs=2,0",), ("epochs", "from 1 on", "2,0")),
        (("--families=maxou",), ("families", "did you mean 'maxout'")),
        (("--families=maxout,maxout",), ("families", "different")),
        (("--maxout_width=0.001",), ("width",)),
        (("--vgg16_weights=nowhere.h5",), ("vgg16_weights", "nowhere.h5")),
        (("--num_images=2000",), ("num_images", "to test on", "2000")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("study", "faces", *flags, output=nowhere).refusal()
    assert all(word in line for word in words)
