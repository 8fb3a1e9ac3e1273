"""The study of faces: its measures, and what it makes of samples by epoch."""

import json

import numpy as np
import pytest

from pirgan_tf import studies, users
from pirgan_tf.studies import faces


@pytest.fixture(autouse=True)
def quick_features(monkeypatch):
    """Pixels of a coarse grid in place of VGG16's filters."""

    def norms(images, weights, keep_in=None):
        coarse = images[:, ::8, ::8].reshape(len(images), -1).astype(np.float64) ** 2
        return users.FilterTable(np.resize(coarse.T, (1472, len(images))).T)

    monkeypatch.setattr("pirgan_tf.users.filter_norms", norms)


def _findings(output):
    found = json.loads((output / "study.json").read_text())["findings"]
    return {finding["name"]: finding for finding in found}


def test_images_of_the_same_kind_are_nearer_and_as_varied():
    random = np.random.default_rng(0)
    levels = random.integers(100, 200, (2, 100, 1, 1, 1))
    reference, images = (levels + random.integers(0, 50, (2, 100, 16, 16, 3))).astype(np.uint8)
    measure = faces.compare_with(reference, "random")
    same, darker = measure(images), measure(images // 2)
    assert abs(same.kid) < 0.1 * darker.kid
    greys = images.reshape(len(images), -1).mean(axis=1)
    assert same.tones == pytest.approx(greys.std())
    assert darker.tones == pytest.approx(same.tones / 2, rel=0.01)
    copies = measure(images[:1], copies=20)
    assert copies.kid == measure(np.tile(images[:1], (20, 1, 1, 1))).kid
    assert copies.tones == 0


def test_the_study_measures_each_network_by_epoch(commands, tmp_path, monkeypatch):
    """Here maxout goes from the mean image to the data, and dcgan makes negatives."""

    def train(build_networks, dataset, rates, folder, *, record_steps, num_samples, **_):
        family = folder.name.split("-")[0]
        images = dataset.images
        trained.append((family, record_steps, len(images)))
        generator, discriminator = build_networks()
        assert generator.input_shape == (None, 100)
        assert generator.output_shape == discriminator.input_shape == (None, 64, 64, 3)
        # Only one of the two has convolutions.
        layers = {layer.name for layer in discriminator.layers}
        assert ("maxout_1" in layers, "conv_1" in layers) == (family == "maxout", family == "dcgan")
        real = images[:: len(images) // num_samples][:num_samples]
        mean = np.rint(images.mean(axis=0)).astype(np.uint8)[None].repeat(num_samples, axis=0)
        by_epoch = [mean, mean, real] if family == "maxout" else [255 - real] * 3
        return None, {"samples": np.stack(by_epoch), "seconds": np.array(9)}

    trained = []
    monkeypatch.setattr(studies, "train_image_gan", train)
    output = tmp_path / "output"
    flags = ("--epochs=17,2", "--num_images=200", "--batch_size=100")
    flags += ("--maxout_width=0.1", "--dcgan_width=0.1")
    result = commands.call("study", "faces", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    assert [family for family, *_ in trained] == ["maxout", "dcgan"]
    for _, record_steps, count in trained:
        assert record_steps == [0, 2 * (count // 100), 17 * (count // 100)]
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
