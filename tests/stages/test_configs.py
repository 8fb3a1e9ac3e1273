"""The flagfiles of configs/ parse, and those of the paper state its numbers."""

import pytest

from pirgan_tf.cli.options import parse_options
from pirgan_tf.stages.pretrain import PretrainOptions
from pirgan_tf.stages.train_estimator import TrainEstimatorOptions
from pirgan_tf.stages.tune import TuneOptions
from pirgan_tf.sweep.reproduce import ReproduceOptions

PAPER = {
    "acgan": {
        "steps": 1_100_000,
        "batch_size": 64,
        "latent_size": 64,
        "width": 1.0,
        "generator_learning_rate": 1e-5,
        "adam_beta_1": 0.5,
        "discriminator_learning_rate": 1e-5,
        "fake_class_weight": 1.5,
        "real_class_weight": 1.0,
        "conditional": True,
    },
    "estimator": {
        "steps": 25_000,
        "batch_size": 64,
        "learning_rate": 5e-4,
        "depth_multiplier": 1.0,
        "num_bins": 100,
        "temperature": 0.01,
        "patience": 0,
    },
    "tune": {
        "steps": 50_000,
        "batch_size": 64,
        "generator_learning_rate": 1e-6,
        "adam_beta_1": 0.5,
        "discriminator_learning_rate": 1e-6,
        "fake_class_weight": 1.5,
        "real_class_weight": 1.0,
        "pir_weight": 1000.0,
        "temperature": 0.01,
    },
}


@pytest.fixture
def parse(helpers, inputs, nowhere):
    def parse(name):
        stage, options_class, given = {
            "acgan": ("pretrain", PretrainOptions, {}),
            "dcgan": ("pretrain", PretrainOptions, {}),
            "photos": ("pretrain", PretrainOptions, {}),
            "estimator": ("train_estimator", TrainEstimatorOptions, inputs["train_estimator"]),
            "tune": ("tune", TuneOptions, inputs["tune"]),
            "quickstart": ("reproduce", ReproduceOptions, {}),
            "people": ("reproduce", ReproduceOptions, {"objectives": "color:red"}),
        }[name]
        flags = [f"--{flag}={path}" for flag, path in given.items()]
        flagfile = f"--flagfile={helpers.repository}/configs/{name}.flags"
        options, _ = parse_options(
            options_class, stage, [stage, flagfile, *flags, f"--output={nowhere}"]
        )
        return options

    return parse


@pytest.mark.parametrize("name", [*PAPER, "dcgan", "photos", "quickstart", "people"])
def test_a_flagfile_parses_and_begins_with_its_command(parse, helpers, name):
    parse(name)
    text = (helpers.repository / "configs" / f"{name}.flags").read_text()
    assert text.startswith("#")
    assert f"configs/{name}.flags" in text.split("\n--")[0]


@pytest.mark.parametrize("name", PAPER)
def test_a_flagfile_of_the_paper_states_each_of_its_numbers(parse, helpers, name):
    options = parse(name)
    text = (helpers.repository / "configs" / f"{name}.flags").read_text()
    stated = {
        line.removeprefix("--").partition("=")[0] for line in text.splitlines() if line[:2] == "--"
    }
    for field, value in PAPER[name].items():
        assert getattr(options, field) == value, field
        assert field in stated, field


@pytest.mark.parametrize("name", PAPER)
def test_the_defaults_of_a_training_stage_are_those_of_the_paper(name):
    options_class = {
        "acgan": PretrainOptions,
        "estimator": TrainEstimatorOptions,
        "tune": TuneOptions,
    }[name]
    for field, value in PAPER[name].items():
        # That of the estimator, unless another is given.
        default = None if (name, field) == ("tune", "temperature") else value
        assert options_class.__dataclass_fields__[field].default == default, field


def test_every_flagfile_states_the_precision_of_its_expected_result(helpers):
    paths = sorted((helpers.repository / "configs").glob("*.flags"))
    assert len(paths) >= 7
    for path in paths:
        assert "--precision=float32" in path.read_text().splitlines(), path
