"""`evaluate --gan`: true rates by step, of the grids of images that tune leaves."""

import json

import numpy as np
import pytest

from pirgan_tf import users
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.training import image_grid, save_png

RNG = np.random.default_rng(0)


@pytest.fixture
def tuned(tmp_path):
    """Galleries before and after, and the folder of a GAN with two grids; the grids' images."""
    for when in ("before", "after"):
        images = RNG.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
        ids = np.array([f"img{index:06d}" for index in range(8)])
        (tmp_path / when).mkdir()
        Gallery(images, np.zeros((8, 4), np.float32), np.zeros(8, np.int32), ids).save(
            tmp_path / when
        )
    shape = {"class_names": [], "latent_size": 4, "width": 1.0, "image_size": 32}
    (tmp_path / "gan").mkdir()
    (tmp_path / "gan" / "gan.json").write_text(json.dumps(shape))
    grids = {"init": (90, 90, 90), "000050": (200, 90, 90)}
    for name, tint in grids.items():
        grids[name] = RNG.integers(0, np.array(tint), (16, 32, 32, 3)).astype(np.uint8)
        save_png(image_grid(grids[name]), tmp_path / "gan" / "images" / f"fakes_{name}.png")
    return tmp_path, grids


def _flags(folder, **more):
    flags = {name: folder / name for name in ("before", "after", "gan")} | more
    return [f"--{name}={value}" for name, value in flags.items()]


def test_true_rates_are_those_of_the_grids_images(commands, tuned):
    folder, grids = tuned
    flags = _flags(folder, objective="color:red")
    result = commands.call("evaluate", *flags, output=folder / "evaluation")
    assert result.status == 0, result
    found = json.loads((folder / "evaluation" / "evaluation.json").read_text())["by_step"]
    objective = users.parse_objective("color:red")
    assert found == [
        {"step": step, "true": pytest.approx(objective(grids[name]).mean()), "estimated": None}
        for step, name in ((0, "init"), (50, "000050"))
    ]
    assert found[1]["true"] > found[0]["true"] + 0.1


def test_a_folder_without_grids_is_refused(commands, tuned, nowhere):
    folder, _ = tuned
    flags = _flags(folder, objective="color:red", gan=folder / "before")
    assert (
        "gan must be a folder with grids"
        in commands.call("evaluate", *flags, output=nowhere).refusal()
    )


def test_rates_of_people_are_not_followed(commands, tuned, nowhere):
    folder, _ = tuned
    flags = _flags(folder, interactions=folder)
    assert (
        "gan must be given with objective"
        in commands.call("evaluate", *flags, output=nowhere).refusal()
    )
