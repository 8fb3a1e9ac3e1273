"""What goes to a GPU machine without TensorFlow, and comes back; benchmarks/gpu has the scripts."""

import json
import subprocess
import sys

import numpy as np
import pytest

SCRIPTS = "benchmarks/gpu"


@pytest.fixture(scope="module")
def arrays(helpers):
    """The module that both machines import; it needs neither TensorFlow nor JAX."""
    folder = str(helpers.repository / SCRIPTS)
    sys.path.insert(0, folder)
    import arrays

    yield arrays
    sys.path.remove(folder)


def test_photographs_return_as_they_were(arrays, tmp_path):
    photos = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3)).astype(np.uint8)
    arrays.save_photos(photos, tmp_path / "photos.webp")
    received = arrays.read_photos(tmp_path / "photos.webp", len(photos), size=16)
    np.testing.assert_array_equal(received, photos)


def test_first_weights_are_the_same_by_name_and_have_the_deviation_asked_for(arrays):
    weights = arrays.draw("generator/dense/kernel", [200, 300], 0.05)
    np.testing.assert_array_equal(weights, arrays.draw("generator/dense/kernel", [200, 300], 0.05))
    assert weights.std() == pytest.approx(0.05, rel=0.01)
    assert abs(weights.mean()) < 0.001
    assert (weights != arrays.draw("generator/conv/kernel", [200, 300], 0.05)).mean() > 0.99


def test_every_image_is_learned_once_per_epoch_across_calls(arrays):
    steps, images, batch = arrays.STEPS_PER_CALL, 100, 8
    rows = [arrays.shuffled_rows(images, first, 0, batch) for first in (0, steps)]
    epochs = np.concatenate(rows).reshape(-1)[: 2 * steps * batch // images * images]
    for epoch in epochs.reshape(-1, images):
        np.testing.assert_array_equal(np.sort(epoch), np.arange(images))
    assert (epochs[:images] != epochs[images : 2 * images]).any()


def test_a_step_is_exported_with_the_names_of_what_it_reads_and_writes(helpers, tmp_path):
    photos = tmp_path / "photos"
    for name in ("mountain", "sea"):
        (photos / name).mkdir(parents=True)
        _save_photos(photos / name)
    output = tmp_path / "programs"
    done = subprocess.run(
        [
            *(sys.executable, helpers.repository / SCRIPTS / "export.py", f"--photos={photos}"),
            *(f"--output={output}", "--programs=gan", "--precisions=float32"),
            *("--width=0.0625", "--batch_size=4"),
        ],
        env=helpers.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads((output / "gan-float32.json").read_text())
    state = json.loads((output / "state.json").read_text())
    written = {n for n, flag in zip(said["captured"], said["written"], strict=True) if flag}
    assert set(said["captured"]) == set(state)
    assert {"photos", "seed", "class_counts"} <= set(state) - written
    assert {"generator/dense/kernel", "discriminator_optimizer/iteration"} <= written
    assert not any(name.endswith("learning_rate") for name in written)
    assert "loss/generator" in said["outputs"]
    # Weights are drawn anew, and not sent.
    assert state["generator/dense/kernel"]["std"] > 0
    assert (output / "gan-float32.hlo").stat().st_size > 100_000


def _save_photos(folder):
    from PIL import Image

    rng = np.random.default_rng(0)
    for number in range(4):
        pixels = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
