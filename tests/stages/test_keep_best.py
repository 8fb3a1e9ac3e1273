"""`pretrain --kid_every` and `--keep=best`, with a stand-in for VGG16."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pirgan_tf import gan, users
from pirgan_tf.stages.shared.vgg16_features import photograph_features

TRAINING = ("--width=0.0625", "--landscapes=16", "--image_size=32", "--batch_size=4")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos" / "any"
    folder.mkdir(parents=True)
    for number in range(24):
        pixels = np.random.default_rng(number).integers(0, 256, [32, 32, 3])
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return f"--photographs=folder:{folder.parent}"


@pytest.fixture
def worse_each_time(monkeypatch):
    """Features that are further from the photographs' each time a generator is measured."""
    calls = []

    def norms(images, weights, keep_in=None):
        calls.append(images)
        noise = np.random.default_rng(0).normal(0, 0.1, [len(images), 1472])
        return users.FilterTable(np.square(1 + noise + 0.5 * (len(calls) - 1)))

    monkeypatch.setattr("pirgan_tf.users.filter_norms", norms)
    photograph_features.cache_clear()
    yield calls
    photograph_features.cache_clear()


def _train(trainer, first, count, *_):
    """Changes all weights, in place of training, which takes long to trace."""
    for weight in (*trainer.generator.weights, *trainer.discriminator.weights):
        weight.assign(weight.numpy() * 1.2 ** float(count))
    return {name: tf.zeros([]) for name in trainer.loss_names}


def test_the_best_networks_are_exported(commands, tmp_path, photos, worse_each_time, monkeypatch):
    monkeypatch.setattr(gan.GanTrainer, "train", _train)
    flags = (*TRAINING, photos, "--vgg16_weights=random", "--keep=best", "--kid_every=2")
    schedule = ("--steps=5", "--log_every=5")
    result = commands.call("pretrain", *flags, *schedule, output=tmp_path / "gan")
    assert result.status == 0, result
    assert "exports the networks of step 2" in result.stdout
    rows = [json.loads(line) for line in (tmp_path / "gan/stats.jsonl").read_text().splitlines()]
    measured = {row["step"]: row["heldout/kid"] for row in rows if "heldout/kid" in row}
    assert list(measured) == [2, 4, 5]
    assert measured[2] < measured[4] < measured[5]
    # The photographs, and the generator at three steps; the first of these was kept.
    exported = gan.generate(gan.load_generator(tmp_path / "gan"), 24, 0)[0].astype(float)
    assert np.abs(exported - worse_each_time[1]).max() <= 1
    assert np.abs(exported - worse_each_time[3]).max() > 1


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--kid_every=3",), "must be given together. Received: 3 and None"),
        (("--photographs=folder:x",), "must be given together. Received: 0 and folder:x"),
        (("--keep=best",), "keep=best needs --kid_every"),
        (("--keep=bets",), "did you mean 'best'"),
        (("--kid_every=3", "--photographs=folder:no/such"), "no/such"),
    ],
)
def test_flags_that_do_not_belong_together_are_refused(commands, nowhere, flags, words):
    assert words in commands.call("pretrain", *TRAINING, *flags, output=nowhere).refusal()
