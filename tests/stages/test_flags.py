"""Command lines: what is refused, how fast, and what --help and --dry_run tell."""

import dataclasses
import json
import stat

import keras
import pytest

from pirgan_tf.estimator.pir_estimator import EstimatorShape, build_estimator

STAGES = (
    "import_photos",
    "pretrain",
    "sample",
    "simulate",
    "serve",
    "export_interactions",
    "import_interactions",
    "pretrain_estimator",
    "train_estimator",
    "tune",
    "evaluate",
    "report",
    "list_objectives",
    "plan",
    "reproduce",
)


@pytest.fixture
def refuse(commands, monkeypatch):
    """Returns the line of a command that must answer before it starts TensorFlow."""

    def start():
        raise AssertionError("TensorFlow was started")

    monkeypatch.setattr("pirgan_tf.cli.command.import_tensorflow", start)

    def call(stage, *flags):
        result = commands.call(stage, *flags)
        assert result.stdout == ""
        line = result.refusal()
        assert line.startswith(f"{stage}: ")
        return line

    return call


def test_every_stage_has_an_executable(helpers):
    files = sorted((helpers.repository / "bin").iterdir())
    assert {path.name for path in files} >= set(STAGES)
    for path in files:
        assert path.stat().st_mode & stat.S_IXUSR, path
        helpers.command_module(path.name)


@pytest.mark.parametrize("stage", (*STAGES, "benchmark"))
def test_help_is_there_at_once_and_names_every_flag(commands, helpers, stage):
    result = commands.run_without_tensorflow(stage, "--help")
    assert (result.status, result.stderr) == (0, "")
    module = helpers.command_module(stage)
    [options_class] = [
        value
        for name, value in vars(module).items()
        if name.lower() == f"{stage.replace('_', '')}options"
    ]
    for field in dataclasses.fields(options_class):
        # absl prints a bool as --[no]name.
        assert f"--{field.name}:" in result.stdout or f"--[no]{field.name}:" in result.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_a_missing_required_flag_is_named_without_tensorflow(commands, stage):
    assert " --output is required" in commands.run_without_tensorflow(stage).refusal()


@pytest.mark.parametrize(
    "stage, flags, words",
    [
        ("pretrain", ["--unroll_steps=-1"], ["unroll_steps must be at least 0", "-1"]),
        ("pretrain", ["--augmentation=1.5"], ["augmentation must be", "at most 1.0", "1.5"]),
        ("pretrain", ["--generator_cost=minmax"], ["generator_cost", "did you mean 'minimax'"]),
        (
            "pretrain",
            ["--unroll_steps=1", "--r1_weight=2"],
            ["r1_weight must be 0 with unroll_steps", "2"],
        ),
        (
            "pretrain",
            ["--generator_norm=virtual"],
            ["generator_norm must be batch with the family paper", "virtual"],
        ),
        ("pretrain", ("--setps=3",), ("setps", "steps")),
        ("pretrain", ("--steps=many",), ("steps", "many")),
        ("pretrain", ("--steps=1e5",), ("steps", "1e5")),
        ("pretrain", ("--overwrite=perhaps",), ("overwrite", "perhaps")),
        ("pretrain", ("--steps",), ("steps",)),
        ("pretrain", ("--strategy=miror",), ("strategy", "mirrored", "miror")),
        ("pretrain", ("--precision=bfloat",), ("precision", "did you mean 'bfloat16'")),
        ("pretrain", ("--precision=auto",), ("precision", "float32, bfloat16", "auto")),
        ("pretrain", ("--jit=yes",), ("jit", "auto, on, off", "yes")),
        ("pretrain", ("--jit=on", "--replicas=2"), ("jit must be off or auto", "2")),
        ("pretrain", ("steps=3",), ("--name=value", "steps=3")),
        ("pretrain", ("--flagfile=no/such/file",), ("no/such/file",)),
        ("pretrain", ("--flagfile=/",), ("/",)),
        ("pretrain", ("--dataset=landscape",), ("landscape", "did you mean 'landscapes'")),
        ("pretrain", ("--dataset=flder:x",), ("flder:x", "did you mean 'folder'")),
        ("pretrain", ("--dataset=folder:no/such",), ("no/such",)),
        ("pretrain", ("--dataset=",), ("dataset", "empty")),
        ("pretrain", ("--dataset=tfds:EuroSAT",), ("lower case", "EuroSAT")),
        ("pretrain", ("--steps=0",), ("steps", "at least 1", "0")),
        ("pretrain", ("--steps=-5",), ("steps", "at least 1", "-5")),
        ("pretrain", ("--batch_size=0",), ("batch_size", "at least 1")),
        ("pretrain", ("--seed=-1",), ("seed", "at least 0")),
        ("pretrain", ("--seed=2147483648",), ("seed", "below")),
        ("pretrain", ("--landscapes=0",), ("landscapes", "at least 2")),
        ("pretrain", ("--latent_size=0",), ("latent_size", "at least 1")),
        ("pretrain", ("--width=0",), ("width", "above 0")),
        ("pretrain", ("--width=0.001",), ("width", "at least one channel", "0.001")),
        ("pretrain", ("--width=inf",), ("width", "inf")),
        ("pretrain", ("--dropout=1",), ("dropout", "below 1")),
        ("pretrain", ("--generator_learning_rate=nan",), ("generator_learning_rate", "nan")),
        ("pretrain", ("--discriminator_learning_rate=inf",), ("discriminator_", "inf")),
        ("pretrain", ("--generator_learning_rate=0",), ("above 0", "0")),
        ("pretrain", ("--keep_checkpoints=0",), ("keep_checkpoints", "at least 1")),
        ("pretrain", ("--checkpoint_minutes=nan",), ("checkpoint_minutes", "nan")),
        ("pretrain", ("--strategy=one", "--replicas=2"), ("replicas", "one", "mirrored")),
        ("pretrain", ("--strategy=mirrored", "--replicas=3"), ("batch_size", "3", "64")),
        ("pretrain", ("--strategy=multi_worker",), ("TF_CONFIG must name", "nothing")),
        ("tune", ("--gan=/", "--estimator=/", "--strategy=multi_worker"), ("TF_CONFIG",)),
        ("pretrain", ("--strategy=multi_worker", "--replicas=2"), ("replicas must be 0", "2")),
        ("pretrain", ("--strategy=tpu", "--replicas=8"), ("replicas must be 0", "tpu", "8")),
        ("pretrain", ("--strategy=tpu", "--jit=on"), ("jit must be off or auto", "tpu")),
        ("pretrain", ("--batch_size=64", "--landscapes=24"), ("batch_size", "24", "64")),
        ("sample", ("--gan=no/such",), ("no/such",)),
        ("sample", ("--gan=/", "--num_images=0"), ("num_images", "at least 1")),
        ("simulate", ("--gallery=no/such", "--objective=colour:red"), ("did you mean color:red",)),
        ("simulate", ("--gallery=no/such", "--objective=color:rde"), ("did you mean color:red",)),
        ("simulate", ("--gallery=no/such", "--objective=color:red"), ("gallery.npz", "no/such")),
        ("simulate", ("--gallery=/", "--objective=red", "--impressions=0"), ("impressions",)),
        ("train_estimator", ("--gallery=no/such", "--interactions=x"), ("gallery", "no/such")),
        ("train_estimator", ("--gallery=/", "--interactions=x", "--heldout=1"), ("heldout",)),
        ("train_estimator", ("--gallery=/", "--interactions=x", "--num_bins=1"), ("num_bins",)),
        ("tune", ("--gan=no/such", "--estimator=/"), ("no/such",)),
        ("tune", ("--gan=/", "--estimator=/", "--pir_weight=nan"), ("pir_weight", "nan")),
        ("evaluate", ("--before=x", "--after=y", "--objective=color:blu"), ("color:blue",)),
        ("evaluate", ("--before=no/such", "--after=y", "--objective=color:red"), ("no/such",)),
        ("report", ("--runs=no/such",), ("no/such",)),
        ("report", ("--runs=",), ("runs",)),
        ("import_photos", ("--photos=no/such",), ("folder", "no/such")),
        ("reproduce", ("--objectives=color:red color:gren",), ("did you mean color:green",)),
        ("reproduce", ("--objectives=color:red color:red",), ("different",)),
        ("reproduce", ("--objectives= ",), ("objective",)),
        ("reproduce", ("--objectives=no/such.txt",), ("no such file", "no/such.txt")),
        ("reproduce", ("--objectives=vgg16:pol5:3",), ("did you mean vgg16:pool5:3",)),
        ("reproduce", ("--objectives=vgg16:pool1:64",), ("from 0 to 63",)),
        ("reproduce", ("--objectives=vgg16:pool1:1,1",), ("must be different",)),
        (
            "reproduce",
            ("--objectives=vgg16:pool1:3", "--vgg16_weights=no/such.h5"),
            ("vgg16_weights", "no/such.h5", "does not exist"),
        ),
        (
            "reproduce",
            ("--objectives=vgg16:fc7:3", "--vgg16_weights=random"),
            ("fully connected", "fc7"),
        ),
        ("reproduce", ("--objectives=color:red", "--tune_pir_weight=1,x"), ("pir_weight", "1,x")),
        ("reproduce", ("--objectives=color:red", "--tune_pir_weight=1,1"), ("differ", "1,1")),
        ("reproduce", ("--objectives=color:red", "--tune_pir_weight=-0.0,0"), ("differ", "-0.0,0")),
        (
            "reproduce",
            ("--objectives=color:red", "--pretrain_classes=coast,mountain", "--tune_classes=coast"),
            ("those of the GAN", "coast,mountain"),
        ),
        (
            "reproduce",
            ("--objectives=color:red", "--tune_pir_weight=1,2", "--rounds=2"),
            ("rounds", "combined"),
        ),
        (
            "reproduce",
            ("--objectives=color:red", "--simulate_rescale", "--rounds=2"),
            ("simulate_rescale", "rounds"),
        ),
        ("reproduce", ("--objectives=color:red", "--gan=no/such"), ("no/such",)),
        ("reproduce", ("--objectives=color:red", "--estimator_labels=sof"), ("'soft'",)),
        ("reproduce", ("--objectives=color:red", "--executor=rya"), ("did you mean 'ray'",)),
        ("reproduce", ("--objectives=color:red", "--estimator_initial=no"), ("initial", "no")),
        ("pretrain_estimator", ("--dataset=folder:no/such",), ("no/such",)),
        (
            "train_estimator",
            ("--gallery=a,b", "--interactions=x"),
            ("gallery and interactions", "2 and 1"),
        ),
        (
            "evaluate",
            ("--before=x", "--after=y", "--objective=color:red", "--features=vgg"),
            ("'vgg16'",),
        ),
        ("list_objectives", ("--layers=pool6",), ("pool6",)),
        ("list_objectives", ("--layers=pool1", "--filters=65"), ("64", "pool1", "65")),
        ("reproduce", ("--objectives=color:red", "--tune_steps=0"), ("tune_steps", "at least 1")),
        ("reproduce", ("--objectives=color:red", "--pretrain_width=0.01"), ("width", "0.01")),
        ("reproduce", ("--objectives=color:red", "--tune_width=1"), ("tune_width",)),
        (
            "reproduce",
            ("--objectives=color:red", "--sample_num_images=60"),
            ("estimator_batch_size", "64", "54"),
        ),
        ("reproduce", ("--objectives=color:red", "--strategy=multi_worker"), ("one, mirrored",)),
        (
            "reproduce",
            ("--objectives=color:red", "--strategy=mirrored", "--replicas=3"),
            ("batch_size", "3", "64"),
        ),
    ],
)
def test_a_mistake_is_one_line_at_once_with_nothing_written(refuse, nowhere, stage, flags, words):
    line = refuse(stage, *flags, f"--output={nowhere}")
    for word in words:
        assert word in line


@pytest.mark.parametrize("output", ["", ".", "..", "/", "x/.."])
def test_an_output_without_a_name_is_refused(refuse, output):
    assert "output" in refuse("pretrain", "--overwrite", f"--output={output}")


@pytest.mark.parametrize(
    "classes, words", [("mountian", "did you mean 'mountain'"), ("coast,coast", "twice")]
)
def test_unknown_and_repeated_classes_are_refused(commands, nowhere, classes, words):
    assert words in commands.call("pretrain", f"--classes={classes}", output=nowhere).refusal()


def test_a_flagfile_that_is_no_text_is_refused(refuse, nowhere, tmp_path):
    (tmp_path / "binary.flags").write_bytes(b"--steps=\xff\xfe")
    flagfile = f"--flagfile={tmp_path}/binary.flags"
    assert "binary.flags" in refuse("pretrain", flagfile, f"--output={nowhere}")


def test_a_flagfile_gives_flags_and_the_command_line_overrides_it(commands, nowhere, tmp_path):
    flagfile = tmp_path / "own.flags"
    flagfile.write_text(f"# A comment.\n--steps=7\n--seed=3\n--output={nowhere}\n")
    result = commands.call("pretrain", f"--flagfile={flagfile}", "--seed=4", "--dry_run")
    options = json.loads(result.stdout)["options"]
    assert (options["steps"], options["seed"], options["output"]) == (7, 4, str(nowhere))


def test_a_dry_run_of_pretrain_takes_seconds_and_writes_nothing(commands, nowhere):
    result = commands.run("pretrain", "--dry_run", f"--output={nowhere}", cpu_seconds=15)
    assert (result.status, result.complaints) == (0, [])
    content = json.loads(result.stdout)
    assert content["stage"] == "pretrain"
    assert content["options"]["steps"] == 1_100_000


def test_dry_runs_of_later_stages_tell_what_they_take_over(commands, nowhere, inputs):
    contents = {}
    for stage, given in inputs.items():
        flags = [f"--{name}={path}" for name, path in given.items()]
        flags += ["--objective=color:red"] * (stage in ("simulate", "evaluate"))
        result = commands.call(stage, *flags, "--dry_run", output=nowhere)
        assert (result.status, result.complaints) == (0, []), result
        contents[stage] = json.loads(result.stdout)
        assert contents[stage]["stage"] == stage
    new = build_estimator(EstimatorShape()).count_params()
    assert contents["train_estimator"]["parameters"] == {"estimator": new}
    assert contents["tune"]["options"]["dataset"] == "landscapes"
    assert contents["tune"]["options"]["landscapes"] == 24
    assert contents["tune"]["options"]["temperature"] == 0.01
    assert set(contents["tune"]["parameters"]) == {"generator", "discriminator", "estimator"}
    saved = keras.models.load_model(inputs["tune"]["estimator"] / "estimator.keras")
    assert contents["tune"]["parameters"]["estimator"] == saved.count_params()


def test_a_dry_run_of_reproduce_counts_the_gan(commands, nowhere):
    flags = ("--objectives=color:red", "--pretrain_width=0.5", "--dry_run")
    content = json.loads(commands.call("reproduce", *flags, output=nowhere).stdout)
    single = commands.call("pretrain", "--width=0.5", "--dry_run", output=nowhere)
    assert content["parameters"] == json.loads(single.stdout)["parameters"]
