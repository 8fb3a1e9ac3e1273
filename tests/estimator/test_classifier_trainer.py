import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.classifier_trainer import ClassifierTrainer
from pirgan_tf.estimator.initial import find_initial, load_initial
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator

SIZE = 16


def shades(count):
    """Dark and bright images, by turns."""
    labels = np.arange(count) % 2
    noise = np.random.default_rng(0).integers(0, 60, (count, SIZE, SIZE, 3))
    return (noise + 150 * labels[:, None, None, None]).astype(np.uint8), labels


@pytest.fixture(scope="module")
def trainer(devices, small_network):
    keras.utils.set_random_seed(0)
    trainer = ClassifierTrainer(
        0.1,
        devices,
        shades(24),
        shades(10),
        num_classes=2,
        batch_size=8,
        learning_rate=0.01,
        patience=0,
        seed=0,
    )
    trainer.train(tf.constant(0, tf.int64), tf.constant(40, tf.int64))
    return trainer


@pytest.fixture(scope="module")
def folder(trainer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inception")
    trainer.save_trunk(folder)
    return folder


def test_measured_figures_are_those_worked_out_by_hand(trainer):
    images, labels = shades(10)
    logits = trainer.predict(images, np.eye(2, dtype=np.float32)[labels])[0].astype(float)
    likelihood = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    figures = trainer.measure()
    assert figures["heldout/accuracy"] == np.mean(logits.argmax(1) == labels)
    assert figures["heldout/loss"] == pytest.approx(
        -np.log(likelihood[np.arange(10), labels]).mean(), rel=1e-4
    )


def test_it_learns_to_tell_dark_from_bright(trainer):
    sums = trainer.train(tf.constant(40, tf.int64), tf.constant(5, tf.int64))
    assert float(sums["loss/train"]) / 5 < 0.3


def test_an_estimator_begins_with_the_trunk_and_its_own_output(trainer, folder):
    estimator = PirEstimator(EstimatorShape(SIZE, 0.1, 20))
    output = estimator.model.get_layer("logits").get_weights()
    load_initial(estimator, folder)
    images = shades(4)[0] / np.float32(127.5) - 1
    loaded = keras.models.load_model(folder / "inception_v2.keras")
    np.testing.assert_allclose(estimator.trunk(images), loaded(images), rtol=1e-6)
    for kept, weight in zip(estimator.model.get_layer("logits").get_weights(), output, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_an_estimator_begins_with_all_of_another(tmp_path):
    shape = EstimatorShape(SIZE, 0.1, 20)
    first, second = PirEstimator(shape), PirEstimator(shape)
    first.save(tmp_path)
    load_initial(second, tmp_path)
    images = shades(4)[0] / np.float32(127.5) - 1
    np.testing.assert_allclose(first.logits(images), second.logits(images), rtol=1e-6)


@pytest.mark.parametrize(
    "shape", [EstimatorShape(SIZE, 0.1, 30), EstimatorShape(SIZE, 0.1, 20, head="scalar")]
)
def test_weights_of_other_shapes_are_refused(tmp_path, shape):
    PirEstimator(EstimatorShape(SIZE, 0.1, 20)).save(tmp_path)
    estimator = PirEstimator(shape)
    before = estimator.model.get_weights()
    with pytest.raises(InputError, match=r"depth_multiplier, head and num_bins.*estimator\.keras"):
        load_initial(estimator, tmp_path)
    for kept, weight in zip(estimator.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"estimator\.keras or inception_v2\.keras.*nowhere"):
        find_initial(tmp_path / "nowhere")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "inception_v2.keras").write_bytes(b"PK damaged")
    with pytest.raises(InputError, match=r"inception_v2\.keras, which is unreadable"):
        load_initial(PirEstimator(EstimatorShape(SIZE, 0.1, 20)), tmp_path)
