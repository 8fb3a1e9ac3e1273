"""The study of images: its networks, and what it makes of the errors and distances."""

import json
import math

import keras
import numpy as np
import pytest

from pirgan_tf import data, gan, studies
from pirgan_tf.studies import images


def test_the_networks_have_the_kinds_of_convolution_that_the_papers_tables_swap():
    generator, discriminator = images.build_networks(3)
    shapes = {
        model.name: [
            layer.output.shape[1:]
            for layer in model.layers
            if type(layer) in (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
        ]
        for model in (generator, discriminator)
    }
    assert shapes == {
        "generator": [(8, 8, 256), (16, 16, 128), (32, 32, 64), (32, 32, 3)],
        "discriminator": [(16, 16, 64), (8, 8, 128), (4, 4, 256)],
    }
    kernels = 9 * (3 * 64 + 64 * 128 + 128 * 256)
    weights = sum(math.prod(v.shape) for v in discriminator.trainable_variables)
    assert weights == kernels + 2 * (64 + 128 + 256) + 4 * 4 * 256 + 1
    assert images.build_networks(1, width=0.1).discriminator.input_shape == (None, 32, 32, 1)


def test_the_study_compares_errors_shares_and_distances(commands, tmp_path, monkeypatch):
    """With K = 0 all samples are alike and the errors large; with K = 10 samples are the data."""
    dataset = data.load_splits("digits", image_size=32).train
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1024, "tanh"), keras.layers.Reshape((32, 32, 1))]
    )

    def train(build_networks, given, rates, folder, *, record_steps, unroll_steps, **_):
        calls.append(unroll_steps)
        np.testing.assert_array_equal(given.images, dataset.images)
        samples = dataset.images[:300] if unroll_steps else dataset.images[:1].repeat(300, axis=0)
        arrays = {
            "samples": np.tile(samples, (len(record_steps), 1, 1, 1, 1)),
            "seconds": np.array(3),
        }
        return generator, arrays

    def infer_latents(generator, targets, labels):
        # Two of eight are made better with K = 0.
        errors = {0: [0.4] * 6 + [0.1] * 2, 10: [0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.3, 0.3]}[calls[-1]]
        return gan.Inference(np.zeros((8, 2), np.float32), np.array(errors))

    calls = []
    monkeypatch.setattr(studies, "train_image_gan", train)
    monkeypatch.setattr(gan, "infer_latents", infer_latents)
    output = tmp_path / "output"
    flags = ("--steps=1", "--batch_size=4", "--targets=8", "--unroll_steps=10,0")
    result = commands.call("study", "images", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    assert calls == [0, 10]
    assert "K = 10 makes the training images again" in result.stdout
    found = json.loads((output / "study.json").read_text())["findings"]
    figures = {finding["name"]: finding for finding in found}

    def value(name):
        return figures[name]["value"]

    error = "mean squared error of the nearest images, pixels in [-1, 1]"
    assert value(f"K = 0: {error}") == pytest.approx(0.325)
    assert figures[f"K = 10: {error}"]["paper"] == "0.0181 ± 0.0018"
    assert value("K = 10: share of images that it makes best") == 0.75
    ratio = figures["K = 10 against K = 0: ratio of the mean squared errors"]
    assert (ratio["value"], ratio["paper"]) == (pytest.approx(1.5 / 2.6), "0.78 (table 1)")
    [p] = [finding["value"] for name, finding in figures.items() if "paired t-test" in name]
    differences = np.array([0.3, 0.2, 0.3, 0.2, 0.3, 0.2, -0.2, -0.2])
    t = differences.mean() / (differences.std(ddof=1) / math.sqrt(8))
    # Student's t with 7 degrees of freedom: 1.415 at 0.2, 1.895 at 0.1.
    assert 1.415 < t < 1.895 and 0.1 < p < 0.2
    assert value("K = 0: mean distance of two images, relative to the data") == 0
    assert value("K = 10: mean distance of two images, relative to the data") == pytest.approx(
        1, abs=0.05
    )
    assert {path.stem for path in (output / "figures").glob("*.png")} == {
        "samples",
        "reconstructions",
        "distances",
    }
