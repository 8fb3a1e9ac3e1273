"""Runs that go wrong, or that the machine is not made for."""

import numpy as np


def test_a_loss_that_is_not_finite_stops_the_run_with_its_steps(commands, tmp_path):
    import tensorflow as tf

    output = tmp_path / "gan"
    flags = [flag for flag in commands.tiny["pretrain"] if "rate" not in flag]
    flags += ["--generator_learning_rate=1e30", "--checkpoint_every=1"]
    result = commands.call("pretrain", *flags, output=output)
    assert result.status == 1
    [line] = result.complaints
    assert line.startswith("pretrain: ") and "must stay finite" in line and "step" in line
    assert not output.exists()
    for path in (tmp_path / "gan.partial" / "checkpoints").glob("*.index"):
        reader = tf.train.load_checkpoint(str(path.with_suffix("")))
        for name, dtype in reader.get_variable_to_dtype_map().items():
            if dtype.is_floating:
                assert np.isfinite(reader.get_tensor(name)).all(), (path, name)


def test_bfloat16_on_a_machine_without_it_only_warns(commands, tmp_path, monkeypatch):
    monkeypatch.setattr("pirgan_tf.training.devices._bfloat16_is_fast", lambda _: False)
    # The trained networks do not matter here.
    monkeypatch.setattr("pirgan_tf.stages.pretrain.train", lambda *_, **__: 1)
    flags = ("--width=0.0625", "--batch_size=2", "--landscapes=4", "--steps=1")
    result = commands.call("pretrain", *flags, "--precision=bfloat16", output=tmp_path / "gan")
    assert (result.status, result.complaints) == (0, [])
    assert "warning: float32 would be faster on this CPU" in result.stdout.splitlines()[0]
    assert (tmp_path / "gan" / "generator.keras").exists()


def test_interactions_from_which_no_ceiling_can_be_told_are_enough(
    commands, inputs, tmp_path, monkeypatch
):
    # Each image shown once; the trained network does not matter here.
    rows = [f"img{index:06d},1,{index % 2}" for index in range(40)]
    table = tmp_path / "interactions.csv"
    table.write_text("\n".join(["image_id,impressions,positives", *rows]) + "\n")
    monkeypatch.setattr("pirgan_tf.stages.train_estimator.train", lambda *_, **__: 1)
    flags = (f"--gallery={inputs['simulate']['gallery']}", f"--interactions={table}")
    flags += ("--depth_multiplier=0.1", "--batch_size=8")
    result = commands.call("train_estimator", *flags, output=tmp_path / "estimator")
    assert (result.status, result.complaints) == (0, [])
    assert "ceiling unknown" in result.stdout
