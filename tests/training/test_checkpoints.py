"""Checkpoints that a disk, a kill or a hand has damaged."""

import resource
import shutil

import numpy as np
import pytest

from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.training.loop import Schedule, run

PLAN = {"log_every": 2, "checkpoint_minutes": 0.0, "checkpoint_every": 2}


def train(trainer, steps, folder):
    return run(trainer, Schedule(steps, **PLAN), folder)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path):
    path.write_bytes(np.random.default_rng(0).bytes(path.stat().st_size))


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove(path):
    path.unlink()


@pytest.fixture(scope="module")
def trained(make_line_trainer, tmp_path_factory):
    """A run to step 6, and the values of a straight one at step 8."""
    straight = make_line_trainer()
    train(straight, 8, tmp_path_factory.mktemp("straight"))
    folder = tmp_path_factory.mktemp("stopped")
    train(make_line_trainer(), 6, folder)
    return folder, straight.values()


@pytest.fixture
def stopped(trained, tmp_path):
    """The same, in a copy that a test may spoil."""
    folder, straight = trained
    return shutil.copytree(folder, tmp_path / "stopped"), straight


@pytest.mark.parametrize("damage", [cut, garble, flip, remove])
@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    make_line_trainer, stopped, capsys, damage, part
):
    folder, straight = stopped
    damage(folder / "checkpoints" / f"ckpt-6.{part}")
    again = make_line_trainer()
    assert train(again, 8, folder) == 8
    assert "the checkpoint of step 6 is damaged; resuming from step 4" in capsys.readouterr().out
    assert all(np.array_equal(a, b) for a, b in zip(again.values(), straight, strict=True))
    # The steps are made once more, and with them the checkpoint.
    assert (folder / "checkpoints" / "ckpt-6.index").exists()


def test_with_no_checkpoint_left_the_run_is_refused_and_nothing_touched(
    make_line_trainer, stopped, helpers
):
    folder, _ = stopped
    for path in (folder / "checkpoints").glob("*.data*"):
        cut(path)
    before = helpers.tree(folder)
    with pytest.raises(InputError, match="must have a checkpoint that can be read") as refusal:
        train(make_line_trainer(), 8, folder)
    assert str(folder) in str(refusal.value)
    assert helpers.tree(folder) == before


def test_what_a_kill_leaves_of_a_save_is_neither_read_nor_kept(make_line_trainer, stopped):
    folder, _ = stopped
    half = folder / "checkpoints" / "partial" / "ckpt-8_temp"
    half.mkdir(parents=True)
    (half / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"half")
    assert train(make_line_trainer(), 8, folder) == 8
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {
        f"ckpt-{step}.{part}" for step in (4, 6, 8) for part in ("index", "data-00000-of-00001")
    }


def test_a_full_disk_ends_the_run_with_the_checkpoints_before(
    make_line_trainer, stopped, monkeypatch
):
    folder, straight = stopped
    data = folder / "checkpoints" / "ckpt-6.data-00000-of-00001"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    trainer = make_line_trainer()
    draw = trainer.draw_batch

    def fill(*arguments):
        resource.setrlimit(resource.RLIMIT_FSIZE, (data.stat().st_size // 2, limits[1]))
        return draw(*arguments)

    monkeypatch.setattr(trainer, "draw_batch", fill)
    try:
        with pytest.raises(
            TrainingError, match=r"step 8 must be written to disk. Received: [^{}]*$"
        ):
            run(trainer, Schedule(8, **PLAN | {"log_every": 100}), folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (folder / "checkpoints" / "partial").exists()
    again = make_line_trainer()
    train(again, 8, folder)
    assert all(np.array_equal(a, b) for a, b in zip(again.values(), straight, strict=True))
