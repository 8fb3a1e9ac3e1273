"""The semi_supervised study: costs, networks, choice of labels, trainer, and the command."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pirgan_tf import training
from pirgan_tf.data import ImageDataset, Splits
from pirgan_tf.studies import semi_supervised
from pirgan_tf.studies.semi_supervised import networks

SEED = (1, 2)
CLASSES, BATCH = 3, 4


def _images(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28, 1), np.uint8)


def _dataset(counts, seed=0):
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    labels = np.random.default_rng(seed).permutation(labels)
    return ImageDataset(_images(len(labels), seed), labels, tuple("abcdefgh"[: len(counts)]))


@pytest.fixture(scope="module", autouse=True)
def _small_networks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "_HIDDEN", (12, 8))
        patch.setattr(networks, "_GENERATOR_UNITS", 6)
        yield


def test_a_classifier_of_k_classes_is_one_of_k_and_the_generated_ones():
    logits = np.random.default_rng(0).normal(0, 3, (5, CLASSES)).astype(np.float32)
    everything = np.concatenate([logits, np.zeros((5, 1))], axis=1).astype(float)
    shares = np.exp(everything) / np.exp(everything).sum(1, keepdims=True)
    real = tf.sigmoid(semi_supervised.real_logits(logits)).numpy()
    assert real == pytest.approx(1 - shares[:, -1:], abs=1e-6)
    z = np.exp(logits.astype(float)).sum(1, keepdims=True)
    assert real == pytest.approx(z / (z + 1), abs=1e-6)


def test_the_distance_of_features_is_that_of_their_means():
    real, fake = np.random.default_rng(0).normal(size=(2, 6, 5)).astype(np.float32)
    slow = sum((real[:, k].mean() - fake[:, k].mean()) ** 2 for k in range(5)) / 5
    assert float(semi_supervised.feature_distance(real, fake)) == pytest.approx(slow, rel=1e-5)
    assert float(semi_supervised.feature_distance(real, real[::-1])) == pytest.approx(0, abs=1e-12)


@pytest.fixture(scope="module")
def layer():
    keras.utils.set_random_seed(0)
    layer = semi_supervised.WeightNormalisedDense(7, "linear", train_scale=True)
    layer.build((None, 5))
    return layer


def test_a_weight_normalised_layer_knows_no_length_of_its_weights(layer):
    inputs = tf.random.stateless_normal((9, 5), SEED)
    with tf.GradientTape() as tape:
        outputs = layer(inputs)
        total = tf.reduce_sum(tf.sin(outputs))
    gradient = tape.gradient(total, layer.direction.value).numpy()
    direction = layer.direction.numpy()
    lengths = np.sqrt((direction**2).sum(0))
    expected = inputs.numpy() @ (direction / lengths) * layer.scale.numpy() + layer.bias.numpy()
    np.testing.assert_allclose(outputs, expected, atol=1e-4)
    # So that it moves at a right angle to each of them.
    assert np.abs(gradient).max() > 0.1
    np.testing.assert_allclose((gradient * direction).sum(0), 0, atol=1e-3)


def test_the_first_images_give_outputs_of_mean_0_and_variance_1(layer):
    inputs = 3 + 2 * tf.random.stateless_normal((200, 5), SEED)
    layer.initialise(inputs)
    outputs = layer(inputs).numpy()
    assert outputs.mean(0) == pytest.approx(np.zeros(7), abs=1e-4)
    assert outputs.var(0) == pytest.approx(np.ones(7), abs=1e-4)
    images = tf.random.stateless_uniform((300, 28, 28, 1), SEED)
    classifier = semi_supervised.Classifier(CLASSES, minibatch_discrimination=True)
    classifier.initialise(images, SEED, batches=3)
    _, logits = classifier(images, seed=SEED, batches=3)
    assert logits.numpy().mean(0) == pytest.approx(np.zeros(CLASSES), abs=1e-4)
    assert logits.numpy().var(0) == pytest.approx(np.ones(CLASSES), abs=1e-3)


def test_only_the_last_layers_scale_is_learned():
    classifier = semi_supervised.Classifier(CLASSES)
    names = [variable.name for variable in classifier.trainable_variables]
    assert names == ["direction", "bias"] * 2 + ["direction", "scale", "bias"]


def test_noise_has_the_papers_deviations_and_is_of_the_seed_alone():
    classifier = semi_supervised.Classifier(CLASSES)
    images = tf.zeros((2000, 28, 28, 1))
    first, last = classifier.hidden[0], classifier.last
    # Each unit sees one pixel, and each class one unit.
    for layer in (first, last):
        layer.direction.assign(tf.eye(*layer.direction.shape))
    classifier.hidden[1].direction.assign(tf.zeros_like(classifier.hidden[1].direction))
    _, logits = classifier(images, seed=SEED)
    assert logits.numpy().std(0) == pytest.approx(np.full(CLASSES, 0.5), abs=0.03)
    drawn = first(tf.reshape(networks._add_noise(images, 0, SEED), (2000, 784))).numpy()
    assert drawn[drawn > 0].std() / np.sqrt(1 - 2 / np.pi) == pytest.approx(0.3, abs=0.01)
    np.testing.assert_array_equal(classifier(images, seed=SEED)[1], logits)
    assert np.abs(classifier(images, seed=(3, 4))[1] - logits).max() > 0.1
    np.testing.assert_array_equal(classifier(images)[1], np.zeros((2000, CLASSES)))


def test_an_image_is_close_to_those_of_its_own_batch_only():
    classifier = semi_supervised.Classifier(CLASSES, minibatch_discrimination=True)
    images = tf.random.stateless_uniform((2 * BATCH, 28, 28, 1), SEED)
    _, together = classifier(images, batches=2)
    apart = [classifier(part)[1] for part in tf.split(images, 2)]
    np.testing.assert_allclose(together, tf.concat(apart, 0), atol=1e-5)
    assert np.abs(classifier(images)[1] - together).max() > 1e-3


def test_as_many_images_of_each_class_have_a_label_and_more_with_a_larger_count():
    dataset = _dataset((9, 5, 7))
    few, many = (semi_supervised.choose_labelled(dataset, count, seed=3) for count in (6, 15))
    for count, rows in ((2, few), (5, many)):
        assert np.bincount(dataset.labels[rows]).tolist() == [count] * CLASSES
        assert len(set(rows.tolist())) == len(rows)
    assert set(few) < set(many)
    again = semi_supervised.choose_labelled(dataset, 6, seed=3)
    assert again.tolist() == few.tolist()
    assert set(semi_supervised.choose_labelled(dataset, 6, seed=4)) != set(few)


SPLITS = Splits(_dataset((9, 5, 7)), _dataset((3, 3, 3), seed=1))
LABELLED = semi_supervised.choose_labelled(SPLITS.train, 6, seed=0)


def _make_trainer(*, discrimination):
    devices = training.configure(strategy="one", replicas=0, precision="float32", jit="off", seed=0)
    return semi_supervised.SemiSupervisedTrainer(
        SPLITS,
        LABELLED,
        devices,
        minibatch_discrimination=discrimination,
        steps=10,
        batch_size=BATCH,
        learning_rate=0.01,
        average_decay=0.9,
        seed=0,
    )


def _train(trainer, first, count):
    """Makes steps without a graph, whose tracing takes seconds; returns the last one's figures."""
    for step in range(first, first + count):
        figures = trainer.update(trainer.draw_batch(tf.constant(step), 0))
    return {name: float(value) for name, value in figures.items()}


@pytest.fixture(scope="module")
def trainer():
    return _make_trainer(discrimination=False)


@pytest.mark.parametrize("discrimination", [False, True])
def test_the_costs_are_those_of_k_and_one_classes(trainer, discrimination):
    if discrimination:
        trainer = _make_trainer(discrimination=True)
    generator, classifier = trainer.generator, trainer.checkpoint_items()["classifier"]
    _, labelled, labels, unlabelled, latents, noise = trainer.draw_batch(tf.constant(5), 0)
    images = tf.concat([labelled, unlabelled[0], generator(latents[0], training=True)], axis=0)
    logits = classifier(images, seed=noise[0], batches=3)[1].numpy().astype(float)
    named, reals, fooled = np.split(np.exp(logits), 3)
    supervised = -np.log(named[range(BATCH), labels] / named.sum(1)).mean()
    reals, fooled = reals.sum(1), fooled.sum(1)
    unsupervised = -0.5 * (np.log(reals / (1 + reals)).mean() + np.log(1 / (1 + fooled)).mean())
    before = generator.get_weights()
    figures = _train(trainer, 5, 1)
    # The generator's cost is that before its own step, after the classifier's.
    generator.set_weights(before)
    fakes = generator(latents[1], training=True)
    features, logits = classifier(fakes, seed=noise[1])
    if discrimination:
        z = np.exp(logits.numpy().astype(float)).sum(1)
        cost = -np.log(z / (1 + z)).mean()
    else:
        wanted, _ = classifier(unlabelled[1], seed=tf.random.fold_in(noise[1], 1))
        cost = ((features.numpy().mean(0) - wanted.numpy().mean(0)) ** 2).mean()
    assert figures == pytest.approx(
        {"labelled": supervised, "unlabelled": unsupervised, "generator": cost}, rel=1e-4
    )


def test_only_labelled_images_are_shown_with_their_class(trainer):
    allowed = {
        (SPLITS.train.images[row].tobytes(), int(SPLITS.train.labels[row])) for row in LABELLED
    }
    seen = set()
    for step in range(10):
        _, images, labels, *_ = trainer.draw_batch(tf.constant(step), 0)
        pixels = np.rint(images.numpy() * 255).astype(np.uint8)
        seen |= {(i.tobytes(), int(label)) for i, label in zip(pixels, labels, strict=True)}
    assert seen == allowed


def test_a_checkpoint_holds_all_that_a_training_goes_on_from(trainer, tmp_path):
    checkpoint = tf.train.Checkpoint(**trainer.checkpoint_items())
    path = checkpoint.write(str(tmp_path / "checkpoint"))
    before = trainer.predict()
    _train(trainer, 6, 1)
    straight, state = trainer.predict(), [value.numpy() for value in trainer.state()]
    assert np.abs(straight - before).max() > 1e-3
    # What it did not hold would now be that of a later step.
    _train(trainer, 7, 1)
    checkpoint.read(path).assert_consumed()
    np.testing.assert_array_equal(trainer.predict(), before)
    _train(trainer, 6, 1)
    for one, other in zip(trainer.state(), state, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(trainer.predict(), straight, atol=1e-5)


def test_it_is_tested_with_the_average_of_weights(trainer):
    _train(trainer, 8, 1)
    classifier, average = (trainer.checkpoint_items()[name] for name in ("classifier", "average"))
    averaged = semi_supervised.Classifier(CLASSES)
    average.copy_to(averaged)
    # Of the nine images, the last batch of four is filled up.
    wrong, probabilities = {}, {}
    for name, network in {"error": averaged, "last_error": classifier}.items():
        _, logits = network(SPLITS.test.images / np.float32(255))
        probabilities[name] = tf.nn.softmax(logits).numpy()
        wrong[name] = float((logits.numpy().argmax(1) != SPLITS.test.labels).mean())
    assert np.abs(probabilities["error"] - probabilities["last_error"]).max() > 1e-3
    np.testing.assert_allclose(trainer.predict(), probabilities["error"], atol=1e-5)
    assert trainer.evaluate(9) == wrong


def test_a_training_ends_with_its_curve_and_samples(tmp_path, monkeypatch):
    # As for `_train`.
    monkeypatch.setattr(semi_supervised.SemiSupervisedTrainer, "train", _train_eagerly)
    found = semi_supervised.train(
        SPLITS,
        LABELLED,
        tmp_path / "training",
        minibatch_discrimination=False,
        steps=2,
        batch_size=BATCH,
        learning_rate=0.01,
        average_decay=0.9,
        seed=0,
    )
    assert found["steps"].tolist() == [1, 2]
    wrong = (found["probabilities"].argmax(1) != SPLITS.test.labels).mean()
    assert found["curve"].shape == (2, 2) and found["curve"][-1, 0] == wrong
    assert found["samples"].shape == (100, 28, 28, 1)
    assert found["seconds"] > 0


def _train_eagerly(trainer, first, count, *_):
    return _train(trainer, int(first), int(count))


@pytest.fixture
def one_class(tmp_path):
    path = tmp_path / "images" / "only"
    path.mkdir(parents=True)
    for row in range(3):
        Image.fromarray(np.full((8, 8, 3), 40 * row, np.uint8)).save(path / f"{row}.png")
    return path.parent


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--labels=25",), ("multiple of the 10 classes", "25")),
        (("--labels=100,1440",), ("labels must be at most 1390", "139 images", "1440")),
        (("--labels=0",), ("labels", "from 1 on", "0")),
        (("--labels=20,20",), ("different", "20,20")),
        (("--methods=matching",), ("feature_matching", "'matching'")),
        (("--methods=feature_matching,feature_matching",), ("methods", "different")),
        (("--dataset=digit",), ("did you mean 'digits'",)),
        (("--batch_size=5000",), ("batch_size", "images to train on")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("study", "semi_supervised", *flags, output=nowhere).refusal()
    assert all(word in line for word in words)


def test_images_without_classes_are_refused(commands, nowhere, one_class):
    flags = (f"--dataset=folder:{one_class}", "--batch_size=2")
    line = commands.call("study", "semi_supervised", *flags, output=nowhere).refusal()
    assert "two classes or more" in line and "'only'" in line


def test_the_command_tells_the_errors_of_networks_alone_and_together(
    commands, tmp_path, monkeypatch
):
    """Each of three networks is wrong about another third of the images, and not sure of it."""
    seeds = []

    def train(splits, labelled, place, *, seed, **_):
        seeds.append(seed)
        truth = splits.test.labels
        probabilities = np.eye(10, dtype=np.float32)[truth]
        third = np.arange(len(truth)) % 3 == seed % 100
        probabilities[third] = (
            0.4 * probabilities[third] + 0.6 * np.eye(10)[(truth[third] + 1) % 10]
        )
        error = float((probabilities.argmax(1) != truth).mean())
        return {
            "steps": np.array([1, 2]),
            "curve": np.array([[0.9, 0.9], [error, 0.5]]),
            "probabilities": probabilities,
            "samples": np.zeros((100, 28, 28, 1), np.uint8),
            "seconds": np.array(7.0),
        }

    monkeypatch.setattr(semi_supervised, "train", train)
    output = tmp_path / "output"
    flags = ("--labels=100,20", "--ensemble=3", "--seeds=2", "--methods=feature_matching")
    result = commands.call("study", "semi_supervised", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    assert len(set(seeds)) == 6 and len(seeds) == 12
    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"]: finding for finding in found["findings"]}
    alone = figures["100 labels, feature matching: errors, %"]
    assert alone["value"] == pytest.approx(100 / 3, abs=0.5)
    assert alone["paper"].startswith("0.93 ± 0.065")
    together = figures["100 labels, feature matching: errors of 3 networks together, %"]
    assert (together["value"], together["seeds"]) == (0, {"0": 0, "1": 0})
    assert "ten, table 1" in together["paper"]
    last = figures["20 labels, feature matching: errors without the average of weights, %"]
    assert last["value"] == 50
    assert set(found["figures"]) == {"errors", "curves", "samples"}
    assert (output / "trainings" / "20-labels-feature_matching-seed-1-network-2.npz").exists()
