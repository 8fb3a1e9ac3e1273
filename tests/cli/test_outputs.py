"""Outputs appear whole or not at all, are not overwritten, and are resumed as they were begun."""

import errno
import json
import shutil
import signal

import pytest

from pirgan_tf.errors import TrainingError


@pytest.fixture
def unfinished(interrupting, tmp_path):
    """Where an unfinished output of pretrain lies beside: a copy which a test may spoil."""
    stopped = interrupting["pretrain"].result().stopped
    shutil.copytree(stopped, tmp_path / stopped.name)
    return tmp_path / "pretrain"


def _partial(output):
    return output.with_name(output.name + ".partial")


def test_a_finished_output_is_refused_and_stays(commands, helpers, inputs):
    output = inputs["sample"]["gan"]
    before = helpers.tree(output)
    line = commands.call("pretrain", *commands.tiny["pretrain"], output=output).refusal()
    assert "output exists" in line and "--overwrite" in line and str(output) in line
    assert helpers.tree(output) == before
    assert not _partial(output).exists()


def test_an_output_below_a_file_is_refused(commands, inputs, tmp_path):
    (tmp_path / "file").write_text("")
    flags = (f"--gallery={inputs['simulate']['gallery']}", "--objective=color:red")
    line = commands.call("simulate", *flags, output=tmp_path / "file" / "out").refusal()
    assert "output cannot be written" in line


@pytest.mark.parametrize(
    "flag, words",
    [
        ("--seed=1", "seed was 0 and is 1"),
        ("--dropout=0.25", "dropout was None and is 0.25"),
        ("--noconditional", "conditional was True and is False"),
    ],
)
def test_an_unfinished_output_with_other_options_is_refused_and_stays(
    commands, helpers, unfinished, flag, words
):
    before = helpers.tree(_partial(unfinished))
    line = commands.call("pretrain", *commands.tiny["pretrain"], flag, output=unfinished).refusal()
    assert words in line and "--overwrite" in line
    assert line.count(" was ") == 1
    assert helpers.tree(_partial(unfinished)) == before
    assert not unfinished.exists()


def test_an_unfinished_output_of_another_stage_is_refused(commands, unfinished, inputs):
    flags = [f"--{name}={path}" for name, path in inputs["tune"].items()]
    result = commands.call("tune", *commands.tiny["tune"], *flags, output=unfinished)
    assert "stage was pretrain and is tune" in result.refusal()


@pytest.mark.parametrize("flag", ["--nooverwrite", "--overwrite"])
def test_an_unfinished_output_whose_options_are_lost_is_refused(
    commands, helpers, unfinished, flag
):
    (_partial(unfinished) / "options.json").write_text("")
    before = helpers.tree(_partial(unfinished))
    result = commands.call("pretrain", *commands.tiny["pretrain"], flag, output=unfinished)
    assert "pretrain.partial must be what an earlier attempt at this" in result.refusal()
    assert helpers.tree(_partial(unfinished)) == before


def test_a_refused_attempt_to_go_on_changes_nothing(commands, helpers, unfinished):
    before = helpers.tree(_partial(unfinished))
    flags = (*commands.tiny["pretrain"], "--steps=0")
    assert "at least 1" in commands.call("pretrain", *flags, output=unfinished).refusal()
    for path in (_partial(unfinished) / "checkpoints").glob("ckpt-*.index"):
        path.write_bytes(path.read_bytes()[:20])
        before[f"checkpoints/{path.name}"] = path.read_bytes()
    result = commands.call("pretrain", *commands.tiny["pretrain"], "--steps=13", output=unfinished)
    assert "must have a checkpoint that can be read, and has none" in result.refusal()
    assert helpers.tree(_partial(unfinished)) == before


def test_a_training_stage_that_has_no_checkpoint_yet_leaves_nothing(
    commands, tmp_path, monkeypatch
):
    def fail(*_, **__):
        raise TrainingError("losses must stay finite. Received: nan")

    monkeypatch.setattr("pirgan_tf.stages.pretrain.train", fail)
    result = commands.call("pretrain", *commands.tiny["pretrain"], output=tmp_path / "gan")
    assert (result.status, len(result.complaints)) == (1, 1)
    assert not list(tmp_path.iterdir())


def test_steps_may_be_raised_when_a_run_goes_on(commands, unfinished):
    flags = (*commands.tiny["pretrain"], "--steps=13", "--log_every=2")
    result = commands.call("pretrain", *flags, output=unfinished)
    assert (result.status, result.complaints) == (0, [])
    rows = [json.loads(line) for line in (unfinished / "stats.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 13
    assert json.loads((unfinished / "options.json").read_text())["options"]["steps"] == 13
    assert not _partial(unfinished).exists()


def test_overwrite_replaces_an_output_only_when_the_new_one_is_done(
    commands, helpers, unfinished, inputs
):
    shutil.copytree(inputs["sample"]["gan"], unfinished)
    made = json.loads((unfinished / "options.json").read_text())
    made["options"]["output"] = str(unfinished)
    (unfinished / "options.json").write_text(json.dumps(made))
    before = helpers.tree(unfinished)
    flags = (*commands.tiny["pretrain"], "--overwrite", "--seed=1")
    running = commands.start("pretrain", *flags, "--steps=1000000", output=unfinished)
    # It begins anew: of what the unfinished run of seed 0 had recorded, nothing is left.
    running.wait_until(lambda: not (_partial(unfinished) / "stats.jsonl").exists())

    # While it runs, another process may not write the same output.
    line = commands.call("pretrain", *flags, output=unfinished).refusal()
    assert "another process is writing" in line

    running.wait_until(lambda: helpers.last_step(_partial(unfinished)) > 0)
    first = (_partial(unfinished) / "stats.jsonl").read_text().splitlines()[0]
    assert json.loads(first)["step"] == 1
    running.stop(signal.SIGKILL)
    assert helpers.tree(unfinished) == before

    # A replacement that was killed while it deleted the old output.
    shutil.copytree(unfinished, unfinished.with_name("pretrain.replaced"))
    (unfinished.with_name("pretrain.replaced") / "gan.json").unlink()
    step = helpers.newest_checkpoint(_partial(unfinished))
    result = commands.call("pretrain", *flags, f"--steps={step + 1}", output=unfinished)
    assert (result.status, result.complaints) == (0, [])
    assert json.loads((unfinished / "options.json").read_text())["options"]["seed"] == 1
    assert helpers.tree(unfinished) != before
    assert [path.name for path in unfinished.parent.iterdir()] == ["pretrain"]


def test_overwrite_spares_what_no_stage_wrote(commands, helpers, inputs, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("years of work")
    before = helpers.tree(tmp_path)
    flags = (f"--gallery={inputs['simulate']['gallery']}", "--objective=color:red", "--overwrite")
    result = commands.call("simulate", *flags, output=tmp_path / "thesis")
    assert str(tmp_path / "thesis") in result.refusal()
    assert helpers.tree(tmp_path) == before


def test_what_a_failure_leaves_of_a_short_stage_is_deleted(commands, inputs, nowhere, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pirgan_tf.training.save_png", fail)
    result = commands.call("sample", f"--gan={inputs['sample']['gan']}", output=nowhere)
    assert result.status == 1
    assert result.complaints[0].startswith("sample: No space left on device")


def test_a_short_stage_begins_anew_after_a_kill(commands, inputs, tmp_path):
    flags = (f"--gallery={inputs['simulate']['gallery']}", "--objective=color:red")
    (tmp_path / "table.partial").mkdir()
    content = {"stage": "simulate", "options": {"output": "elsewhere/table", "seed": 7}}
    (tmp_path / "table.partial" / "options.json").write_text(json.dumps(content))
    (tmp_path / "table.partial" / "half").touch()
    result = commands.call("simulate", *flags, output=tmp_path / "table")
    assert (result.status, result.complaints) == (0, [])
    names = {path.name for path in (tmp_path / "table").iterdir()}
    assert names == {"interactions.csv", "options.json"}
