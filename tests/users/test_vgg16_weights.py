"""Which weights of VGG16 serve which layers, told without TensorFlow."""

import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest
import tf_keras
from vgg16_files import write_shapes

from pirgan_tf.errors import InputError
from pirgan_tf.users import VGG16_LAYERS, check_vgg16_weights, filter_norms

POOLS = ["pool1", "pool2", "pool3", "pool4", "pool5"]


def refusal(weights, layers=("pool1",)):
    with pytest.raises(InputError) as raised:
        check_vgg16_weights(str(weights), layers)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_weights_that_serve(tmp_path):
    check_vgg16_weights("imagenet", VGG16_LAYERS)
    check_vgg16_weights("random", POOLS)
    check_vgg16_weights(write_shapes(tmp_path / "whole.h5", top=True), VGG16_LAYERS)
    check_vgg16_weights(write_shapes(tmp_path / "any.name", top=False), POOLS)


def test_fully_connected_layers_that_are_not_there_are_named(tmp_path):
    path = write_shapes(tmp_path / "notop.h5", top=False)
    message = refusal(path, ["pool5", "fc6", "fc8"])
    assert "fully connected layers for fc6, fc8" in message
    assert f"Received: {path!r}" in message and "suffices for pool1, pool2" in message
    assert "fully connected layers for fc7" in refusal("random", ["fc7"])


def test_files_that_are_none(tmp_path):
    message = refusal(tmp_path / "nowhere.h5")
    assert "does not exist" in message and "imagenet, random or the path" in message
    assert "imagnet" in refusal("imagnet")
    (tmp_path / "text.h5").write_text("no weights")
    assert "is not HDF5" in refusal(tmp_path / "text.h5")
    assert "is a folder" in refusal(tmp_path)
    whole = write_shapes(tmp_path / "whole.h5", top=False)
    content = (tmp_path / "whole.h5").read_bytes()
    (tmp_path / "whole.h5").write_bytes(content[: len(content) // 2])
    assert "is not HDF5" in refusal(whole)


@pytest.mark.parametrize(
    ("top", "change", "words"),
    [
        (False, {"conv2d_2": (3, 3, 64, 96)}, ["[3, 3, 64, 96]", "block2_conv1 kernel", "128]"]),
        (False, {"conv2d_12": None}, ["nothing in place of block5_conv3 kernel"]),
        (True, {"dense_2": (4096, 10)}, ["[4096, 10]", "predictions kernel", "[4096, 1000]"]),
        (True, {"dense_2": None}, ["nothing in place of predictions kernel"]),
    ],
)
def test_files_of_other_shapes(tmp_path, top, change, words):
    path = write_shapes(tmp_path / "other.h5", top=top, change=change)
    for word in [path, *words]:
        assert word in refusal(path)


def test_numbers_that_are_none(tmp_path):
    path = write_shapes(tmp_path / "nan.h5", top=False)
    with h5py.File(path, "r+") as file:
        file["layers/conv2d_3/vars/0"][0, 0, 0, 0] = np.nan
    assert "finite numbers" in refusal(path) and "conv2d_3" in refusal(path)
    with pytest.raises(InputError, match="finite numbers"):
        filter_norms(np.zeros((1, 64, 64, 3), np.uint8), path)


def test_other_networks_and_other_files_of_hdf5(tmp_path):
    for library, name in ((keras, "other.weights.h5"), (tf_keras, "other.h5")):
        layers = [library.layers.Conv2D(64, 3, input_shape=(8, 8, 3)), library.layers.Dense(2)]
        library.Sequential(layers).save_weights(tmp_path / name)
        assert "block1_conv" in refusal(tmp_path / name)
    with h5py.File(tmp_path / "numbers.h5", "w") as file:
        file["numbers"] = [1, 2, 3]
    assert "nothing in place of block1_conv1" in refusal(tmp_path / "numbers.h5")
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        file.create_group("layers/conv2d/vars/0")
    assert "nothing in place of block1_conv1" in refusal(tmp_path / "odd.h5")


def test_checking_loads_no_tensorflow(tmp_path):
    path = write_shapes(tmp_path / "whole.h5", top=True)
    code = (
        "import sys; from pirgan_tf.users import check_vgg16_weights, parse_objective_list\n"
        f"check_vgg16_weights({path!r}, ['fc8']); parse_objective_list('vgg16:fc8:3')\n"
        "sys.exit(any(name.split('.')[0] in ('tensorflow', 'keras') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_failed_download_says_how_to_fetch_the_file_elsewhere(tmp_path, monkeypatch):
    # An empty cache, and a proxy that nobody listens at.
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    images = [[[[0.0] * 3] * 8] * 8]
    with pytest.raises(InputError) as raised:
        filter_norms(images, "imagenet")
    message = str(raised.value)
    assert "imagenet must be within reach" in message and "URL fetch failure" in message
    assert "https://storage.googleapis.com/" in message
    assert "notop.h5" in message and "path as vgg16_weights" in message
    assert "\n" not in message
