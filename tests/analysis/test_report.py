import csv
import json
import re
from html.parser import HTMLParser

import fake_rows
import fake_runs
import numpy as np
import pandas as pd
import pytest

from pirgan_tf.analysis import holm, read_results, results_table, write_report, write_results
from pirgan_tf.analysis.report import sections
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.table import selection
from pirgan_tf.analysis.table.runs import read_run
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


@pytest.fixture
def without_figures(monkeypatch):
    """Leaves out the figures over all objectives, which take most of a report's time."""
    monkeypatch.setattr(sections, "FIGURES", ())


def evaluation_of(run, slug):
    file = run / "objectives" / slug / "evaluation" / "evaluation.json"
    return json.loads(file.read_text())


def test_the_page_needs_no_other_file(whole):
    page = Page(whole[1] / "index.html")
    # Grids before and after, of random and of fixed latents, and the curves of each
    # objective; four of the pretraining; figures 2 to 6 and the trade-off.
    assert len(page.images) == 3 * 5 + 4 + 6
    for image in page.images:
        assert re.match(r"data:image/(png|jpeg|svg\+xml);base64,[\w/]", image["src"])
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
        for key in ("cohens_d_low", "cohens_d_high"):
            assert f"{comparison[key]:+.2f}" in page.text
    assert "0.812 of 0.953" in page.text
    assert "+0.0321" in page.text
    assert "seed 7" in page.text
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
    assert [name for name in page.ids if name.startswith("colors-")] == [
        f"colors-{slug}" for slug in slugs
    ]


@pytest.mark.usefixtures("without_figures")
@pytest.mark.usefixtures("without_figures")
def test_a_few_objectives_come_first_and_open(whole, tmp_path):
    page = Page(whole[1] / "index.html").html
    places = [page.index(f'id="{name}"') for name in ("results", "colors-color-red", "claims")]
    assert places == sorted(places)
    assert page.count('<details class="objective" id="colors-color-red" open>') == 1
    fake_runs.make_run(tmp_path / "colors", side=2)
    fake_runs.make_objective(tmp_path / "colors", "color:green", "single color")
    write_report([tmp_path / "colors"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html").html
    places = [page.index(f'id="{name}"') for name in ("claims", "results", "colors-color-red")]
    assert places == sorted(places)
    assert '<details class="objective" id="colors-color-red">' in page


def test_results_table(whole):
    run, report = whole
    with (report / "results.csv").open(newline="") as stream:
        rows = {row["objective"]: row for row in csv.DictReader(stream)}
    assert sorted(rows) == ["color:green-blue-red", "color:red", "color:red-blue"]
    # The grids are named from where the file is.
    for row in rows.values():
        assert (report / row["images_before"]).samefile(
            run / "objectives" / row["objective"].replace(":", "-") / "evaluation" / "before.png"
        )


def test_figures_are_files_too(whole):
    names = {path.name for path in (whole[1] / "figures").iterdir()}
    sweep = {f"figure-{number}.{form}" for number in range(2, 7) for form in ("png", "svg")}
    drill_down = {"colors-pretraining.png", "colors-color-red.png", "colors-color-red-blue.png"}
    assert names == sweep | drill_down | {
        "trade-off.png",
        "trade-off.svg",
        "colors-color-green-blue-red.png",
    }


@pytest.mark.usefixtures("without_figures")
def test_the_table_of_another_report_gives_all_but_the_drill_down(whole, tmp_path):
    _, report = whole
    write_report([report / "results.csv"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert not page.images
    assert "Runs" not in page.text
    assert "color:red-blue" in page.text
    # Also from here, and not only from the first report, the grids are found.
    first = read_results(report / "results.csv")
    assert read_results(tmp_path / "report" / "results.csv").equals(first)


@pytest.mark.usefixtures("without_figures")
def test_folders_and_tables_are_put_together(whole, tmp_path):
    run, _ = whole
    table = fake_rows.make_rows(2, 2, layers=("fc6",))
    write_results(table, tmp_path / "results.csv")
    write_report([run, tmp_path / "results.csv"], tmp_path / "report")
    written = read_results(tmp_path / "report" / "results.csv")
    assert written["run"].tolist() == ["colors"] * 3 + ["sweep"] * len(table)
    page = Page(tmp_path / "report" / "index.html")
    assert "Of 19 evaluated rows, on 16 objectives," in page.text
    # Holm's correction is over all of them.
    np.testing.assert_array_equal(written["p_holm"], holm(written["p"]))
    assert written["p_holm"][2] > results_table([read_run(run)])["p_holm"][2]


def test_a_source_given_twice_is_refused(whole, tmp_path):
    csv_file = whole[1] / "results.csv"
    (tmp_path / "copy.csv").write_bytes(csv_file.read_bytes())
    for sources in ([csv_file, csv_file], [whole[0], csv_file]):
        with pytest.raises(InputError, match="twice"):
            write_report(sources, tmp_path / "report")


def test_claims_figures_and_models_of_a_sweep(tmp_path):
    table = fake_rows.make_rows(rounds=2, weights=(100.0, 1000.0), failures=2)
    write_results(table, tmp_path / "results.csv")
    write_report([tmp_path / "results.csv"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert "Objectives of one and two colours improve." in page.text
    assert "9 of 9 improve significantly (9 by Holm)" in page.text
    assert "-0.13, t -7.8, p < 1e-10" in page.text
    assert "5 claims cannot be told from these rows" in page.text
    assert "170 objectives, 168 degrees of freedom" in page.text
    line = models.robust_line(selection.first_tuning(table), "change", "estimated_change")
    assert f"slope {line.slope:+.4f} ({line.low:+.4f} to {line.high:+.4f})" in page.text
    assert "learned from these images" not in page.text
    assert page.text.count("tune: loss is not finite, step 40") == 2
    assert "2 failed." in page.text
    assert "pir_weight 100 (12 rows), 1000 (190 rows)" in page.text
    assert "Figure 4: images tuned for colours: left out." in page.text


@pytest.mark.usefixtures("without_figures")
def test_estimates_of_images_that_were_learned_from_are_said_to_be_so(tmp_path):
    table = fake_rows.make_rows(0, 0)
    table.loc[:2, "learned_before"] = True
    table.loc[3:4, "learned_before"] = pd.NA
    write_results(table, tmp_path / "results.csv")
    write_report([tmp_path / "results.csv"], tmp_path / "report")
    text = Page(tmp_path / "report" / "index.html").text
    note = (
        "The paper's estimate before tuning is of new images. In 3 rows the estimator learned from "
        "these images. Of 2 rows it is not recorded whether it learned from these images."
    )
    # Beside the claims, the linear model and the table of results.
    assert text.count(note) == 3

    fake_runs.make_evaluation(tmp_path / "alone")
    for learned, words in ((True, "It learned from the images before tuning"), (False, None)):
        file = tmp_path / "alone" / "evaluation.json"
        content = json.loads(file.read_text())
        content["estimated"]["learned_before"] = learned
        fake_runs.write_json(file, content)
        write_report([tmp_path / "alone"], tmp_path / "again")
        text = Page(tmp_path / "again" / "index.html").text
        assert ("learned from the images before" in text) == learned
        assert words is None or words in text
        assert "Of an estimated change of 1, 1.21 (95 % interval 0.98 to 1.44) is true." in text


@pytest.mark.usefixtures("without_figures")
def test_rounds_are_told_with_what_decided_between_them(tmp_path):
    run = tmp_path / "run"
    fake_runs.make_empty_run(run)
    fake_runs.make_rounds(run, "vgg16:pool2:4", [0.05, 0.07], best=1)
    write_report([run], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert "highest mean estimate" in page.text
    rounds = page.html.split("<h3>Rounds</h3>")[1].split("</table>")[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", rounds, re.DOTALL)
    assert [re.sub(r"<[^>]*>|\s+", " ", cell).split() for cell in cells] == [
        ["vgg16:pool2:4"],
        [f"{read_run(run).objectives[0].evaluation.comparison.cohens_d:+.2f}", "0.5321"],
        [f"{read_run(run).objectives[1].evaluation.comparison.cohens_d:+.2f}", "0.5321"],
        ["round", "1"],
    ]
    assert "round 1, kept" in page.text


@pytest.mark.usefixtures("without_figures")
def test_failures_and_weights_are_in_the_drill_down(tmp_path):
    run = tmp_path / "run"
    fake_runs.make_empty_run(run)
    fake_runs.make_weights(run, "color:red", {100: 0.02, 1000: 0.1}, "single color")
    fake_runs.make_failure(run, "vgg16:pool5:7", reason="loss/pir is not finite in steps 1 to 9")
    write_report([run], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert "weight 100 " in page.text and "weight 1000 " in page.text
    assert "Failed in stage tune: loss/pir is not finite in steps 1 to 9" in page.text
    assert "1 failed." in page.text


def test_one_evaluation_alone_names_what_is_missing(tmp_path):
    fake_runs.make_evaluation(tmp_path / "mine")
    (tmp_path / "mine" / "after.png").unlink()
    (tmp_path / "mine" / "options.json").unlink()
    write_report([tmp_path / "mine"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert len(page.images) == 2
    for part in (
        "evaluated images, after tuning",
        "fixed latents before",
        "fit.json",
        "the pretraining",
        "options.json",
    ):
        assert f"Missing from the run: {part}" in page.text
    assert "Seed not recorded" in page.text
    with (tmp_path / "report" / "results.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["heldout_mae"] == ""


@pytest.mark.usefixtures("without_figures")
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


@pytest.mark.usefixtures("without_figures")
def test_undefined_statistics_are_said_to_be_so(tmp_path):
    fake_runs.make_evaluation(tmp_path / "constant")
    file = tmp_path / "constant" / "evaluation.json"
    content = json.loads(file.read_text())
    undefined = dict.fromkeys(["cohens_d", "t", "df", "p", "ci_low", "ci_high"])
    content["comparison"] |= undefined | {"significant": False}
    content |= {"estimated": None, "rates_before": [0.1] * 1000, "rates_after": [0.1] * 1000}
    file.write_text(json.dumps(content))
    write_report([tmp_path / "constant"], tmp_path / "report")
    text = Page(tmp_path / "report" / "index.html").text
    assert "had no significant change" in text
    assert "nan" not in text.lower().split()


@pytest.mark.usefixtures("without_figures")
def test_names_are_escaped_and_runs_of_one_name_told_apart(tmp_path):
    for parent, change in (("a", 0.1), ("b", 0.2)):
        folder = tmp_path / parent / "x<b>&"
        fake_runs.make_evaluation(folder, change=change)
    write_report([tmp_path / "a" / "x<b>&", tmp_path / "b" / "x<b>&"], tmp_path / "report")
    page = Page(tmp_path / "report" / "index.html")
    assert "b" not in page.tags
    assert {"x<b>&-1", "x<b>&-2"} <= {text.strip().removeprefix("Run: ") for text in page.texts}
    assert {"x<b>&-1-x<b>&.png", "x<b>&-2-x<b>&.png"} <= {
        path.name for path in (tmp_path / "report" / "figures").iterdir()
    }


def test_nothing_to_report(tmp_path):
    with pytest.raises(InputError, match=r"at least one folder or results\.csv"):
        write_report([], tmp_path / "report")
    with pytest.raises(InputError, match="nowhere, which does not exist"):
        write_report([tmp_path / "nowhere"], tmp_path / "report")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"run must hold .*Received: .*empty"):
        write_report([tmp_path / "empty"], tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.pop("family"), "lacks the field 'family'"),
        (lambda content: content["comparison"].pop("p"), "lacks the field 'p'"),
        (lambda content: content["comparison"].update(mean_after=None), "'mean_after' that is not"),
        (lambda content: content.update(diversity=3), "'diversity' that is not an object or null"),
        (lambda content: content["kid"].pop("after"), "lacks the field 'after'"),
        (lambda content: content.update(comparison=None), "'comparison' that is not an object"),
        (lambda content: content["rates_before"].append(7), "rates_before must be numbers in"),
        (lambda content: content["rates_after"].pop(), "Received: 999 and 0"),
        (lambda content: content["comparison"].update(num_before=9), "num_before numbers, 9"),
        (lambda content: content.update(undefined_after=1001), "Received: 1000 and 1001"),
        (lambda content: content.update(undefined_before=-3), "undefined_before must be"),
        (lambda content: content["estimated"].update(after=None), "'after' that is not a number"),
        (lambda content: content.update(estimated={}), "lacks the field 'before'"),
        (lambda content: content["diversity"].pop("kid"), "lacks the field 'kid'"),
        (lambda content: content.update(objective="color:mauve"), "color:mauve"),
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
    assert str(tmp_path / "run") in str(raised.value) or "of run" in str(raised.value)
    assert words in str(raised.value)
    file.write_text("{")
    with pytest.raises(InputError, match=r"evaluation\.json, which is not JSON"):
        write_report([tmp_path / "run"], tmp_path / "report")
