import json
import os
import signal
from collections import defaultdict
from pathlib import Path

import pytest
import tensorflow as tf

from pirgan_tf.errors import Interrupted, TrainingError
from pirgan_tf.training.loop import Schedule, run
from pirgan_tf.training.records import Records


def rows_of(folder):
    return [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]


def scalars_of(folder):
    """The scalars in TensorBoard's event files: {name: {step: value}}."""
    scalars = defaultdict(dict)
    for path in sorted((folder / "summaries").iterdir()):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "scalars":
                    scalars[value.tag][event.step] = float(tf.make_ndarray(value.tensor))
    return scalars


def schedule(steps, **settings):
    return Schedule(steps, **{"checkpoint_minutes": 0.0, "checkpoint_every": 4} | settings)


def test_losses_are_means_over_the_tick(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(10, log_every=4), tmp_path)
    # The fake loss is the step's number from 0: (0+1+2+3)/4, (4+5+6+7)/4, (8+9)/2.
    assert [(row["step"], row["loss/step"]) for row in rows_of(tmp_path)] == [
        (4, 1.5),
        (8, 5.5),
        (10, 8.5),
    ]


def test_tensorboard_and_stats_tell_the_same_under_the_same_names(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(10, log_every=5, evaluate_every=5), tmp_path)
    rows, scalars = rows_of(tmp_path), scalars_of(tmp_path)
    names = set(rows[0]) - {"step", "seconds"}
    assert names == {
        "loss/line",
        "loss/step",
        "heldout/step",
        "steps_per_second",
        "images_per_second",
    }
    assert set(scalars) == names
    for name in names:
        expected = {row["step"]: pytest.approx(row[name], rel=1e-6) for row in rows}
        assert scalars[name] == expected, name


def test_images_per_second_are_a_batch_a_step(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(5, log_every=5), tmp_path)
    (row,) = rows_of(tmp_path)
    assert row["images_per_second"] == pytest.approx(2 * row["steps_per_second"])
    assert row["steps_per_second"] > 0


def test_an_evaluation_is_in_the_row_of_its_step_only(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(9, log_every=3, evaluate_every=6), tmp_path)
    assert [row.get("heldout/step") for row in rows_of(tmp_path)] == [None, 6.0, 9.0]


def test_rows_after_the_restored_step_are_written_anew(make_line_trainer, tmp_path):
    def crash(_):
        raise RuntimeError

    plan = schedule(12, log_every=2, evaluate_every=7)
    with pytest.raises(RuntimeError):
        run(make_line_trainer(at={7: crash}), plan, tmp_path)
    assert [row["step"] for row in rows_of(tmp_path)] == [2, 4, 6]
    run(make_line_trainer(), plan, tmp_path)
    rows = rows_of(tmp_path)
    assert [row["step"] for row in rows] == [2, 4, 6, 7, 8, 10, 12]
    assert [row["loss/step"] for row in rows] == [0.5, 2.5, 4.5, 6.0, 7.0, 8.5, 10.5]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stop_between_ticks_changes_no_row(make_line_trainer, tmp_path, number):
    trainer = make_line_trainer()

    def stop_at_three():
        if trainer.steps_made() == 3 and number == signal.SIGTERM:
            os.kill(os.getpid(), number)
        elif trainer.steps_made() == 3:
            # A kill leaves what the newest checkpoint has, which is of step 2.
            raise RuntimeError

    trainer.draw_images = stop_at_three
    plan = schedule(8, log_every=4, images_every=3, checkpoint_every=2)
    with pytest.raises((Interrupted, RuntimeError)):
        run(trainer, plan, tmp_path)
    assert rows_of(tmp_path) == []
    run(make_line_trainer(), plan, tmp_path)
    assert [(row["step"], row["loss/step"]) for row in rows_of(tmp_path)] == [(4, 1.5), (8, 5.5)]


def test_a_half_written_last_line_is_survived(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(4, log_every=2), tmp_path)
    stats = tmp_path / "stats.jsonl"
    stats.write_text(stats.read_text() + '{"step": 6, "seco')
    run(make_line_trainer(), schedule(8, log_every=2), tmp_path)
    assert [row["step"] for row in rows_of(tmp_path)] == [2, 4, 6, 8]


def test_spoiled_lines_are_left_out_and_told(make_line_trainer, tmp_path, capsys):
    run(make_line_trainer(), schedule(6, log_every=2), tmp_path)
    stats = tmp_path / "stats.jsonl"
    first, _, third = stats.read_bytes().splitlines()
    spoiled = [b"5", b'{"step": 4}', b'{"step": "4", "seconds": 1}', b"\xff\xfe", b"[" * 9]
    stats.write_bytes(b"\n".join([first, *spoiled, third]) + b"\n")
    capsys.readouterr()
    run(make_line_trainer(), schedule(8, log_every=2), tmp_path)
    assert [row["step"] for row in rows_of(tmp_path)] == [2, 6, 8]
    assert "5 lines of stats.jsonl cannot be read" in capsys.readouterr().out


def test_a_run_that_goes_on_to_more_steps_has_the_rows_of_a_straight_one(
    make_line_trainer, tmp_path
):
    """At 7 nothing is due but the end; at 14 the evaluation joins the tick's row."""
    figures = []
    for name, lengths in (("straight", [20]), ("longer", [7, 14, 20])):
        folder = tmp_path / name
        folder.mkdir()
        for steps in lengths:
            run(make_line_trainer(), schedule(steps, log_every=2, evaluate_every=5), folder)
            assert rows_of(folder)[-1]["heldout/step"] == rows_of(folder)[-1]["step"] == steps
        rows = rows_of(folder)
        figures.append([(row["step"], row["loss/step"]) for row in rows])
    assert figures[0] == figures[1]


def test_seconds_go_on_after_a_resume(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(4, log_every=2), tmp_path)
    stats = tmp_path / "stats.jsonl"
    rows = rows_of(tmp_path)
    rows[-1]["seconds"] = 1000.0
    stats.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(make_line_trainer(), schedule(8, log_every=2), tmp_path)
    assert all(1000 < row["seconds"] < 1100 for row in rows_of(tmp_path)[2:])


def test_a_status_line_tells_step_speed_and_losses(tmp_path, capsys):
    with Records(tmp_path, 0, {}, 100, 64) as records:
        records.add({"loss/line": 6.0}, 4)
        records.tick(4)
    line = capsys.readouterr().out
    assert line.startswith("step 4/100 ")
    assert "line 1.5" in line
    assert "images/s" in line
    assert line.rstrip().endswith("left")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_is_told_in_one_line(make_line_trainer, tmp_path):
    (tmp_path / "summaries").mkdir()
    run(make_line_trainer(), schedule(2, log_every=1), tmp_path)
    stats = tmp_path / "stats.jsonl"
    trainer = make_line_trainer(at={3: lambda _: stats.unlink() or stats.symlink_to("/dev/full")})
    with pytest.raises(
        TrainingError, match=r"row of stats.jsonl must be written to disk.* No space left on dev"
    ):
        run(trainer, schedule(4, log_every=1, evaluate_every=3), tmp_path)
