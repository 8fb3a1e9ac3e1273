"""A training stage stopped anywhere and started again makes the bits of one that never stopped."""

import io
import json
import signal
import zipfile

import h5py
import numpy as np
import pytest

# The estimator is stopped within `sweeping`.
STAGES = ("pretrain", "tune")
REFERENCE = {
    "pretrain": "gan",
    "train_estimator": "objectives/color-red/estimator",
    "tune": "objectives/color-red/gan",
}
LAST_STEP = 12


def _exported_weights(folder):
    weights = {}
    for path in sorted(folder.glob("*.keras")):
        with zipfile.ZipFile(path) as archive:
            content = archive.read("model.weights.h5")

        def collect(name, item, network=path.stem):
            if isinstance(item, h5py.Dataset):
                weights[network, name] = item[()]

        with h5py.File(io.BytesIO(content)) as file:
            file.visititems(collect)
    return weights


def _assert_equal_bits(one, other):
    assert one and set(one) == set(other)
    for name, value in one.items():
        assert np.array_equal(value, other[name]), name


def test_sigterm_leaves_a_checkpoint_says_so_and_exits_with_143(interrupting, helpers):
    run = interrupting["pretrain"].result()
    assert run.ended.status == 143
    [line] = run.ended.complaints
    step = helpers.newest_checkpoint(run.stopped)
    assert line == f"pretrain: stopped at step {step} by SIGTERM; checkpoint written"
    assert 0 < step < LAST_STEP
    assert helpers.last_step(run.stopped) == step


def test_a_kill_loses_the_steps_since_the_last_checkpoint(interrupting, helpers):
    run = interrupting["tune"].result()
    assert run.ended.status == -signal.SIGKILL
    assert helpers.last_step(run.stopped) > helpers.newest_checkpoint(run.stopped) > 0


@pytest.mark.parametrize("stage", STAGES)
def test_stopped_and_killed_runs_end_with_the_exported_weights_of_a_straight_one(
    interrupting, reproduced, stage
):
    run = interrupting[stage].result()
    assert (run.resumed.status, run.resumed.complaints) == (0, []), run.resumed
    straight = _exported_weights(reproduced / REFERENCE[stage])
    assert len({network for network, _ in straight}) == 2
    _assert_equal_bits(_exported_weights(run.output), straight)


def test_an_estimator_whose_training_was_stopped_is_that_of_a_straight_run(sweeping, reproduced):
    _, _, run = sweeping.result()
    stopped, straight = (place / REFERENCE["train_estimator"] for place in (run, reproduced))
    _assert_equal_bits(_exported_weights(stopped), _exported_weights(straight))


@pytest.mark.parametrize("stage", STAGES)
def test_the_records_of_an_interrupted_run_have_each_step_once(interrupting, stage):
    lines = (interrupting[stage].result().output / "stats.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["step"] for row in rows] == list(range(1, LAST_STEP + 1))
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("stage", STAGES)
def test_a_resumed_run_records_the_losses_of_a_straight_one(interrupting, reproduced, stage):
    def losses(folder):
        rows = map(json.loads, (folder / "stats.jsonl").read_text().splitlines())
        return [{k: v for k, v in row.items() if k == "step" or "/" in k} for row in rows]

    assert losses(interrupting[stage].result().output) == losses(reproduced / REFERENCE[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_left_beside_the_output_of_an_interrupted_run(interrupting, stage):
    output = interrupting[stage].result().output
    assert [path.name for path in output.parent.glob(f"{stage}*")] == [stage]
    assert not (output / "options.json.partial").exists()


@pytest.mark.parametrize("stage", REFERENCE)
def test_a_finished_output_has_no_checkpoints(reproduced, stage):
    assert not (reproduced / REFERENCE[stage] / "checkpoints").exists()
