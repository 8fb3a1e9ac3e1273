"""bin/report of tables of results, and of what is none."""

import csv

import pytest

from pirgan_tf.analysis.table.results import COLUMNS, RESULTS_VERSION

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


def test_a_table_alone_is_reported(commands, write, tmp_path):
    result = commands.call("report", f"--runs={write(ROW)}", output=tmp_path / "report")
    assert (result.status, result.complaints) == (0, [])
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"index.html", "results.csv", "figures", "options.json"}
    page = (tmp_path / "report" / "index.html").read_text()
    assert "color:red" in page and "+0.2500" in page


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
