import csv
import json
import re
from html.parser import HTMLParser

import fake_runs
import pytest

from pirgan_tf.analysis import write_report
from pirgan_tf.errors import InputError


class Page(HTMLParser):
    """The parts of a page that the tests ask for."""

    def __init__(self, file):
        super().__init__()
        self.html = file.read_text(encoding="utf-8")
        self.images, self.tags, self.links, self.ids, self.texts = [], [], [], [], []
        self.feed(self.html)
        self.text = re.sub(r"\s+", " ", " ".join(self.texts))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        if tag == "img":
            self.images.append(attributes)
        if tag == "a":
            self.links.append(attributes["href"])
        if "id" in attributes:
            self.ids.append(attributes["id"])

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run folder with all its parts, and the folder of its report."""
    root = tmp_path_factory.mktemp("whole")
    fake_runs.make_run(root / "colors", side=2)
    write_report([root / "colors"], root / "report")
    return root / "colors", root / "report"


def evaluation_of(run, slug):
    file = run / "objectives" / slug / "evaluation" / "evaluation.json"
    return json.loads(file.read_text())


def test_the_page_needs_no_other_file(whole):
    page = Page(whole[1] / "index.html")
    # Before and after, rates, calibration, estimator, tuning (3) for each objective,
    # and four of the pretraining.
    assert len(page.images) == 3 * 8 + 4
    for image in page.images:
        assert image["src"].startswith("data:image/png;base64,iVBOR")
        assert len(image["alt"]) > 10
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert not re.search(r"https?:|url\(|@import", page.html)
    assert all(link[1:] in page.ids for link in page.links)
    assert len(set(page.ids)) == len(page.ids)
    assert "Missing" not in page.text


def test_the_page_has_the_figures_of_the_runs(whole):
    run, report = whole
    page = Page(report / "index.html")
    for slug in ("color-red", "color-red-blue", "color-green-blue-red"):
        comparison = evaluation_of(run, slug)["comparison"]
        for key in ("mean_before", "mean_after"):
            assert f"{comparison[key]:.4f}" in page.text
        for key in ("change", "ci_low", "ci_high"):
            assert f"{comparison[key]:+.4f}" in page.text
        assert f"{comparison['cohens_d']:+.2f}" in page.text
        assert f"{comparison['t']:+.2f}" in page.text
    assert "0.812 of 0.953" in page.text
    assert "+0.0321" in page.text
    assert "Seed 7" in page.text
    assert "tensorflow 2.21.0" in page.text
    # 10,000 steps of 0.37 seconds, for three objectives.
    assert "Tuning 3 h 05 min" in page.text
    assert "--impressions=1000" in page.text


def test_the_page_says_in_words_what_happened(whole):
    text = Page(whole[1] / "index.html").text
    assert (
        "Of 3 evaluated objectives, 1 improved significantly, "
        "1 did not change significantly and 1 got worse." in text
    )
    assert "color:red improved significantly:" in text
    assert "color:red-blue had no significant change:" in text
    assert "color:green-blue-red got worse:" in text
    assert text.count("learned to please the estimator") == 1
    assert "0 images before and 3 after tuning" in text


def test_objectives_come_in_the_papers_order(whole):
    page = Page(whole[1] / "index.html")
    slugs = ["color-red", "color-red-blue", "color-green-blue-red"]
    assert page.links == [f"#colors-{slug}" for slug in slugs]


def test_results_table(whole):
    run, report = whole
    with (report / "results.csv").open(newline="") as stream:
        rows = {row["objective"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["color:red", "color:red-blue", "color:green-blue-red"]
    row = rows["color:green-blue-red"]
    for name, value in evaluation_of(run, "color-green-blue-red")["comparison"].items():
        assert row[name] == str(value) or float(row[name]) == value
    assert row["family"] == "three colors"
    assert row["verdict"] == "got worse"
    assert row["undefined_after"] == "3"
    assert float(row["estimated_change"]) == 0.0321
    assert float(row["heldout_spearman"]) == 0.8124
    assert float(row["heldout_spearman_ceiling"]) == 0.9531
    assert float(row["heldout_mae"]) == 0.0123
    assert json.loads(row["run_options"])["seed"] == 7
    assert json.loads(row["tuning_options"])["steps"] == 10_000


def test_figures_are_files_too(whole):
    names = {path.name for path in (whole[1] / "figures").iterdir()}
    assert "colors-pretraining.png" in names
    for part in ("rates", "calibration", "estimator", "tuning"):
        assert f"colors-color-red-{part}.png" in names


def test_one_evaluation_alone_names_what_is_missing(tmp_path):
    fake_runs.make_evaluation(tmp_path / "mine")
    (tmp_path / "mine" / "after.png").unlink()
    (tmp_path / "mine" / "options.json").unlink()
    write_report([tmp_path / "mine"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert len(page.images) == 2
    for part in ("after tuning", "fit.json", "the tuning", "the pretraining", "options.json"):
        assert f"Missing from the run: {part}" in page.text
    assert "Seed not recorded" in page.text
    with (tmp_path / "report" / "results.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["heldout_mae"] == ""


def test_an_unfinished_run_is_reported_as_far_as_it_is(tmp_path):
    run = tmp_path / "run"
    fake_runs.make_run(run, side=2)
    (run / "objectives" / "color-red" / "evaluation" / "evaluation.json").unlink()
    stats = run / "objectives" / "color-red" / "gan" / "stats.jsonl"
    stats.write_text(stats.read_text() + '{"step": 10250, "loss/f')
    write_report([run], tmp_path / "report")
    text = Page(tmp_path / "report" / "index.html").text
    assert "Of 2 evaluated objectives" in text
    assert "not evaluated yet" in text
    assert "color-red" in text


def test_undefined_statistics_are_said_to_be_so(tmp_path):
    fake_runs.make_evaluation(tmp_path / "constant")
    file = tmp_path / "constant" / "evaluation.json"
    content = json.loads(file.read_text())
    undefined = dict.fromkeys(["cohens_d", "t", "df", "p", "ci_low", "ci_high"])
    content["comparison"] |= undefined | {"significant": False}
    content |= {"estimated": None, "rates_before": [0.1] * 3, "rates_after": [0.1] * 3}
    file.write_text(json.dumps(content))
    write_report([tmp_path / "constant"], tmp_path / "report")
    text = Page(tmp_path / "report" / "index.html").text
    assert "not defined" in text
    assert "not computed" in text
    assert "had no significant change" in text
    assert "nan" not in text.lower().split()


def test_names_are_escaped_and_runs_of_one_name_told_apart(tmp_path):
    for parent in ("a", "b"):
        fake_runs.make_evaluation(tmp_path / parent / "x<b>&", text='<i>"red"</i>')
    write_report([tmp_path / "a" / "x<b>&", tmp_path / "b" / "x<b>&"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert not {"i", "b"} & set(page.tags)
    assert '<i>"red"</i>' in page.text
    assert {"x<b>&-1", "x<b>&-2"} <= {text.strip().removeprefix("Run: ") for text in page.texts}
    assert len(list((tmp_path / "report" / "figures").iterdir())) == 2


def test_nothing_to_report(tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        write_report([], tmp_path / "report")
    with pytest.raises(InputError, match=r"there is no folder .*nowhere"):
        write_report([tmp_path / "nowhere"], tmp_path / "report")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"nothing to report in .*empty"):
        write_report([tmp_path / "empty"], tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.pop("family"), "lacks 'family'"),
        (lambda content: content["comparison"].pop("p"), "no evaluation"),
        (lambda content: content.update(comparison=None), "no evaluation"),
    ],
)
def test_wrong_evaluations_are_refused(tmp_path, change, words):
    fake_runs.make_evaluation(tmp_path / "run")
    file = tmp_path / "run" / "evaluation.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    with pytest.raises(InputError) as raised:
        write_report([tmp_path / "run"], tmp_path / "report")
    assert str(file) in str(raised.value)
    assert words in str(raised.value)
    file.write_text("{")
    with pytest.raises(InputError, match=r"cannot read .*evaluation\.json"):
        write_report([tmp_path / "run"], tmp_path / "report")
