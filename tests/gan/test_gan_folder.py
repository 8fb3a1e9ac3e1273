import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator
from pirgan_tf.gan.folder import load_generator, load_networks, save_gan
from pirgan_tf.gan.networks.paper import build_discriminator, build_generator
from pirgan_tf.gan.sampling import call_generator, generate
from pirgan_tf.gan.shape import GanShape, read_gan_shape

CLASSES = ("coast", "mountain")
SHAPE = GanShape(CLASSES, 8, 1 / 16)

# The user's program: Keras, and no way to this package.
PLAIN_KERAS = """
import sys
sys.modules["pirgan_tf"] = None
import keras, numpy as np
folder = sys.argv[1]
given = np.load(f"{folder}/inputs.npz")
load = lambda name: keras.models.load_model(f"{folder}/{name}.keras")
source, classes = load("discriminator")(given["images"])
np.savez(
    f"{folder}/outputs.npz",
    images=load("generator")([given["latents"], given["labels"]]),
    source=source,
    classes=classes,
    logits=load("estimator")(given["images"]),
)
"""


@pytest.fixture(scope="module")
def trainer(make_trainer):
    return make_trainer()


@pytest.fixture(scope="module")
def estimator():
    return PirEstimator(EstimatorShape(64, 0.1, 20))


@pytest.fixture(scope="module")
def saved(trainer, estimator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gan")
    save_gan(trainer, SHAPE, folder, dropout=0.25)
    estimator.save(folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of the GAN folder, to damage."""
    for name in ("gan.json", "generator.keras", "discriminator.keras"):
        (tmp_path / name).write_bytes((saved / name).read_bytes())
    return tmp_path


def test_exported_networks_need_keras_alone(trainer, estimator, saved):
    latents = tf.random.stateless_normal([3, 8], [1, 2])
    labels = np.array([0, 1, 1])
    images = tf.random.stateless_uniform([3, 64, 64, 3], [1, 2], -1, 1)
    np.savez(saved / "inputs.npz", latents=latents, labels=np.eye(2)[labels], images=images)

    subprocess.run([sys.executable, "-c", PLAIN_KERAS, saved], check=True, cwd=saved)

    outputs = np.load(saved / "outputs.npz")
    source, classes = trainer.discriminator(images, training=False)
    for received, expected in (
        (outputs["images"], call_generator(trainer.generator, latents, labels)),
        (outputs["source"], source),
        (outputs["classes"], classes),
        (outputs["logits"], estimator.logits(images)),
    ):
        assert np.ptp(expected) > 0.01
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)


def test_shape_file_tells_how_the_networks_were_built(saved):
    assert read_gan_shape(saved) == SHAPE
    content = json.loads((saved / "gan.json").read_text())
    assert (content["family"], content["image_size"]) == ("paper", 64)


def test_a_shape_file_without_family_and_size_is_of_the_papers_networks(copy):
    content = json.loads((copy / "gan.json").read_text())
    del content["family"], content["image_size"]
    (copy / "gan.json").write_text(json.dumps(content))
    assert read_gan_shape(copy) == SHAPE


def test_loaded_networks_have_the_saved_weights_and_the_dropout_asked_for(trainer, saved):
    networks = load_networks(saved, dropout=0.125)
    assert networks.discriminator.get_layer("dropout_1").rate == 0.125
    for name, network in networks._asdict().items():
        for left, right in zip(
            network.get_weights(), getattr(trainer, name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(left, right)


def test_a_plain_gan_is_saved_without_class_names(make_trainer, tmp_path):
    save_gan(make_trainer(num_classes=0), GanShape((), 8, 1 / 16), tmp_path)
    assert read_gan_shape(tmp_path).num_classes == 0
    images, latents, labels = generate(load_generator(tmp_path), 2, seed=1)
    assert (images.shape, latents.shape) == ((2, 64, 64, 3), (2, 8))
    assert labels.tolist() == [0, 0]


def test_a_longer_gallery_begins_with_the_images_of_a_shorter_one(saved):
    generator = load_generator(saved)
    short, long = generate(generator, 5, seed=3), generate(generator, 105, seed=3)
    for few, many in zip(short, long, strict=True):
        assert len(many) == 105
        # Batches of another size may round another pixel up.
        np.testing.assert_allclose(many[:5].astype(float), few.astype(float), atol=1.0)
    assert set(long[2]) == {0, 1}
    assert not np.array_equal(generate(generator, 5, seed=4)[1], short[1])


def test_gallery_images_are_those_of_their_latents_and_classes(trainer, saved):
    images, latents, labels = generate(load_generator(saved), 4, seed=3)
    expected = call_generator(trainer.generator, tf.constant(latents), labels)
    np.testing.assert_allclose(images, (expected.numpy() + 1) * 127.5, atol=0.51)


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"class_names": 3}', "[" * 100_000])
def test_a_missing_or_broken_shape_file_is_refused(copy, content):
    if content is None:
        (copy / "gan.json").unlink()
    else:
        (copy / "gan.json").write_text(content)
    with pytest.raises(InputError, match=r"must hold gan\.json.*Received: "):
        load_generator(copy)


@pytest.mark.parametrize(
    "damage", ["missing", "truncated", "garbage", "flipped bytes", "a folder", "a pipe"]
)
@pytest.mark.parametrize("name", ["generator.keras", "discriminator.keras"])
def test_a_missing_or_broken_network_is_refused(copy, name, damage):
    content = (copy / name).read_bytes()
    (copy / name).unlink()
    if damage == "truncated":
        (copy / name).write_bytes(content[: len(content) // 2])
    elif damage == "garbage":
        (copy / name).write_bytes(b"no network")
    elif damage == "flipped bytes":
        middle = len(content) // 2
        flipped = bytes(255 - byte for byte in content[middle : middle + 1000])
        (copy / name).write_bytes(content[:middle] + flipped + content[middle + 1000 :])
    elif damage == "a folder":
        (copy / name).mkdir()
    elif damage == "a pipe":
        os.mkfifo(copy / name)
    with pytest.raises(InputError, match=rf"must be a \.keras file.*{name}, which "):
        load_networks(copy)


def test_a_generator_other_than_its_shape_file_says_is_refused(copy):
    content = json.loads((copy / "gan.json").read_text())
    for changes in ({"latent_size": 9}, {"class_names": ["a", "b", "c"]}, {"class_names": []}):
        (copy / "gan.json").write_text(json.dumps(content | changes))
        with pytest.raises(InputError, match=r"that gan\.json gives"):
            load_generator(copy)


def _damaged(kind, folder):
    """Saves another network than a generator as generator.keras."""
    generator = build_generator(2, 8, 1 / 16)
    if kind == "a text model":
        layers = [keras.Input((5,)), keras.layers.Embedding(20, 4), keras.layers.LSTM(3)]
        generator = keras.Sequential(layers)
    elif kind == "code":
        inputs = [keras.Input((8,)), keras.Input((2,))]
        outputs = keras.layers.Lambda(lambda parts: exit(parts), output_shape=(8,))(inputs[0])
        generator = keras.Model(inputs, outputs)
    elif kind == "one layer more":
        generator = keras.Model(generator.inputs, keras.layers.Conv2D(3, 1)(generator.outputs[0]))
    else:
        weights = generator.get_weights()
        weights[2][0, 0, 0, 0] = {"NaN": np.nan, "infinity": np.inf}[kind]
        generator.set_weights(weights)
    generator.save(folder / "generator.keras")


@pytest.mark.parametrize(
    "kind, words",
    [
        ("a text model", "must have the shape"),
        ("code", "must have the shape"),
        ("one layer more", "must have the shape"),
        ("NaN", "must be finite"),
        ("infinity", "must be finite"),
    ],
)
def test_another_kind_of_model_and_numbers_that_are_none_are_refused(copy, kind, words):
    _damaged(kind, copy)
    with pytest.raises(InputError, match=rf"{words}.*Received: .*generator\.keras"):
        load_generator(copy)


def test_variances_below_zero_are_refused(copy):
    discriminator = build_discriminator(2, 1 / 16)
    for weight in discriminator.weights:
        if weight.path.endswith("moving_variance"):
            weight.assign(weight - 5)
    discriminator.save(copy / "discriminator.keras")
    with pytest.raises(InputError, match=r"variances.*Received: .*discriminator\.keras"):
        load_networks(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"latent_size": 10**12},
        {"latent_size": 8.5},
        {"latent_size": True},
        {"width": 1e9},
        {"width": -1},
        {"width": "1"},
        {"class_names": ["a", "a"]},
        {"class_names": [1, 2]},
        {"family": "papers"},
        {"family": []},
        {"image_size": 48},
        {"image_size": "64"},
    ],
)
def test_shapes_that_no_gan_has_are_refused(copy, change):
    content = json.loads((copy / "gan.json").read_text())
    (copy / "gan.json").write_text(json.dumps(content | change))
    with pytest.raises(InputError, match=r"Received: .*gan\.json"):
        read_gan_shape(copy)


def test_networks_of_another_width_are_refused(copy):
    content = json.loads((copy / "gan.json").read_text())
    (copy / "gan.json").write_text(json.dumps(content | {"width": 1 / 8}))
    with pytest.raises(InputError, match=r"the shape that gan\.json gives.*generator\.keras"):
        load_networks(copy)
