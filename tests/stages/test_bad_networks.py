"""GAN and estimator folders that cannot be used."""

import shutil
import types

import pytest

from pirgan_tf.gan import build_discriminator, build_generator


def _copy(source, target):
    shutil.copytree(
        source, target, ignore=shutil.ignore_patterns("checkpoints", "summaries", "images")
    )
    return target


def _spoil(path, how):
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "text":
        path.write_text('["something else"]')
    elif path.name == "generator.keras":
        build_generator(2, 64, 0.125).save(path)
    else:
        build_discriminator(2, 0.125).save(path)


@pytest.mark.parametrize("how", ["missing", "truncated", "text"])
@pytest.mark.parametrize("file", ["gan.json", "generator.keras"])
def test_sample_refuses_a_spoilt_gan_folder(commands, nowhere, inputs, tmp_path, file, how):
    gan = _copy(inputs["sample"]["gan"], tmp_path / "gan")
    _spoil(gan / file, how)
    assert str(gan) in commands.call("sample", f"--gan={gan}", output=nowhere).refusal()


def test_sample_refuses_a_generator_of_other_latents(commands, nowhere, inputs, tmp_path):
    gan = _copy(inputs["sample"]["gan"], tmp_path / "gan")
    build_generator(2, 32, 0.0625).save(gan / "generator.keras")
    line = commands.call("sample", f"--gan={gan}", output=nowhere).refusal()
    assert "32" in line and "64" in line


@pytest.mark.parametrize(
    "file, how",
    [
        ("gan.json", "missing"),
        ("gan.json", "truncated"),
        ("gan.json", "text"),
        ("options.json", "missing"),
        ("options.json", "truncated"),
        ("options.json", "text"),
        ("generator.keras", "missing"),
        ("generator.keras", "truncated"),
        ("generator.keras", "of another width"),
        ("discriminator.keras", "missing"),
        ("discriminator.keras", "truncated"),
        ("discriminator.keras", "of another width"),
    ],
)
def test_tune_refuses_a_spoilt_gan_folder(
    commands, nowhere, inputs, tmp_path, monkeypatch, file, how
):
    # Which estimator does not matter, and loading one takes seconds.
    stub = types.SimpleNamespace(expected_pir=len)
    monkeypatch.setattr("pirgan_tf.estimator.PirEstimator.load", lambda *_, **__: stub)
    gan = _copy(inputs["tune"]["gan"], tmp_path / "gan")
    _spoil(gan / file, how)
    flags = (f"--gan={gan}", f"--estimator={inputs['tune']['estimator']}", "--batch_size=8")
    assert str(gan) in commands.call("tune", *flags, output=nowhere).refusal()


@pytest.mark.parametrize(
    "file, how",
    [
        ("options.json", "missing"),
        ("options.json", "truncated"),
        ("estimator.json", "missing"),
        ("estimator.json", "truncated"),
        ("estimator.json", "text"),
        ("estimator.keras", "missing"),
        ("estimator.keras", "truncated"),
    ],
)
def test_evaluate_refuses_a_spoilt_estimator_folder(commands, nowhere, inputs, tmp_path, file, how):
    estimator = _copy(inputs["evaluate"]["estimator"], tmp_path / "estimator")
    _spoil(estimator / file, how)
    given = inputs["evaluate"] | {"estimator": estimator}
    flags = [f"--{name}={path}" for name, path in given.items()]
    line = commands.call("evaluate", *flags, "--objective=color:red", output=nowhere).refusal()
    assert str(estimator) in line


def test_an_estimator_of_another_shape_is_refused(commands, nowhere, inputs, tmp_path):
    estimator = _copy(inputs["tune"]["estimator"], tmp_path / "estimator")
    text = (estimator / "estimator.json").read_text()
    (estimator / "estimator.json").write_text(text.replace("0.1", "0.125"))
    flags = (f"--gan={inputs['tune']['gan']}", f"--estimator={estimator}", "--batch_size=8")
    assert "estimator.json" in commands.call("tune", *flags, output=nowhere).refusal()


@pytest.mark.parametrize("stage, flag", [("sample", "gan"), ("tune", "estimator")])
def test_a_folder_of_another_stage_is_refused(commands, nowhere, inputs, stage, flag):
    given = inputs[stage] | {flag: inputs["simulate"]["gallery"]}
    flags = [f"--{name}={path}" for name, path in given.items()]
    assert "gallery" in commands.call(stage, *flags, output=nowhere).refusal()


def test_an_options_json_that_lacks_what_tuning_takes_over_is_refused(
    commands, nowhere, inputs, tmp_path
):
    gan = _copy(inputs["tune"]["gan"], tmp_path / "gan")
    (gan / "options.json").write_text('{"stage": "pretrain", "options": {"dataset": "landscapes"}}')
    flags = (f"--gan={gan}", f"--estimator={inputs['tune']['estimator']}")
    line = commands.call("tune", *flags, output=nowhere).refusal()
    assert "landscapes" in line and str(gan) in line
