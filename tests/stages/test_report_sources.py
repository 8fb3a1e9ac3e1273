"""bin/report of tables of results, and of what is none."""

import csv
import json

import pytest

from pirgan_tf.analysis.table.columns import COLUMNS, RESULTS_VERSION

ROW = dict.fromkeys(COLUMNS, "") | {
    "results_version": RESULTS_VERSION,
    "run": "sweep",
    "objective": "color:red",
    "family": "single color",
    "round": 1,
    "kept": True,
    "mean_before": 0.5,
    "mean_after": 0.75,
    "change": 0.25,
    "p": 0.0001,
    "verdict": "improved significantly",
}
STUDY = {
    "study": "mixture",
    "title": "Eight Gaussians",
    "source": "Unrolled GANs",
    "question": "How many?",
    "answer": "All of them.",
    "findings": [
        {
            "name": "modes covered",
            "value": 7.5,
            "paper": "all (figure 1)",
            "low": 1.125,
            "high": 13.875,
            "seeds": {"0": 7.0, "1": 8.0},
        }
    ],
    "figures": {"modes": {"title": "Modes", "caption": "By step.", "pixels": False}},
}


@pytest.fixture
def write_study(tmp_path):
    """Write a folder as `bin/study` does, but for its figures; return it."""

    def write(content):
        folder = tmp_path / "study"
        folder.mkdir()
        (folder / "study.json").write_text(json.dumps(content))
        return folder

    return write


@pytest.fixture
def write(tmp_path):
    """Write a row as results.csv; return its path."""

    def write(row):
        path = tmp_path / "results.csv"
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(row))
            writer.writeheader()
            writer.writerow(row)
        return path

    return write


def test_a_table_and_a_study_are_reported_on_one_page(commands, write, write_study, tmp_path):
    flag = f"--runs={write(ROW)},{write_study(STUDY)}"
    result = commands.call("report", flag, output=tmp_path / "report")
    assert (result.status, result.complaints) == (0, [])
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"index.html", "results.csv", "figures", "options.json"}
    page = (tmp_path / "report" / "index.html").read_text()
    assert "color:red" in page and "+0.2500" in page
    words = ("Eight Gaussians", "All of them.", "modes covered", "all (figure 1)", "1.125 to 13.88")
    assert all(word in page for word in words)
    assert "Missing from the study: figures/modes" in page
    assert "Missing from the study: options.json" in page


def test_a_table_given_twice_is_refused(commands, nowhere, write):
    path = write(ROW)
    assert "twice" in commands.call("report", f"--runs={path},{path}", output=nowhere).refusal()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({name: ROW[name] for name in ROW if name != "change"}, "must have the columns change"),
        (ROW | {"results_version": 1}, "results_version must be 2"),
        (ROW | {"change": "much"}, "change must be a number. Received: 'much'"),
    ],
)
def test_wrong_tables_are_refused(commands, nowhere, write, row, words):
    path = write(row)
    line = commands.call("report", f"--runs={path}", output=nowhere).refusal()
    assert str(path) in line and words in line


def test_a_source_that_is_not_there_is_named(commands, nowhere, write):
    line = commands.call("report", f"--runs={write(ROW)},no/such.csv", output=nowhere).refusal()
    assert "folders or results.csv files. Received: no/such.csv, which does not exist" in line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"findings": None}, "has a field 'findings' that is not a list"),
        ({"findings": [{}]}, "lacks the field 'name'"),
        ({"figures": {"../../photo": "A caption."}}, "named by letters, digits and underscores"),
    ],
)
def test_a_study_that_cannot_be_understood_is_refused(
    commands, nowhere, write_study, change, words
):
    folder = write_study(STUDY | change)
    line = commands.call("report", f"--runs={folder}", output=nowhere).refusal()
    assert str(folder) in line and words in line
