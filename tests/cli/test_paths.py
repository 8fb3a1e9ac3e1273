"""Where outputs may go: known before any work, and never over what is read or somebody's own."""

import contextlib
import dataclasses
import json
import os

import pytest

from pirgan_tf.cli import publishing
from pirgan_tf.cli.options import Options
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError
from pirgan_tf.estimator import EstimatorShape

# What each command reads, by flag; what it is given may be a folder or a file in it.
INPUTS = {
    "import_photos": {"photos"},
    "pretrain": {"dataset", "photographs", "vgg16_weights"},
    "sample": {"gan", "estimator"},
    "simulate": {"gallery", "vgg16_weights"},
    "serve": {"gallery", "study"},
    "export_interactions": {"database"},
    "import_interactions": {"input", "gallery"},
    "pretrain_estimator": {"dataset"},
    "train_estimator": {"gallery", "interactions", "slim_checkpoint", "initial"},
    "tune": {"gan", "estimator", "dataset"},
    "evaluate": {
        *("before", "after", "estimator", "gan", "vgg16_weights", "photographs", "interactions"),
    },
    "report": {"runs"},
    "list_objectives": set(),
    "plan": {"interactions"},
    "benchmark": set(),
    "reproduce": {
        "objectives",
        "gan",
        "vgg16_weights",
        "pretrain_dataset",
        "pretrain_photographs",
        "evaluate_photographs",
        "tune_dataset",
        "estimator_slim_checkpoint",
        "estimator_initial",
    },
}


def make_folder(path, stage="any", **options):
    """A folder as a stage leaves it."""
    path.mkdir(parents=True, exist_ok=True)
    content = {"stage": stage, "options": {"output": str(path), **options}}
    (path / "options.json").write_text(json.dumps(content))
    return path


def make_gan(path, photos):
    """A GAN's folder, but for its networks."""
    make_folder(path, "pretrain", dataset=f"folder:{photos}", classes=["a"], landscapes=2)
    (path / "gan.json").write_text('{"class_names": ["a"], "latent_size": 4, "width": 1.0}')
    return path


def make_estimator(path):
    """An estimator's folder, but for its network."""
    make_folder(path, "train_estimator", temperature=1.0)
    EstimatorShape().save(path)
    return path


def make_options(output, overwrite=False):
    return Options(output=str(output), overwrite=overwrite)


def refusal(options):
    with pytest.raises(InputError) as error:
        options.check_output()
    return str(error.value)


def link_to_nothing(path):
    path.symlink_to(path.parent / "nothing")
    return path


def link_in_a_loop(path):
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (link_to_nothing, "must not be a symbolic link"),
        (link_in_a_loop, "must not be a symbolic link"),
        (lambda path: link_to_nothing(path) / "below", "No such file"),
        (lambda path: link_in_a_loop(path) / "below", "symbolic links"),
        (lambda path: path.parent / ("x" * 300), "File name too long"),
        (lambda path: path / ("x" * 300) / "below", "File name too long"),
        (lambda path: path.joinpath(*["x" * 200] * 25), "File name too long"),
        (lambda path: path.write_text("") * 0 or path / "below", "Not a directory"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused(tmp_path, helpers, make, words):
    output = make(tmp_path / "output")
    before = sorted(tmp_path.iterdir())
    for overwrite in (False, True):
        assert words in refusal(make_options(output, overwrite))
    assert sorted(tmp_path.iterdir()) == before


def test_an_output_in_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    # Root has every permission.
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(tmp_path))
    assert "Permission denied" in refusal(make_options(tmp_path / "new" / "output"))


@pytest.mark.parametrize("suffix", [".partial", ".replaced"])
def test_what_is_somebodys_own_beside_an_output_is_spared(tmp_path, helpers, suffix):
    own = tmp_path / f"output{suffix}"
    own.mkdir()
    (own / "thesis").write_text("years of work")
    options = make_options(tmp_path / "output", overwrite=True)
    assert f"output{suffix} must be what an earlier attempt" in refusal(options)
    (own / "thesis").unlink()
    # A finished output that happens to be called so.
    make_folder(own)
    refusal(options)
    (own / "options.json").unlink()
    own.rmdir()
    own.write_text("a file")
    refusal(options)
    assert own.read_text() == "a file"


@pytest.mark.parametrize("stage", INPUTS)
def test_an_output_is_apart_from_every_input(tmp_path, helpers, stage):
    module = helpers.command_module(stage)
    (options_class,) = (
        value
        for name, value in vars(module).items()
        if name.lower() == f"{stage.replace('_', '')}options"
    )
    fields = {field.name: field for field in dataclasses.fields(options_class)}
    assert {name for name, field in fields.items() if field.metadata["reads"]} == INPUTS[stage]

    # Each in a folder of its own, so that one can be surrounded without the others.
    photos = make_folder(tmp_path / "1" / "photos")
    made = {
        "gan": make_gan(tmp_path / "2" / "gan", photos),
        "estimator": make_estimator(tmp_path / "3" / "estimator"),
        "objectives": make_folder(tmp_path / "4" / "list") / "options.json",
    }
    required = {
        name: ("color:red",) if "tuple" in str(field.type) else str(made.get(name, "color:red"))
        for name, field in fields.items()
        if field.default is dataclasses.MISSING
    }
    for name in INPUTS[stage]:
        read = made.get(name, photos)
        prefixes = {"dataset": "folder:", "photographs": "folder:", "database": "sqlite:///"}
        prefix = prefixes.get(name.split("_")[-1], "")
        value = (str(read),) if "tuple" in str(fields[name].type) else f"{prefix}{read}"
        for output in (read, read / "within", read.parent):
            options = options_class(**required | {name: value, "output": str(output)})
            assert f"output must be apart from {name}" in refusal(options), output


@pytest.mark.parametrize("stage", ["tune", "reproduce"])
def test_the_photographs_of_a_gan_are_an_input_too(tmp_path, helpers, stage):
    photos = make_folder(tmp_path / "photos" / "small")
    gan = make_gan(tmp_path / "gan", photos)
    flags = {"estimator": "no/such", "temperature": 1.0} if stage == "tune" else {}
    flags |= {"objectives": "color:red"} if stage == "reproduce" else {}
    module = helpers.command_module(stage)
    options_class = module.TuneOptions if stage == "tune" else module.ReproduceOptions
    assert str(photos) in refusal(options_class(gan=str(gan), output=str(photos), **flags))


def test_an_input_is_recognised_behind_a_link(tmp_path, helpers):
    sample = helpers.command_module("sample")
    make_folder(tmp_path / "gan")
    (tmp_path / "link").symlink_to(tmp_path / "gan")
    options = sample.SampleOptions(
        gan=str(tmp_path / "link"), output=str(tmp_path / "gan"), overwrite=True
    )
    assert "apart from gan" in refusal(options)


def test_a_command_refuses_to_replace_its_input_before_it_starts(commands, helpers, tmp_path):
    gan = make_gan(tmp_path / "gan", tmp_path / "photos")
    before = helpers.tree(tmp_path)
    flags = (f"--gan={gan}", f"--output={gan}", "--overwrite")
    line = commands.run_without_tensorflow("sample", *flags).refusal()
    assert "output must be apart from gan" in line
    assert helpers.tree(tmp_path) == before


def write(output, text, overwrite=True):
    with output_folder("any", make_options(output, overwrite)) as folder:
        (folder / "text").write_text(text)


@pytest.mark.parametrize("exchanges", [True, False])
def test_an_output_is_replaced_whole(tmp_path, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr(publishing, "_exchange", lambda one, other: False)
    for text in ("old", "new"):
        write(tmp_path / "output", text)
        assert (tmp_path / "output" / "text").read_text() == text
        assert [path.name for path in tmp_path.iterdir()] == ["output"]


def test_the_system_exchanges_names_at_once(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert publishing._exchange(tmp_path / "one", tmp_path / "other")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["other"]
    assert not publishing._exchange(tmp_path / "one", tmp_path / "missing")


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("moment", range(6))
def test_a_kill_while_an_output_is_replaced_leaves_the_old_or_the_new_one(
    tmp_path, monkeypatch, exchanges, moment
):
    """The kill comes before the first, second, ... change of a name or deletion."""
    write(tmp_path / "output", "old")
    calls = iter(range(100))

    class Killed(BaseException):
        pass

    def fragile(function):
        def call(*arguments):
            if next(calls) == moment:
                raise Killed
            return function(*arguments)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(
            publishing, "_exchange", fragile(publishing._exchange if exchanges else lambda *_: 0)
        )
        patch.setattr(publishing, "clear", fragile(publishing.clear))
        patch.setattr(publishing.Path, "rename", fragile(publishing.Path.rename))
        patch.setattr(publishing.Path, "rmdir", fragile(publishing.Path.rmdir))
        with contextlib.suppress(Killed):
            write(tmp_path / "output", "new")
    with pytest.raises(InputError, match="output exists"):
        write(tmp_path / "output", "third", overwrite=False)
    assert (tmp_path / "output" / "text").read_text() in ("old", "new")
    write(tmp_path / "output", "third")
    assert [path.name for path in tmp_path.iterdir()] == ["output"]
