"""Every stage at other image sizes than the paper's, and with other networks."""

import json

import numpy as np
import pytest
from PIL import Image

from pirgan_tf.data.gallery import read_gallery
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import memory_bytes
from pirgan_tf.stages.sample import check_gallery_fits

TRAINING = ("--steps=2", "--batch_size=4", "--width=0.0625")
# They are drawn in other tests.
NO_GRIDS = "--images_every=0"


def _photographs(folder, size):
    rng = np.random.default_rng(0)
    for name in ("coast", "mountain"):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (size + 2, size, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    "size, family, dataset, members", [(32, "dcgan", "folder", 2), (128, "maxout", "landscapes", 1)]
)
def test_the_whole_chain_has_the_image_size_that_it_began_with(
    commands, tmp_path, small_inception, tiny_family, size, family, dataset, members
):
    def call(stage, output, *flags):
        result = commands.call(stage, *flags, output=tmp_path / output)
        assert (result.status, result.complaints) == (0, []), result
        return tmp_path / output

    if dataset == "folder":
        photos = _photographs(tmp_path / "photos", 2 * size)
        imported = call("import_photos", "set", f"--photos={photos}", f"--size={size}")
        source = (f"--dataset=folder:{imported}",)
    else:
        source = ("--landscapes=8", f"--image_size={size}")
    gan = call("pretrain", "gan", *TRAINING, *source, f"--family={family}", NO_GRIDS)
    assert json.loads((gan / "gan.json").read_text()) | {
        "family": family,
        "image_size": size,
    } == json.loads((gan / "gan.json").read_text())

    gallery = call("sample", "gallery", f"--gan={gan}", "--num_images=12")
    assert read_gallery(gallery).images.shape == (12, size, size, 3)
    users = call(
        "simulate", "users", f"--gallery={gallery}", "--objective=color:red-blue", "--impressions=9"
    )
    judge = call(
        "train_estimator",
        "estimator",
        *TRAINING[:2],
        f"--gallery={gallery}",
        f"--interactions={users}",
        "--depth_multiplier=0.1",
        "--heldout=0.25",
        f"--members={members}",
    )
    assert json.loads((judge / "estimator.json").read_text())["image_size"] == size
    caution = f"--caution={members - 1}"
    networks = (f"--gan={gan}", f"--estimator={judge}")
    tuned = call("tune", "tuned", *TRAINING[:2], *networks, caution, NO_GRIDS)
    assert (tuned / "gan.json").read_text() == (gan / "gan.json").read_text()
    after = call("sample", "after", f"--gan={tuned}", "--num_images=12", "--seed=1")
    compared = call(
        "evaluate",
        "evaluation",
        f"--before={gallery}",
        f"--after={after}",
        "--objective=color:red-blue",
        f"--estimator={judge}",
        "--features=estimator",
    )
    evaluation = json.loads((compared / "evaluation.json").read_text())
    assert len(evaluation["rates_after"]) == 12
    told = {"slope", "slope_before", "slope_after", "spread_before", "spread_after"}
    assert told & set(evaluation["estimated"]) == {
        name for name in told if members > 1 or name.startswith("slope")
    }
    with Image.open(compared / "after.png") as grid:
        assert grid.width == 8 * (size + 2) + 2


def test_sizes_that_do_not_fit_together_are_refused(
    commands, nowhere, tmp_path, inputs, monkeypatch
):
    # What the GAN has learned does not matter here.
    monkeypatch.setattr("pirgan_tf.stages.pretrain.train", lambda *_, **__: 1)
    small = inputs["tune"]["estimator"]
    gan = tmp_path / "gan"
    flags = (*TRAINING, "--landscapes=8", "--image_size=32", "--dropout=0.25")
    assert commands.call("pretrain", *flags, output=gan).status == 0
    line = commands.call("tune", f"--gan={gan}", f"--estimator={small}", output=nowhere).refusal()
    assert "32" in line and "64" in line
    gallery = tmp_path / "gallery"
    made = commands.call("sample", f"--gan={gan}", "--num_images=8", output=gallery)
    assert made.status == 0
    both = (f"--before={inputs['evaluate']['before']}", f"--after={gallery}")
    line = commands.call("evaluate", *both, "--objective=color:red", output=nowhere).refusal()
    assert "[64, 32]" in line


@pytest.mark.parametrize(
    "stage, flag",
    [("import_photos", "--size=48"), ("pretrain", "--image_size=48"), ("pretrain", "--family=gan")],
)
def test_unknown_sizes_and_families_are_refused(commands, nowhere, tmp_path, stage, flag):
    flags = (flag, f"--photos={tmp_path}") if stage == "import_photos" else (flag,)
    line = commands.call(stage, *flags, output=nowhere).refusal()
    assert flag.split("=")[1] in line


def test_whether_images_fit_in_memory_depends_on_their_size():
    count = memory_bytes() // (64 * 64 * 3)
    check_gallery_fits(count, 64)
    with pytest.raises(InputError, match="must fit in"):
        check_gallery_fits(count, 128)
