import numpy as np
import pytest
import tensorflow_datasets as tfds

from pirgan_tf.data import load_dataset
from pirgan_tf.errors import InputError


class _Local(tfds.core.GeneratorBasedBuilder):
    """A dataset made on the spot; the name is registered by defining a subclass."""

    VERSION = tfds.core.Version("1.0.0")
    SHAPE = (None, None, 3)
    SPLIT = "train"
    KEYS: tuple[str, str] | None = ("image", "label")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=self.SHAPE),
            "label": tfds.features.ClassLabel(names=["sea", "alp", "fen"]),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=self.KEYS,
        )

    def _split_generators(self, dl_manager):
        return {self.SPLIT: self._generate_examples()}

    def _generate_examples(self):
        height, width, channels = 64, 128, self.SHAPE[2]
        for index, label in enumerate(["sea", "alp", "sea", "fen"]):
            image = np.full((height, width, channels), 255, np.uint8)
            # White margins which the crop removes, and columns whose mean is 10 + index.
            image[:, 32:96:2] = 5 + index
            image[:, 33:96:2] = 15 + index
            yield index, {"image": image, "label": label}


class PirganWide(_Local):
    pass


class PirganGrey(_Local):
    SHAPE = (64, 128, 1)


class PirganTestOnly(_Local):
    SPLIT = "test"


class PirganUnlabelled(_Local):
    KEYS = None


class PirganOffline(_Local):
    def _split_generators(self, dl_manager):
        raise ConnectionError("no route\nto host")


class PirganMissingClass(_Local):
    def _generate_examples(self):
        yield 0, {"image": np.zeros((64, 64, 3), np.uint8), "label": "sea"}


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tfds.core.dataset_builder.constants, "DATA_DIR", str(tmp_path))


def contents(dataset):
    return sorted(
        (int(image[0, 0, 0]), dataset.class_names[label])
        for image, label in zip(dataset.images, dataset.labels, strict=True)
    )


@pytest.mark.parametrize("name", ["pirgan_wide", "pirgan_grey"])
def test_images_are_cropped_averaged_and_rgb(name):
    dataset = load_dataset(f"tfds:{name}", image_size=32)
    assert dataset.class_names == ("alp", "fen", "sea")
    assert contents(dataset) == [(10, "sea"), (11, "alp"), (12, "sea"), (13, "fen")]
    assert dataset.images.shape == (4, 32, 32, 3)
    np.testing.assert_array_equal(
        dataset.images, np.broadcast_to(dataset.images[:, :1, :1, :1], (4, 32, 32, 3))
    )


def test_chosen_classes():
    dataset = load_dataset("tfds:pirgan_wide:1.0.0", classes=("sea", "alp"), image_size=32)
    assert dataset.class_names == ("sea", "alp")
    assert contents(dataset) == [(10, "sea"), (11, "alp"), (12, "sea")]


def test_loading_twice_gives_the_same():
    first, second = (load_dataset("tfds:pirgan_wide") for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tfds:pirgan_wild", "did you mean 'pirgan_wide'"),
        ("tfds:qqqqqqqqqqqq", "no such dataset"),
        ("tfds:pirgan_wide:9.9.9", "cannot be prepared"),
        ("tfds:pirgan_wide/config", "cannot be prepared"),
        ("tfds:pirgan_offline", "ConnectionError: no route to host"),
        ("tfds:pirgan_test_only", "no split 'train', only test"),
        ("tfds:pirgan_unlabelled", "images with one class each"),
    ],
)
def test_datasets_that_cannot_be_had(spec, message):
    with pytest.raises(InputError) as error:
        load_dataset(spec)
    text = str(error.value)
    assert message in text
    assert text.endswith(f"Received: {spec!r}")
    assert "\n" not in text


def test_unknown_class():
    with pytest.raises(InputError, match=r"did you mean 'sea'.*alp, fen, sea. Received: 'seas'$"):
        load_dataset("tfds:pirgan_wide", classes=("seas",))


def test_class_without_images():
    with pytest.raises(InputError, match=r"no image of a class. Received: alp, fen$"):
        load_dataset("tfds:pirgan_missing_class")
    assert len(load_dataset("tfds:pirgan_missing_class", classes=("sea",)).images) == 1


def test_what_tfds_imports_without_requiring_it_is_there(tmp_path):
    # Its own datasets need importlib_resources before they download anything.
    assert tfds.builder("mnist", data_dir=str(tmp_path)).code_path.stem == "mnist"
