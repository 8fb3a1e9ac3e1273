"""Folders of photographs and datasets that cannot be used."""

import numpy as np
import pytest
from PIL import Image


def _photo(path, size=64, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def _make(kind, folder):
    """Makes a folder that is wrong in one way."""
    if kind == "a file":
        folder.write_text("no folder")
    elif kind == "a link to itself":
        folder.symlink_to(folder)
    elif kind != "missing":
        folder.mkdir()
    if kind == "no classes":
        _photo(folder / "photo.png")
    elif kind == "an empty class":
        _photo(folder / "coast" / "photo.png")
        (folder / "mountain").mkdir()
    elif kind == "no image":
        (folder / "coast").mkdir()
        (folder / "coast" / "photo.png").write_bytes(b"no image")
    elif kind == "truncated":
        _photo(folder / "coast" / "photo.png")
        whole = (folder / "coast" / "photo.png").read_bytes()
        (folder / "coast" / "photo.png").write_bytes(whole[: len(whole) // 2])
    elif kind == "too small":
        _photo(folder / "coast" / "photo.png", size=63)


FOLDERS = (
    "missing",
    "a file",
    "a link to itself",
    "empty",
    "no classes",
    "an empty class",
    "no image",
    "truncated",
    "too small",
)


@pytest.mark.parametrize("kind", FOLDERS)
def test_import_photos_refuses_a_folder(commands, nowhere, tmp_path, kind):
    photos = tmp_path / "photos"
    _make(kind, photos)
    line = commands.call("import_photos", f"--photos={photos}", output=nowhere).refusal()
    assert line.startswith("import_photos: ") and str(photos) in line


@pytest.mark.parametrize("kind", FOLDERS)
def test_pretrain_refuses_a_dataset_folder(commands, nowhere, tmp_path, kind):
    photos = tmp_path / "photos"
    _make(kind, photos)
    line = commands.call("pretrain", f"--dataset=folder:{photos}", output=nowhere).refusal()
    assert line.startswith("pretrain: ") and str(photos) in line


def test_import_photos_refuses_an_output_within_its_input(commands, tmp_path, helpers):
    _photo(tmp_path / "photos" / "coast" / "photo.png")
    before = helpers.tree(tmp_path)
    output = tmp_path / "photos" / "new" / "output"
    flags = f"--photos={tmp_path}/photos"
    assert "apart" in commands.call("import_photos", flags, output=output).refusal()
    assert helpers.tree(tmp_path) == before
    assert not (tmp_path / "photos" / "new").exists()


def test_imported_photos_are_a_dataset_whose_size_bounds_the_batch(commands, tmp_path):
    for index in range(3):
        _photo(tmp_path / "photos" / "coast" / f"{index}.jpg", size=80, seed=index)
        _photo(tmp_path / "photos" / "mountain" / f"{index}.jpg", size=70, seed=10 + index)
    dataset = tmp_path / "dataset"
    done = commands.call("import_photos", f"--photos={tmp_path}/photos", output=dataset)
    assert (done.status, done.complaints) == (0, [])
    names = {path.name for path in dataset.iterdir()}
    assert names == {"coast", "mountain", "manifest.csv", "options.json"}

    flags = (f"--dataset=folder:{dataset}", "--batch_size=7", "--width=0.0625")
    line = commands.call("pretrain", *flags, output=tmp_path / "gan").refusal()
    assert "batch_size" in line and "6" in line and "7" in line
    flags = (f"--dataset=folder:{dataset}", "--classes=coats", "--width=0.0625")
    line = commands.call("pretrain", *flags, output=tmp_path / "gan").refusal()
    assert "did you mean 'coast'" in line
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "dataset"}
