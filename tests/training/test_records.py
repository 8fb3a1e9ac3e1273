import json
import os
import signal
from collections import defaultdict

import pytest
import tensorflow as tf

from pirgan_tf.training.loop import Interrupted, Schedule, run
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


def test_a_signal_between_ticks_leaves_a_row_of_the_steps_so_far(make_line_trainer, tmp_path):
    at = {3: lambda _: os.kill(os.getpid(), signal.SIGTERM)}
    plan = schedule(8, log_every=4, evaluate_every=3)
    with pytest.raises(Interrupted):
        run(make_line_trainer(at=at), plan, tmp_path)
    run(make_line_trainer(), plan, tmp_path)
    # Steps 0, 1, 2 until the signal; then 3 alone; and an evaluation ends a tick.
    assert [(row["step"], row["loss/step"]) for row in rows_of(tmp_path)] == [
        (3, 1.0),
        (4, 3.0),
        (6, 4.5),
        (8, 6.5),
    ]


def test_a_half_written_last_line_is_survived(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(4, log_every=2), tmp_path)
    stats = tmp_path / "stats.jsonl"
    stats.write_text(stats.read_text() + '{"step": 6, "seco')
    run(make_line_trainer(), schedule(8, log_every=2), tmp_path)
    assert [row["step"] for row in rows_of(tmp_path)] == [2, 4, 6, 8]


def test_seconds_go_on_after_a_resume(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(4, log_every=2), tmp_path)
    stats = tmp_path / "stats.jsonl"
    rows = rows_of(tmp_path)
    rows[-1]["seconds"] = 1000.0
    stats.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(make_line_trainer(), schedule(8, log_every=2), tmp_path)
    assert all(1000 < row["seconds"] < 1100 for row in rows_of(tmp_path)[2:])


def test_a_status_line_tells_step_speed_and_losses(tmp_path, capsys):
    with Records(tmp_path, 0, 100, 64) as records:
        records.add({"loss/line": 6.0}, 4)
        records.tick(4)
    line = capsys.readouterr().out
    assert line.startswith("step 4/100 ")
    assert "line 1.5" in line
    assert "images/s" in line
    assert line.rstrip().endswith("left")
