"""Labelled images to learn from and to test on: what each source gives, and what is refused."""

import gzip
import struct

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from sklearn.datasets import load_digits

from pirgan_tf.data import load_splits, validate_splits_spec
from pirgan_tf.errors import InputError

SHAPES = {"train": (7, 3), "t10k": (5, 3)}


def idx_bytes(array, magic=None):
    head = struct.pack(">I", magic if magic is not None else 0x0800 + array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def labels_of(count):
    return (np.arange(count) % 3).astype(np.uint8)


@pytest.fixture
def mnist(tmp_path):
    """A folder of MNIST's form, with three classes; the test's files are compressed."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    random = np.random.default_rng(0)
    for prefix, (count, _) in SHAPES.items():
        images = random.integers(0, 256, (count, 6, 6), np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels_of(count))):
            name, content = f"{prefix}-{kind}-ubyte", idx_bytes(array)
            if prefix == "train":
                (folder / name).write_bytes(content)
            else:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder


def save(path, level, size=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, level).save(path)


def refusal(spec, **wanted):
    with pytest.raises(InputError) as error:
        load_splits(spec, **{"image_size": 6, "channels": 1} | wanted)
    message = str(error.value)
    assert "Received: " in message and "\n" not in message
    return message


def test_embedded_digits_are_enlarged_and_split_by_class():
    splits = load_splits("digits", image_size=8, channels=1, num_classes=10)
    assert splits.train.class_names == splits.test.class_names == tuple("0123456789")
    assert len(splits.train.labels) + len(splits.test.labels) == 1797
    for digit in range(10):
        trained, tested = (np.sum(part.labels == digit) for part in splits)
        assert tested / (trained + tested) == pytest.approx(0.2, abs=0.01)
    first = load_digits().images[0]
    np.testing.assert_array_equal(splits.train.images[0, ..., 0], np.rint(first * 255 / 16))

    large = load_splits("digits", image_size=32, channels=3).train.images
    assert large.shape[1:] == (32, 32, 3)
    # Blocks of 4x4 around the pixels, with edges between them that are no steps.
    blocks = large[..., 0].reshape(-1, 8, 4, 8, 4).mean((2, 4))
    small = splits.train.images[..., 0].astype(float)
    assert np.corrcoef(blocks.ravel(), small.ravel())[0, 1] > 0.97
    assert np.abs(np.diff(large[0, ..., 0].astype(int))).max() < np.abs(np.diff(small[0])).max()


def test_idx_files_plain_and_compressed_come_as_they_are(mnist):
    splits = load_splits(f"idx:{mnist}", image_size=6, channels=1, num_classes=3)
    for part, count in zip(splits, (7, 5), strict=True):
        assert (part.images.shape, part.class_names) == ((count, 6, 6, 1), ("0", "1", "2"))
        np.testing.assert_array_equal(part.labels, labels_of(count))
    plain = (mnist / "train-images-idx3-ubyte").read_bytes()
    assert splits.train.images.tobytes() == plain[16:]
    small = load_splits(f"idx:{mnist}", image_size=3, channels=1).train.images
    means = splits.train.images.reshape(7, 3, 2, 3, 2).mean((2, 4))
    np.testing.assert_allclose(small[..., 0], means, atol=1)


def test_a_folder_of_two_parts_and_one_of_one(tmp_path):
    for split, levels in {"train": (10, 20), "test": (30,)}.items():
        for name in ("a", "b"):
            for level in levels:
                save(tmp_path / "two" / split / name / f"{level}.png", (level, level, level))
    two = load_splits(f"folder:{tmp_path / 'two'}", image_size=8, channels=1)
    assert [sorted(part.images[:, 0, 0, 0]) for part in two] == [[10, 10, 20, 20], [30, 30]]

    one = load_splits(f"folder:{tmp_path / 'two' / 'train'}", image_size=4, channels=3)
    assert [list(part.images[:, 0, 0, 0]) for part in one] == [[10, 10], [20, 20]]
    assert [list(part.labels) for part in one] == [[0, 1], [0, 1]]


class PirganTwoParts(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(8, 8, 1)),
            "label": tfds.features.ClassLabel(names=["a", "b"]),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(1), "test": self._generate_examples(101)}

    def _generate_examples(self, level):
        for index, label in enumerate("abab"):
            yield index, {"image": np.full((8, 8, 1), level + index, np.uint8), "label": label}


def test_both_splits_of_a_tensorflow_dataset(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tfds.core.dataset_builder.constants, "DATA_DIR", str(tmp_path))
    splits = load_splits("tfds:pirgan_two_parts", image_size=6, channels=1)
    assert splits.train.images.shape == (4, 6, 6, 1)
    assert [sorted(part.images[:, 3, 3, 0]) for part in splits] == [
        [1, 2, 3, 4],
        [101, 102, 103, 104],
    ]
    assert "no such dataset" in refusal("tfds:pirgan_two_partz")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("train-images-idx3-ubyte", None, "train-images-idx3-ubyte.gz, which does not exist"),
        ("t10k-labels-idx1-ubyte", b"", "begins with nothing, not 00000801"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7), 0x0803), "00000803, not 00000801"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7), 0x0D01), "begins with 00000d01"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(8)), "7 images in"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7))[:6], "ends within its first bytes"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7))[:-1], "announces 7 numbers and has 6"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7)) + b"x", "and has more"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7) % 2), "of the same classes"),
        ("train-labels-idx1-ubyte", idx_bytes(labels_of(7) // 2 * 2), "none of 1 in"),
        (
            "train-images-idx3-ubyte",
            idx_bytes(np.zeros((7, 6, 5), np.uint8)),
            "square. Received: 6x5",
        ),
        ("train-images-idx3-ubyte", idx_bytes(np.zeros((0, 6, 6), np.uint8)), "lengths 0, 6, 6"),
        ("t10k-labels-idx1-ubyte.gz", b"no gzip", "BadGzipFile"),
        (
            "t10k-labels-idx1-ubyte.gz",
            gzip.compress(idx_bytes(labels_of(5)))[:-6],
            "cannot be read (EOFError",
        ),
    ],
)
def test_idx_files_that_are_refused(mnist, name, content, words):
    if content is None:
        (mnist / name).unlink()
    else:
        (mnist / name).write_bytes(content)
    assert words in refusal(f"idx:{mnist}")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("digit", "'digits', 'idx:DIR', 'folder:DIR' or 'tfds:NAME'; did you mean 'digits'?"),
        ("idx:", "'idx:DIR'"),
        ("digits:8", "A dataset is"),
        ("idx:no/such/folder", "which does not exist"),
        ("folder:no/such/folder", "cannot be read"),
        ("tfds:Mnist", "lower case"),
    ],
)
def test_specs_that_are_refused_at_once(spec, words):
    with pytest.raises(InputError) as error:
        validate_splits_spec(spec)
    assert words in str(error.value)


def test_another_number_of_classes_is_refused(mnist, tmp_path):
    assert "3 in 'idx:" in refusal(f"idx:{mnist}", num_classes=10)
    save(tmp_path / "one" / "a" / "x.png", "red")
    with pytest.raises(InputError, match=r"must be of 10 classes\. Received: 1 in .*, a$"):
        validate_splits_spec(f"folder:{tmp_path / 'one'}", 10)
    # Its only image is to test on.
    assert "none of a" in refusal(f"folder:{tmp_path / 'one'}")


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_without_images_in_one_part_is_refused(tmp_path, split):
    for part in ("train", "test"):
        for name in ("a", "b"):
            if (part, name) != (split, "b"):
                save(tmp_path / part / name / "x.png", "red")
    assert "of the same classes" in refusal(f"folder:{tmp_path}")
