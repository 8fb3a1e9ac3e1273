"""Galleries, tables of interactions and runs that cannot be used."""

import itertools
import json
import shutil

import numpy as np
import pytest


def _gallery(count=40, **changes):
    rng = np.random.default_rng(0)
    arrays = {
        "images": rng.integers(0, 256, (count, 64, 64, 3), np.uint8),
        "latents": np.zeros((count, 64), np.float32),
        "labels": np.zeros(count, np.int32),
        "ids": np.array([f"img{index:06d}" for index in range(count)]),
    }
    return arrays | changes


@pytest.fixture
def gallery(tmp_path):
    path = tmp_path / "gallery.npz"
    np.savez(path, **_gallery())
    return path


@pytest.mark.parametrize(
    "kind, words",
    [
        ("text", "gallery.npz"),
        ("empty", "gallery.npz"),
        ("truncated", "gallery.npz"),
        ("damaged", "gallery.npz"),
        ("one array", "gallery.npz"),
        ("without ids", "gallery.npz"),
        ("pickled", "gallery.npz"),
        ("float images", "float64"),
        ("no squares", "[40, 32, 64, 3]"),
        ("no images", "0 images"),
        ("repeated ids", "39 different ids"),
        ("too few ids", "[39] for 40 images"),
        ("ids in a table", "[40, 1] for 40 images"),
        ("ids that are numbers", "int64 [40]"),
        ("an empty id", "printable texts"),
        ("an id of two lines", "printable texts"),
        ("too few labels", "[39] for 40 images"),
        ("labels below zero", "must not be negative"),
        ("labels that are fractions", "float64 [40]"),
        ("too few latents", "[39, 64] for 40 images"),
        ("latents that are NaN", "not finite"),
    ],
)
def test_a_gallery_that_is_none_is_refused(commands, nowhere, gallery, kind, words):
    arrays = _gallery()
    whole = gallery.read_bytes()
    if kind == "text":
        gallery.write_text("no gallery")
    elif kind == "empty":
        gallery.write_bytes(b"")
    elif kind == "truncated":
        gallery.write_bytes(whole[: len(whole) // 2])
    elif kind == "damaged":
        gallery.write_bytes(whole[:5000] + b"damage" + whole[5006:])
    elif kind == "one array":
        with gallery.open("wb") as file:
            np.save(file, arrays["images"])
    elif kind == "without ids":
        del arrays["ids"]
        np.savez(gallery, **arrays)
    else:
        ids = arrays["ids"]
        change = {
            "pickled": {"ids": np.array(ids, object)},
            "float images": {"images": arrays["images"] / 255},
            "no squares": {"images": arrays["images"][:, :32]},
            "no images": {name: array[:0] for name, array in arrays.items()},
            "repeated ids": {"ids": np.where(ids == ids[1], ids[0], ids)},
            "too few ids": {"ids": ids[1:]},
            "ids in a table": {"ids": ids[:, None]},
            "ids that are numbers": {"ids": np.arange(40)},
            "an empty id": {"ids": np.where(ids == ids[1], "", ids)},
            "an id of two lines": {"ids": np.where(ids == ids[1], "a\nb", ids)},
            "too few labels": {"labels": arrays["labels"][1:]},
            "labels below zero": {"labels": arrays["labels"] - 1},
            "labels that are fractions": {"labels": arrays["labels"] / 2},
            "too few latents": {"latents": arrays["latents"][1:]},
            "latents that are NaN": {"latents": arrays["latents"] * np.nan},
        }[kind]
        np.savez(gallery, **arrays | change)
    flags = (f"--gallery={gallery}", "--objective=color:red")
    line = commands.call("simulate", *flags, output=nowhere).refusal()
    assert words in line and str(gallery) in line


def _rows(**changes):
    """Returns a table of the gallery's interactions, with other rows for some of the images."""
    rows = {f"img{index:06d}": [f"img{index:06d},10,{index % 10}"] for index in range(40)}
    rows |= changes
    header = "image_id,impressions,positives"
    return "\n".join([header, *itertools.chain.from_iterable(rows.values())]) + "\n"


@pytest.mark.parametrize(
    "table, words",
    [
        ("", "empty"),
        ("image_id,impressions,positives\n", "must have rows"),
        ("image_id,impressions\nimg000000,1\n", "positives"),
        (_rows(img000003=[]), "img000003"),
        (_rows(img000003=["img000003,10,1"] * 2), "differ from those before"),
        (_rows(other=["other,10,1"]), "other"),
        (_rows(img000003=["img000003,10,11"]), "exceed"),
        (_rows(img000003=["img000003,10,-1"]), "negative"),
        (_rows(img000003=["img000003,10,nan"]), "number"),
        (_rows(img000003=["img000003,inf,1"]), "number"),
        (_rows(img000003=["img000003,0,0"]), "from 1"),
        (_rows(img000003=["img000003,10"]), "line 5"),
        (_rows(img000003=["img000003,ten,1"]), "ten"),
        ("image_id,impressions,positives,pir\nimg000000,10,5,1.5\n", "[0, 1]"),
        (b"\xff\xfe\x00", "UTF-8"),
        (None, "interactions.csv"),
    ],
)
def test_interactions_that_do_not_fit_are_refused(
    commands, nowhere, gallery, tmp_path, table, words
):
    path = tmp_path / "interactions.csv"
    if table is not None:
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
    flags = (f"--gallery={gallery}", f"--interactions={path}")
    assert words in commands.call("train_estimator", *flags, output=nowhere).refusal()


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--batch_size=8", "--heldout=0.01"), "heldout"),
        (
            ("--batch_size=8", "--heldout=0.12", "--patience=3"),
            "at least 3 images to measure on and, with patience or fit_temperature, "
            "3 more to choose by. Received: heldout=0.12 of 40",
        ),
        (("--heldout=0.99",), "batch_size"),
        (("--batch_size=37",), "batch_size"),
        (("--batch_size=8", "--slim_checkpoint=no/such"), "no/such"),
    ],
)
def test_a_gallery_that_is_too_small_and_a_missing_checkpoint_are_refused(
    commands, nowhere, gallery, tmp_path, flags, words
):
    table = tmp_path / "interactions.csv"
    table.write_text(_rows())
    inputs = (f"--gallery={gallery}", f"--interactions={table}", "--depth_multiplier=0.1")
    assert words in commands.call("train_estimator", *inputs, *flags, output=nowhere).refusal()


def test_a_gallery_is_not_compared_with_itself(commands, nowhere, gallery, tmp_path):
    shutil.copy(gallery, tmp_path / "copy.npz")
    flags = (f"--before={gallery}", f"--after={tmp_path}/copy.npz", "--objective=color:red")
    line = commands.call("evaluate", *flags, output=nowhere).refusal()
    assert "different GANs or seeds" in line and str(gallery) in line and "copy.npz" in line


def test_a_gallery_is_not_learned_from_twice(commands, nowhere, gallery, tmp_path):
    shutil.copy(gallery, tmp_path / "copy.npz")
    (tmp_path / "interactions.csv").write_text(_rows())
    flags = (
        f"--gallery={gallery},{tmp_path}/copy.npz",
        f"--interactions={tmp_path},{tmp_path}",
    )
    line = commands.call("train_estimator", *flags, output=nowhere).refusal()
    assert "galleries must be different" in line and "copy.npz" in line


def _save_pair(folder, count, **changes):
    """Saves before.npz and after.npz, from other latents; returns the flags of evaluate."""
    for name, latent in (("before", 0), ("after", 1)):
        latents = np.full((count, 64), latent, np.float32)
        np.savez(folder / f"{name}.npz", **_gallery(count, latents=latents, **changes))
    return [f"--{name}={folder}/{name}.npz" for name in ("before", "after")]


def test_galleries_of_one_image_cannot_be_compared(commands, nowhere, tmp_path):
    flags = _save_pair(tmp_path, 1)
    line = commands.call("evaluate", *flags, "--objective=color:red", output=nowhere).refusal()
    assert "at least 2" in line


def test_galleries_of_black_images_are_compared_without_nan(commands, tmp_path):
    flags = _save_pair(tmp_path, 3, images=np.zeros((3, 64, 64, 3), np.uint8))
    output = tmp_path / "evaluation"
    result = commands.call("evaluate", *flags, "--objective=color:red", output=output)
    assert (result.status, result.complaints) == (0, [])
    content = json.loads((output / "evaluation.json").read_text(), parse_constant=pytest.fail)
    assert content["undefined_before"] == 3
    assert content["comparison"]["cohens_d"] is None


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"comparison": 3}'])
def test_a_run_with_nothing_to_report_is_refused(commands, nowhere, tmp_path, content):
    run = tmp_path / "run"
    run.mkdir()
    if content is not None:
        (run / "evaluation.json").write_text(content)
    assert str(run) in commands.call("report", f"--runs={run}", output=nowhere).refusal()


def test_a_run_is_reported_from_a_copy_elsewhere(commands, reproduced, tmp_path):
    shutil.copytree(reproduced, tmp_path / "moved", ignore=shutil.ignore_patterns("checkpoints"))
    output = tmp_path / "report"
    assert commands.call("report", f"--runs={tmp_path}/moved", output=output).status == 0
    assert "moved" in (output / "index.html").read_text()
