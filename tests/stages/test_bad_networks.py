"""GAN and estimator folders that cannot be used."""

import json
import shutil
import types

import numpy as np
import pytest

from pirgan_tf import data
from pirgan_tf.errors import InputError
from pirgan_tf.gan import build_discriminator, build_generator
from pirgan_tf.stages.shared.estimator_options import read_learned_galleries, read_temperature


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
    assert "the shape that gan.json gives" in line and "[34, 2048]" in line and "[66, 2048]" in line


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


@pytest.mark.parametrize("how", ["missing", "of another width"])
def test_reproduce_refuses_a_spoilt_discriminator_before_any_work(
    commands, nowhere, inputs, tmp_path, how
):
    gan = _copy(inputs["tune"]["gan"], tmp_path / "gan")
    _spoil(gan / "discriminator.keras", how)
    flags = ("--objectives=color:red", f"--gan={gan}")
    assert (
        f"{gan}/discriminator.keras" in commands.call("reproduce", *flags, output=nowhere).refusal()
    )


@pytest.mark.parametrize("flag", ["estimator_initial", "estimator_slim_checkpoint"])
def test_reproduce_refuses_first_weights_that_do_not_fit_before_any_work(
    commands, nowhere, inputs, tmp_path, flag
):
    made = inputs["tune"]["estimator"]
    given = made if flag == "estimator_initial" else tmp_path / "inception.ckpt"
    (tmp_path / "inception.ckpt").write_text("no checkpoint")
    # The estimator is narrower than the flag says.
    flags = ("--objectives=color:red", "--estimator_depth_multiplier=0.2", f"--{flag}={given}")
    assert str(given) in commands.call("reproduce", *flags, output=nowhere).refusal()


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
        ("fit.json", "missing"),
        ("fit.json", "text"),
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


def _folder(path, stage, **options):
    """Makes a folder with options.json, and gan.json or estimator.json."""
    path.mkdir()
    (path / "options.json").write_text(json.dumps({"stage": stage, "options": options}))
    if stage == "pretrain":
        shape = {"class_names": ["coast", "mountain"], "latent_size": 8, "width": 0.0625}
        (path / "gan.json").write_text(json.dumps(shape))
    else:
        shape = {"image_size": 64, "depth_multiplier": 0.1, "num_bins": 20, "head": "softmax"}
        (path / "estimator.json").write_text(json.dumps(shape))
    return path


GAN_OPTIONS = {"dataset": "landscapes", "classes": ["coast", "mountain"], "landscapes": 24}


@pytest.mark.parametrize("temperature", [0, -1, 1e-320, 1e308, None, "0.1", True, [1]])
def test_a_temperature_of_an_estimator_that_cannot_be_is_refused(
    commands, nowhere, tmp_path, temperature
):
    estimator = _folder(tmp_path / "estimator", "train_estimator", temperature=temperature)
    gan = _folder(tmp_path / "gan", "pretrain", **GAN_OPTIONS)
    line = commands.call("tune", f"--gan={gan}", f"--estimator={estimator}", output=nowhere)
    assert "temperature" in line.refusal() and str(estimator) in line.refusal()


@pytest.mark.parametrize("temperature", [0, 1e308, "0.1"])
def test_a_fitted_temperature_that_cannot_be_is_refused(tmp_path, temperature):
    estimator = _folder(tmp_path / "estimator", "train_estimator", temperature=0.1)
    shape = json.loads((estimator / "estimator.json").read_text()) | {"temperature": temperature}
    (estimator / "estimator.json").write_text(json.dumps(shape))
    with pytest.raises(InputError, match=r"temperature.*estimator\.json|estimator\.json.*temper"):
        read_temperature(str(estimator))


@pytest.mark.parametrize("galleries", [3, [1, 2], [{}], [["x"]]])
def test_learned_galleries_that_are_no_texts_are_refused(tmp_path, galleries):
    (tmp_path / "fit.json").write_text(json.dumps({"galleries": galleries}))
    with pytest.raises(InputError, match=f"galleries.* in {tmp_path}|{tmp_path}.*'galleries'"):
        read_learned_galleries(str(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": 3},
        {"dataset": None},
        {"classes": "coast"},
        {"landscapes": "many"},
        {"landscapes": -1},
    ],
)
def test_options_of_a_gan_that_cannot_be_are_refused(commands, nowhere, tmp_path, change):
    estimator = _folder(tmp_path / "estimator", "train_estimator", temperature=0.1)
    gan = _folder(tmp_path / "gan", "pretrain", **GAN_OPTIONS | change)
    line = commands.call("tune", f"--gan={gan}", f"--estimator={estimator}", output=nowhere)
    assert str(gan) in line.refusal()


@pytest.mark.parametrize(
    "stage, flag, words",
    [
        ("sample", "--num_images=1000000000000", "num_images"),
        ("sample", "--num_images=" + "9" * 400, "num_images"),
        ("sample", "--num_images=99999999", "must fit in"),
        ("sample", "--seed=1e3", "seed"),
        ("pretrain", "--landscapes=2000000000", "must fit in"),
        ("pretrain", "--batch_size=1000000000000", "batch_size"),
        ("pretrain", "--latent_size=1000000", "latent_size"),
        ("pretrain", "--width=1e6", "width"),
        ("pretrain", "--replicas=1000000", "replicas"),
        ("pretrain_estimator", "--depth_multiplier=1e6", "depth_multiplier"),
    ],
)
def test_counts_that_no_machine_holds_are_refused(commands, nowhere, tmp_path, stage, flag, words):
    flags = [flag]
    if stage == "sample":
        flags.append(f"--gan={_folder(tmp_path / 'gan', 'pretrain', **GAN_OPTIONS)}")
    assert words in commands.call(stage, *flags, output=nowhere).refusal()


@pytest.mark.parametrize("name", ["a\udcffb", "a\0b"])
def test_texts_that_no_file_can_hold_are_refused(commands, nowhere, name):
    line = commands.call("sample", f"--gan={name}", output=nowhere).refusal()
    assert "text in UTF-8" in line


def test_a_class_that_the_split_loses_is_told(commands, nowhere):
    flags = ("--landscapes=8", "--heldout=0.25", f"--seed={_losing_seed()}", "--batch_size=2")
    line = commands.call("pretrain_estimator", *flags, output=nowhere).refusal()
    assert "every class" in line and ("without coast" in line or "without mountain" in line)


def _losing_seed():
    """Returns a seed with which both held-out images of eight are of one class."""
    labels = data.load_dataset("landscapes", num_landscapes=8).labels
    return next(
        seed
        for seed in range(100)
        if len(set(labels[np.random.default_rng(seed).permutation(8)[:2]])) == 1
    )
