"""The table of VGG16's filters, against keras.applications.VGG16 used directly."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from vgg16_files import random_vgg16, write_shapes

from pirgan_tf.errors import InputError
from pirgan_tf.users import VGG16_LAYERS, FilterTable, filter_norms, parse_objective

KERAS_LAYERS = {
    "pool1": "block1_pool",
    "pool2": "block2_pool",
    "pool3": "block3_pool",
    "pool4": "block4_pool",
    "pool5": "block5_pool",
    "fc6": "fc1",
    "fc7": "fc2",
    "fc8": "predictions",
}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, images):
    """A file with the fully connected layers, and all activations of its network."""
    folder = tmp_path_factory.mktemp("weights")
    network = random_vgg16(top=True)
    network.save_weights(folder / "vgg16.weights.h5")
    # The file's name tells nothing of its layout.
    path = (folder / "vgg16.weights.h5").rename(folder / "renamed.h5")
    yield str(path), _activations(network, images)
    path.unlink()


@pytest.fixture(scope="module")
def without_top(tmp_path_factory, images):
    """The same without these, in the older layout, which the files of Keras itself have."""
    network = random_vgg16(top=False)
    path = tmp_path_factory.mktemp("weights") / "notop.h5"
    older = tf_keras.applications.VGG16(include_top=False, weights=None)
    older.set_weights(network.get_weights())
    older.save_weights(path)
    return str(path), _activations(network, images)


def _activations(network, images):
    pixels = tf.image.resize(images.astype(np.float32), [224, 224]).numpy()
    pixels = keras.applications.vgg16.preprocess_input(pixels)
    known = {layer.name for layer in network.layers}
    names = {layer: name for layer, name in KERAS_LAYERS.items() if name in known}
    outputs = [network.get_layer(name).output for name in names.values()]
    return dict(
        zip(names, keras.Model(network.input, outputs).predict(pixels, verbose=0), strict=True)
    )


def _check_every_layer(table, activations):
    for layer, values in activations.items():
        places = tuple(range(1, values.ndim - 1))
        expected = np.sum(np.square(values, dtype=np.float64), axis=places)
        columns = table.layer(layer)
        assert columns.dtype == np.float32
        np.testing.assert_allclose(columns, expected, rtol=1e-4, atol=1e-6 * expected.max())
        np.testing.assert_array_equal(columns == 0, expected == 0)
        np.testing.assert_allclose(table.total(layer), expected.sum(axis=1), rtol=1e-5)


def test_every_layer_with_top_and_in_the_layout_of_keras_3(whole, images):
    path, activations = whole
    table = filter_norms(images, path)
    assert table.norms.shape == (3, 10664)
    assert set(activations) == set(VGG16_LAYERS)
    _check_every_layer(table, activations)
    # Logits have both signs, the others come after ReLU.
    assert (activations["fc8"] < 0).any() and (activations["fc7"] >= 0).all()


def test_every_layer_without_top_and_in_the_older_layout(without_top, images):
    path, activations = without_top
    table = filter_norms(images, path)
    assert table.norms.shape == (3, 1472)
    _check_every_layer(table, activations)
    with pytest.raises(InputError, match=r"with the fully connected layers.*without fc6"):
        table.layer("fc6")


def test_rates_by_the_formula(without_top, images, tmp_path):
    path, activations = without_top
    squares = np.square(activations["pool3"].astype(np.float64)).sum(axis=(1, 2))
    objective = parse_objective("vgg16:pool3:3,9,200", path)
    rates, undefined = objective.measure(images, keep_in=tmp_path)
    expected = np.sqrt((squares[:, 3] + squares[:, 9] + squares[:, 200]) / squares.sum(axis=1))
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    assert not undefined.any()
    everything = "vgg16:pool1:" + ",".join(map(str, range(64)))
    rates, _ = parse_objective(everything, path).measure(images, keep_in=tmp_path)
    np.testing.assert_array_equal(rates, 1)


def test_batches_and_floats_do_not_matter(images, monkeypatch):
    table = filter_norms(images, "random")
    monkeypatch.setattr("pirgan_tf.users.filter_table.VGG16_BATCH", 2)
    norms = filter_norms(images / np.float32(127.5) - 1, "random").norms
    np.testing.assert_allclose(norms, table.norms, rtol=1e-3, atol=0.1)
    assert filter_norms(images[:0], "random").norms.shape == (0, 1472)


def test_a_dead_layer_has_rate_0_and_is_told(tmp_path, images):
    # Nothing was written to the file, so that every weight is 0.
    path = write_shapes(tmp_path / "zeros.h5", top=False)
    rates, undefined = parse_objective("vgg16:pool5:3", path).measure(images)
    np.testing.assert_array_equal(rates, 0)
    assert undefined.all()


def test_layers_of_a_table_by_hand():
    norms = np.zeros((1, 10664), np.float32)
    norms[0, [0, 63, 64, 1471, 1472, 10663]] = [1, 2, 3, 4, 5, 6]
    table = FilterTable(norms)
    assert (table.layer("pool1")[0, 0], table.layer("pool1")[0, 63]) == (1, 2)
    assert (table.layer("pool2")[0, 0], table.layer("pool5")[0, 511]) == (3, 4)
    assert (table.layer("fc6")[0, 0], table.layer("fc8")[0, 999]) == (5, 6)
    assert [table.total(name).item() for name in VGG16_LAYERS] == [3, 3, 0, 0, 4, 5, 0, 6]
    with pytest.raises(InputError, match=r"fc8\. Received: 'pool6'"):
        table.layer("pool6")


def test_wrong_images_and_weights_are_refused(images, tmp_path):
    with pytest.raises(InputError, match=r"\[64, 64, 3\]"):
        filter_norms(images[0], "random")
    with pytest.raises(InputError, match="int64"):
        parse_objective("vgg16:pool1:0", "random").measure(images.astype(np.int64))
    with pytest.raises(InputError, match="does not exist"):
        parse_objective("vgg16:pool1:0", str(tmp_path / "nowhere.h5")).measure(images)
    with pytest.raises(InputError, match="fully connected layers for fc6"):
        parse_objective("vgg16:fc6:0", "random").measure(images)
