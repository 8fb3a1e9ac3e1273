"""The command that writes lists of objectives."""

import json

import pytest

from pirgan_tf.users import paper_objectives, parse_objective_list


def test_the_papers_list(commands, tmp_path):
    output = tmp_path / "new" / "list.txt"
    result = commands.run_without_tensorflow("list_objectives", f"--output={output}")
    assert (result.status, result.stderr) == (0, "")
    assert "161 objectives" in result.stdout
    assert parse_objective_list(str(output)) == [o.text for o in paper_objectives()]
    assert [path.name for path in output.parent.iterdir()] == ["list.txt"]


def test_a_short_list_and_the_options_that_its_first_line_tells(commands, tmp_path):
    flags = ("--layers=pool5,fc8", "--filters=1", "--sets=0", "--nocolors", "--seed=3")
    output = tmp_path / "list.txt"
    assert commands.call("list_objectives", *flags, output=output).status == 0
    header, *lines = output.read_text().splitlines()
    assert json.loads(header[header.index("{") :]) == {
        "layers": ["pool5", "fc8"],
        "filters": 1,
        "sets": 0,
        "set_size": 20,
        "colors": False,
        "seed": 3,
    }
    objectives = paper_objectives(["pool5", "fc8"], 1, 0, colors=False, seed=3)
    assert lines == [f"{objective.text}  # 1 filter" for objective in objectives]


def test_only_a_list_is_replaced_and_only_when_asked(commands, tmp_path):
    output = tmp_path / "list.txt"
    commands.call("list_objectives", "--layers=", output=output)
    before = output.read_bytes()
    line = commands.call("list_objectives", output=output).refusal()
    assert "output exists" in line and "--overwrite" in line and str(output) in line
    assert output.read_bytes() == before
    assert commands.call("list_objectives", "--overwrite", output=output).status == 0
    assert len(parse_objective_list(str(output))) == 161

    output.write_text("my own notes")
    for own, words in ((output, "only a file that this"), (tmp_path, "must be a file")):
        line = commands.call("list_objectives", "--overwrite", output=own).refusal()
        assert words in line and str(own) in line
    assert output.read_text() == "my own notes"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--layers=pool1,pol2",), ("layers", "'pol2'")),
        (("--layers=pool1,pool1",), ("different",)),
        (("--filters=65",), ("filters", "at most 64", "pool1")),
        (("--set_size=65",), ("set_size", "at most 64", "pool1")),
        (("--set_size=1",), ("set_size", "at least 2")),
        (("--layers=", "--nocolors"), ("must leave an objective", "colors")),
        (("--seed=-1",), ("seed", "at least 0")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("list_objectives", *flags, output=nowhere).refusal()
    for word in words:
        assert word in line


def test_an_output_that_cannot_be_written_is_refused(commands, tmp_path):
    (tmp_path / "file").write_text("")
    line = commands.call("list_objectives", output=tmp_path / "file" / "list.txt").refusal()
    assert "cannot be written" in line
