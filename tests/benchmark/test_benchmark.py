import json

import pytest

from pirgan_tf.stages import benchmark

TINY = {"width": 0.0625, "depth_multiplier": 0.1, "batch_size": 8, "steps": 1, "repetitions": 2}


@pytest.fixture
def figures(commands, tmp_path, monkeypatch):
    # A product of large matrices takes seconds.
    monkeypatch.setattr("pirgan_tf.benchmark.speed._MATRIX", 512)
    flags = [f"--{name}={value}" for name, value in TINY.items()]
    output = tmp_path / "new" / "speed.json"
    result = commands.call("benchmark", *flags, "--stages=sample", output=output)
    assert (result.status, result.complaints) == (0, []), result
    assert [row.split()[0] for row in result.stdout.splitlines()] == ["batch", "sample"]
    content = json.loads(output.read_text())
    assert content["options"]["batch_size"] == 8
    return content["stages"] | {
        "pretrain": benchmark.measure("pretrain", benchmark.BenchmarkOptions(**TINY))
    }


def test_figures_agree_with_each_other(figures):
    assert set(figures) == {"pretrain", "sample"}
    for stage, row in figures.items():
        assert row["batch_size"] == (100 if stage == "sample" else 8)
        assert len(row["seconds"]) == 2
        assert min(row["seconds"]) <= row["median_seconds"] <= max(row["seconds"])
        assert row["images_per_second"] == pytest.approx(row["batch_size"] / row["median_seconds"])
        assert row["lower_bound_seconds"] == pytest.approx(row["operations"] / row["matrix_rate"])
        assert row["reached"] == pytest.approx(row["lower_bound_seconds"] / row["median_seconds"])
        assert row["memory"] > 1e8
    assert figures["sample"]["outside"] is None
    # Of a step as small as this one, what is around it may take longer than the step.
    assert figures["pretrain"]["outside"] > 0


def test_an_output_is_not_replaced_unasked(tmp_path):
    output = tmp_path / "speed.json"
    output.write_text("{}")
    for overwrite, words in ((False, "output exists"), (True, "only a file that this command")):
        options = benchmark.BenchmarkOptions(output=str(output), overwrite=overwrite)
        with pytest.raises(benchmark.InputError, match=words):
            options.check_output()
    output.unlink()
    output.symlink_to(tmp_path / "nothing")
    with pytest.raises(benchmark.InputError, match="symbolic link"):
        options.check_output()


@pytest.mark.parametrize(
    "flags, words",
    [
        ("--stages=sampel", "did you mean 'sample'"),
        ("--stages=", "stages must name some of"),
        ("--steps=0", "steps must be at least 1 and below 2147483648. Received: 0"),
        ("--output=/tmp", "output must be a file. Received: /tmp"),
        ("--replicas=3", "multiple of the 3 replicas"),
    ],
)
def test_mistakes_are_one_line_before_tensorflow(commands, flags, words):
    result = commands.run_without_tensorflow("benchmark", flags)
    assert words in result.refusal()
