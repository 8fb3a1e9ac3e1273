"""A table of filters is kept beside the gallery; replacing its content shows who reads it."""

import numpy as np
import pytest
from vgg16_files import write_shapes

from pirgan_tf.users import filter_norms, filter_table, parse_objective

IMAGE = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)


@pytest.fixture(autouse=True)
def _computed(monkeypatch):
    """In place of VGG16: norms that differ by images and weights."""

    def compute(images, weights, layers):
        value = images.sum() + len(weights)
        return np.full((len(images), filter_table._num_filters(layers)), value, np.float32)

    monkeypatch.setattr(filter_table, "_compute", compute)


@pytest.fixture
def kept(tmp_path):
    parse_objective("vgg16:pool1:0", "random").measure(IMAGE, keep_in=tmp_path)
    [path] = tmp_path.iterdir()
    return path


def replace(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)


def test_it_is_found_again_by_another_objective(kept, tmp_path):
    assert kept.name.startswith("vgg16-") and kept.suffix == ".npz"
    norms = np.zeros((1, 1472), np.float32)
    norms[:, 64:66] = [9, 16]
    replace(kept, norms=norms)
    rates, _ = parse_objective("vgg16:pool2:1", "random").measure(IMAGE, keep_in=tmp_path)
    np.testing.assert_allclose(rates, 4 / 5)
    assert list(tmp_path.iterdir()) == [kept]


def test_other_images_and_other_weights_have_tables_of_their_own(kept, tmp_path):
    ones = np.ones((1, 1472), np.float32)
    replace(kept, norms=ones)
    other = IMAGE.copy()
    other[0, 63, 63, 2] ^= 1
    gallery = kept.parent
    assert not np.array_equal(filter_norms(other, "random", keep_in=gallery).norms, ones)
    assert len(list(gallery.iterdir())) == 2
    zeros = write_shapes(tmp_path / "zeros.h5", top=False)
    assert not np.array_equal(filter_norms(IMAGE, zeros, keep_in=gallery).norms, ones)
    assert len(list(gallery.glob("vgg16-*.npz"))) == 3


@pytest.mark.parametrize(
    "damage", ["cut", "empty", "text", "flipped", "encrypted", "shape", "name"]
)
def test_a_damaged_file_is_computed_anew(kept, tmp_path, damage, monkeypatch):
    with np.load(kept) as arrays:
        norms = arrays["norms"]
    monkeypatch.setattr(filter_table, "_compute", lambda *_: norms + 1)
    content = kept.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 255
    encrypted = bytearray(content)
    encrypted[content.index(b"PK\1\2") + 8] |= 1
    damaged = {
        "cut": content[:2000],
        "empty": b"",
        "text": b"text",
        "flipped": flipped,
        "encrypted": encrypted,
    }
    if damage in damaged:
        assert damaged[damage] != content
        kept.write_bytes(damaged[damage])
    elif damage == "shape":
        replace(kept, norms=norms[:, :64])
    else:
        replace(kept, other=norms)
    again = filter_norms(IMAGE, "random", keep_in=tmp_path)
    np.testing.assert_array_equal(again.norms, norms + 1)
    with np.load(kept) as arrays:
        np.testing.assert_array_equal(arrays["norms"], again.norms)
    assert list(tmp_path.iterdir()) == [kept]


def test_a_folder_that_cannot_be_written_to_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(filter_table, "_compute", lambda *_: np.ones((1, 1472), np.float32))
    table = filter_norms(IMAGE, "random", keep_in=tmp_path / "gone")
    assert table.norms.shape == (1, 1472)
    assert not list(tmp_path.iterdir())


def test_colours_keep_nothing(tmp_path):
    objective = parse_objective("color:red")
    rates, _ = objective.measure(IMAGE, keep_in=tmp_path)
    np.testing.assert_array_equal(rates, objective(IMAGE))
    assert not list(tmp_path.iterdir())
