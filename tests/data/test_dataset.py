import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pirgan_tf.data import ImageDataset, import_photos, load_dataset, validate_dataset_spec
from pirgan_tf.data.landscapes.render import render_landscapes
from pirgan_tf.errors import InputError


def save(path, level, size=(64, 64)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, 0, 0)).save(path)


@pytest.fixture
def folder(tmp_path):
    for name, levels in {"sea": (3, 4), "alp": (1,), "fen": (2,)}.items():
        for level in levels:
            save(tmp_path / "set" / name / f"{level}.png", level)
    (tmp_path / "set" / "manifest.csv").write_text("file,class\n")
    (tmp_path / "set" / ".cache").mkdir()
    (tmp_path / "set" / "sea" / ".DS_Store").write_bytes(b"x")
    return tmp_path / "set"


def contents(dataset):
    return [
        (int(image[0, 0, 0]), dataset.class_names[label])
        for image, label in zip(dataset.images, dataset.labels, strict=True)
    ]


def test_folder_comes_in_sorted_order(folder):
    dataset = load_dataset(f"folder:{folder}")
    assert dataset.class_names == ("alp", "fen", "sea")
    assert contents(dataset) == [(1, "alp"), (2, "fen"), (3, "sea"), (4, "sea")]
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.dtype == np.int32


def test_chosen_classes_come_in_the_order_given(folder):
    dataset = load_dataset(f"folder:{folder}", classes=("sea", "alp"))
    assert dataset.class_names == ("sea", "alp")
    assert contents(dataset) == [(3, "sea"), (4, "sea"), (1, "alp")]


def test_import_and_load_give_the_same_pixels(tmp_path):
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for name, pixels in (("a", photo), ("b", 255 - photo)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / name / "x.png")
    (tmp_path / "set").mkdir()
    import_photos(tmp_path / "photos", tmp_path / "set")
    dataset = load_dataset(f"folder:{tmp_path / 'set'}")
    np.testing.assert_array_equal(dataset.images, [photo, 255 - photo])


def test_a_folder_has_the_size_of_its_images(tmp_path):
    photo = np.random.default_rng(0).integers(0, 256, (130, 128, 3), np.uint8)
    (tmp_path / "photos" / "a").mkdir(parents=True)
    Image.fromarray(photo).save(tmp_path / "photos" / "a" / "x.png")
    for size in (32, 128):
        (tmp_path / str(size)).mkdir()
        import_photos(tmp_path / "photos", tmp_path / str(size), image_size=size)
        assert load_dataset(f"folder:{tmp_path / str(size)}").images.shape == (1, size, size, 3)
    with pytest.raises(InputError, match=r"not 64x64.*Received: .*x\.png', 32x32"):
        load_dataset(f"folder:{tmp_path / '32'}", image_size=64)


@pytest.mark.parametrize("image_size", [32, 128])
def test_landscapes_are_rendered_at_the_size_asked_for(image_size):
    dataset = load_dataset("landscapes", num_landscapes=2, image_size=image_size)
    assert dataset.image_size == image_size
    assert dataset.images.std(axis=(1, 2, 3)).min() > 5


def test_folder_with_an_image_of_another_size(folder):
    save(folder / "fen" / "big.png", 9, (80, 64))
    with pytest.raises(InputError, match=r"not 64x64. .*bin/import_photos.*fen/big.png', 80x64$"):
        load_dataset(f"folder:{folder}")


def test_folder_with_a_file_that_is_no_image(folder):
    (folder / "fen" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"not an image.*bin/import_photos.*fen/notes.txt'$"):
        load_dataset(f"folder:{folder}")


def test_folder_with_an_empty_class(folder):
    (folder / "zoo").mkdir()
    with pytest.raises(InputError, match=r"class of .* is empty.*bin/import_photos.*/set/zoo'$"):
        validate_dataset_spec(f"folder:{folder}")


def test_folder_without_classes(tmp_path):
    save(tmp_path / "1.png", 1)
    with pytest.raises(InputError, match=r"no class subfolders.*bin/import_photos"):
        validate_dataset_spec(f"folder:{tmp_path}")


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read: No such file.*missing'$"):
        validate_dataset_spec(f"folder:{tmp_path / 'missing'}")


@pytest.mark.parametrize("spec", ["landscapes", "tfds:eurosat", "tfds:eurosat/rgb:2.0.0"])
def test_valid_specs(spec):
    validate_dataset_spec(spec)


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("landscape", "did you mean 'landscapes'?"),
        ("Landscapes", "did you mean 'landscapes'?"),
        ("floder:x", "did you mean 'folder'?"),
        ("folder", "'folder:DIR'"),
        ("folder:", "'folder:DIR'"),
        ("tfds:", "'tfds:NAME'"),
        ("tfds:Euro sat", "lower case"),
        ("", "'landscapes', 'folder:DIR' or 'tfds:NAME'"),
    ],
)
def test_wrong_specs_give_one_helpful_line(spec, hint):
    with pytest.raises(InputError) as error:
        validate_dataset_spec(spec)
    message = str(error.value)
    assert hint in message
    assert message.endswith(f"Received: {spec!r}")
    assert "\n" not in message


def test_a_bare_path_is_completed(folder):
    with pytest.raises(InputError, match=f"did you mean 'folder:{folder}'"):
        validate_dataset_spec(str(folder))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("coasts",), "did you mean 'coast'.*Available: mountain, coast. Received: 'coasts'$"),
        (("forest",), "no such class. Available: mountain, coast. Received: 'forest'$"),
        (("coast", "coast"), "once. Received: 'coast' twice$"),
    ],
)
def test_wrong_classes(classes, message):
    with pytest.raises(InputError, match=message):
        load_dataset("landscapes", classes=classes, num_landscapes=2)


def test_landscapes_in_all_classes():
    dataset = load_dataset("landscapes", num_landscapes=6, seed=3)
    expected = render_landscapes(6, 3)
    np.testing.assert_array_equal(dataset.images, expected.images)
    assert dataset.class_names == ("mountain", "coast")


def test_landscapes_of_one_class_are_as_many_as_asked_for():
    dataset = load_dataset("landscapes", classes=("coast",), num_landscapes=5, seed=3)
    assert dataset.class_names == ("coast",)
    assert dataset.labels.tolist() == [0] * 5
    np.testing.assert_array_equal(dataset.images, render_landscapes(10, 3).images[1::2])


def test_landscapes_in_the_other_order():
    dataset = load_dataset("landscapes", classes=("coast", "mountain"), num_landscapes=4)
    assert dataset.class_names == ("coast", "mountain")
    assert dataset.labels.tolist() == [1, 0, 1, 0]


def test_too_few_landscapes():
    with pytest.raises(InputError, match=r"at least 2, one per class. Received: 1$"):
        load_dataset("landscapes", num_landscapes=1)


@pytest.mark.parametrize(
    ("images", "labels", "names", "message"),
    [
        (np.zeros((2, 4, 4, 3)), [0, 0], ("a",), "Received: float64 of shape"),
        (np.zeros((2, 4, 5, 3), np.uint8), [0, 0], ("a",), r"Received: uint8 .*\(2, 4, 5, 3\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), [0], ("a",), r"Received: int32 of shape \(1,\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), [0, 1], ("a",), r"in \[0, 1\). Received: 0 to 1"),
        (np.zeros((2, 4, 4, 3), np.uint8), [0, 1], ("a", "a"), "must differ"),
    ],
)
def test_arrays_that_do_not_fit(images, labels, names, message):
    with pytest.raises(ValueError, match=message):
        ImageDataset(images, np.array(labels, np.int32), names)


def test_nothing_here_loads_tensorflow():
    code = (
        "import sys; from pirgan_tf import data; "
        "[getattr(data, name) for name in data.__all__]; "
        "data.validate_dataset_spec('tfds:eurosat'); "
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'tensorflow_datasets')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
