import dataclasses
import json

import fake_runs
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from pirgan_tf.analysis import Comparison, Diversity, read_results, results_table, write_results
from pirgan_tf.analysis.table.columns import COLUMNS, LATER
from pirgan_tf.analysis.table.results import correct
from pirgan_tf.analysis.table.runs import read_run
from pirgan_tf.errors import InputError


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A run folder: colours, rounds, weights, and failures."""
    folder = tmp_path_factory.mktemp("sweeps") / "sweep"
    fake_runs.make_run(folder, side=2)
    fake_runs.make_rounds(folder, "vgg16:pool2:17", [0.1, 0.15], best=2)
    fake_runs.make_weights(folder, "vgg16:fc8:1,2,3", {10.0: 0.0, 1000.0: 0.2}, "3 filters")
    fake_runs.make_failure(
        folder, "vgg16:fc6:4", reason="loss/pir is not finite,\n  \"step 12\" — naïve"
    )  # fmt: skip
    return folder


@pytest.fixture
def table(sweep):
    return results_table([read_run(sweep)])


@pytest.fixture
def file(table, tmp_path):
    """results.csv of the sweep."""
    write_results(table, tmp_path / "results.csv")
    return tmp_path / "results.csv"


def row_of(table, objective, **values):
    rows = table[table["objective"] == objective]
    for name, value in values.items():
        rows = rows[rows[name] == value]
    (row,) = rows.to_dict("records")
    return row


def test_every_figure_of_an_evaluation_is_a_column(sweep, table):
    assert list(table.columns) == list(COLUMNS)
    row = row_of(table, "color:red-blue")
    folder = sweep / "objectives" / "color-red-blue" / "evaluation"
    evaluation = json.loads((folder / "evaluation.json").read_text())
    for field in dataclasses.fields(Comparison):
        assert row[field.name] == evaluation["comparison"][field.name]
    for field in dataclasses.fields(Diversity):
        name = "diversity_images" if field.name == "num_images" else field.name
        assert row[name] == evaluation["diversity"][field.name]
    for name in ("family", "undefined_before", "undefined_after"):
        assert row[name] == evaluation[name]
    for name in ("before", "after", "change"):
        assert row[f"estimated_{name}"] == evaluation["estimated"][name]
    assert (row["photographs_kid_before"], row["photographs_kid_after"]) == (0.21, 0.37)
    assert row["learned_before"] is False
    assert row["verdict"] == "no significant change"
    assert row["images_after"] == str(folder / "after.png")


def test_a_row_carries_its_whole_setting(table):
    row = row_of(table, "color:red")
    expected = {
        "results_version": 2,
        "run": "sweep",
        "layer": None,
        "failure": None,
        "seed": 7,
        "round": 1,
        "kept": True,
        "num_images": 1000,
        "num_train": 900,
        "impressions": 1000,
        "rescaled": False,
        "labels": "soft",
        "head": "softmax",
        "temperature": 0.01,
        "members": 1,
        "caution": 0,
        "initial": "random",
        "pir_weight": 1000,
        "adversarial_weight": 1,
        "tune_steps": 10_000,
        "training_precision": "float32",
        "percent_nonzero": 97.5,
        "heldout_spearman": 0.8124,
        "heldout_spearman_ceiling": 0.9531,
        "heldout_mae": 0.0123,
        "fit_num_heldout": 50,
        "fit_chosen_step": 1500,
        "seconds": 3935.5,
        "seconds_estimator": 2000 / 9,
        "seconds_tuning": 3700.0,
        "git_revision": "f93035e",
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(row["run_options"])["seed"] == 7
    assert json.loads(row["estimator_options"])["labels"] == "soft"
    assert json.loads(row["tuning_options"])["steps"] == 10_000
    assert json.loads(row["evaluation_options"])["objective"] == "color:red"


def test_rows_come_in_the_papers_order(table):
    assert table["objective"].tolist() == [
        "color:red",
        "color:red-blue",
        "color:green-blue-red",
        "vgg16:pool2:17",
        "vgg16:pool2:17",
        "vgg16:fc6:4",
        "vgg16:fc8:1,2,3",
        "vgg16:fc8:1,2,3",
    ]
    assert table["round"].tolist()[3:5] == [1, 2]
    assert table["pir_weight"].tolist()[6:] == [10, 1000]


def test_rounds_and_weights_have_rows_of_their_own(table):
    first = row_of(table, "vgg16:pool2:17", round=1)
    second = row_of(table, "vgg16:pool2:17", round=2)
    assert (first["kept"], second["kept"]) == (False, True)
    assert (first["layer"], first["family"]) == ("pool2", "1 filter")
    assert second["change"] > first["change"] + 0.03
    weak = row_of(table, "vgg16:fc8:1,2,3", pir_weight=10)
    strong = row_of(table, "vgg16:fc8:1,2,3", pir_weight=1000)
    assert (weak["verdict"], strong["verdict"]) == (
        "no significant change",
        "improved significantly",
    )
    assert weak["kept"] and strong["kept"]
    assert (weak["layer"], weak["family"]) == ("fc8", "3 filters")


def test_rounds_of_one_experiment_have_one_setting(sweep, tmp_path):
    run = read_run(sweep)
    later = fake_runs.slug_folder(sweep, "vgg16:pool2:17") / "round-2" / "estimator"
    fit = json.loads((later / "fit.json").read_text())
    options = json.loads((later / "options.json").read_text())
    estimator = dataclasses.replace(
        run.objectives[-1].estimator,
        options=options | {"options": options["options"] | {"initial": "/runs/estimator"}},
    )
    second = dataclasses.replace(
        run.objectives[-1], fit=fit | {"num_train": 1800, "mae": 0.5}, estimator=estimator
    )
    assert second.round == 2
    run = dataclasses.replace(run, objectives=[run.objectives[-2], second])
    table = results_table([run])
    assert table["num_train"].tolist() == [900, 900]
    assert table["initial"].tolist() == ["random", "random"]
    assert table["heldout_mae"].tolist() == [0.0123, 0.5]
    assert json.loads(table["estimator_options"][1])["initial"] == "/runs/estimator"


@pytest.mark.parametrize(
    ("options", "initial"),
    [
        ({"slim_checkpoint": "w/inception_v2.ckpt", "initial": None}, "slim"),
        ({"slim_checkpoint": None, "initial": "runs/flowers"}, "flowers"),
        ({"slim_checkpoint": None, "initial": None}, "random"),
        ({}, "random"),
    ],
)
def test_what_the_estimator_began_with(tmp_path, options, initial):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_objective(tmp_path, "color:red", "single color")
    file = fake_runs.slug_folder(tmp_path, "color:red") / "estimator" / "options.json"
    fake_runs.write_json(file, {"options": {"temperature": 0.5} | options})
    row = row_of(results_table([read_run(tmp_path)]), "color:red")
    assert row["initial"] == initial
    # Settings that version 0.1 did not have were as in the paper.
    assert (row["labels"], row["head"]) == ("hard", "softmax")


def test_temperatures_that_were_fitted_do_not_tell_experiments_apart(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_objective(tmp_path, "color:red", "single color")
    file = fake_runs.slug_folder(tmp_path, "color:red") / "estimator" / "options.json"
    options = {"temperature": 0.01, "fit_temperature": True, "members": 4}
    fake_runs.write_json(file, {"options": options})
    row = row_of(results_table([read_run(tmp_path)]), "color:red")
    assert pd.isna(row["temperature"])
    assert row["members"] == 4


def test_failed_objectives_have_a_reason_and_no_figures(table):
    row = row_of(table, "vgg16:fc6:4")
    assert row["failure"] == 'tune: loss/pir is not finite, "step 12" — naïve'
    assert (row["family"], row["layer"], row["round"], row["kept"]) == ("1 filter", "fc6", 1, True)
    for name in (*(field.name for field in dataclasses.fields(Comparison)), "p_holm", "recall"):
        assert pd.isna(row[name])
    assert pd.isna(row["significant_holm"])
    assert row["verdict"] is None
    assert table["failure"].notna().sum() == 1


def test_one_evaluation_alone(tmp_path):
    fake_runs.make_evaluation(tmp_path / "mine")
    (row,) = results_table([read_run(tmp_path / "mine")]).to_dict("records")
    assert (row["run"], row["objective"], row["round"], row["kept"]) == (
        ("mine", "color:red", 1, True)
    )
    for name in ("seed", "impressions", "rescaled", "temperature", "pir_weight", "heldout_mae"):
        assert pd.isna(row[name])
    assert row["labels"] is None


def test_holm_is_over_all_rows(table, sweep):
    defined = table["p"].notna()
    expected = multipletests(table["p"][defined], method="holm")[1]
    np.testing.assert_array_equal(table["p_holm"][defined], expected)
    assert table["significant_holm"][defined].tolist() == (expected < 0.001).tolist()

    # p 0.0006 is significant alone, but not as one of two.
    one = table[table["objective"] == "color:red"].assign(p=0.0006)
    assert correct(one)["significant_holm"].tolist() == [True]
    joined = correct(pd.concat([one, one.assign(run="other", p=0.9)], ignore_index=True))
    np.testing.assert_allclose(joined["p_holm"], [0.0012, 0.9])
    assert joined["significant_holm"].tolist() == [False, False]
    assert dict(joined.dtypes) == dict(table.dtypes)


def test_a_row_that_is_there_twice_is_refused(table):
    # Alone it has another correction, and a copy has other paths.
    row = table[table["objective"] == "color:green-blue-red"]
    copied = correct(row).assign(images_before=None)
    assert copied["p_holm"].item() != row["p_holm"].item()
    with pytest.raises(InputError) as raised:
        correct(pd.concat([table, copied], ignore_index=True))
    assert str(raised.value) == (
        "results must differ in at least one column, but a file may have been given twice, or a "
        "run and its results.csv. Received: color:green-blue-red of sweep twice"
    )


def test_reading_gives_exactly_what_was_written(table, tmp_path):
    table = table.assign(
        run=pd.Series(["None", "NA", "nan", "a,b", 'say "so"', "näher", " ", "1"], dtype=object),
        t=[1 / 3, 1e-308, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, np.nan, 1e16],
        undefined_before=pd.array([2**53 + 1, None, 0, 1, 2, 3, 4, 5], "Int64"),
    )
    write_results(table, tmp_path / "a.csv")
    read = read_results(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(read, table, check_exact=True)
    write_results(read, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


def test_a_table_without_rows(tmp_path):
    write_results(results_table([]), tmp_path / "results.csv")
    table = read_results(tmp_path / "results.csv")
    assert len(table) == 0
    pd.testing.assert_frame_equal(table, results_table([]))


def test_images_are_found_from_where_the_file_is(sweep, table, tmp_path):
    report = sweep / "report"
    report.mkdir(exist_ok=True)
    write_results(table, report / "results.csv")
    written = pd.read_csv(report / "results.csv")
    assert "../objectives/color-red/evaluation/before.png" in set(written["images_before"])
    sweep.rename(tmp_path / "moved")
    try:
        read = read_results(tmp_path / "moved" / "report" / "results.csv")
        row = row_of(read, "color:red")
        after = tmp_path / "moved" / "objectives" / "color-red" / "evaluation" / "after.png"
        assert row["images_after"] == str(after)
        write_results(read, tmp_path / "elsewhere.csv")
        assert "moved/objectives/color-red/evaluation/after.png" in (
            (tmp_path / "elsewhere.csv").read_text()
        )
    finally:
        (tmp_path / "moved").rename(sweep)


def test_a_spreadsheets_file_is_read(file, table):
    text = file.read_text().replace("True", "TRUE").replace("False", "FALSE")
    file.write_text(text, encoding="utf-8-sig", newline="\r\n")
    assert read_results(file)["kept"].tolist() == table["kept"].tolist()


def test_further_columns_are_left_out(file, table):
    pd.read_csv(file, dtype=str, keep_default_na=False).assign(note="mine").to_csv(
        file, index=False
    )
    pd.testing.assert_frame_equal(read_results(file), table, check_exact=True)


def test_a_table_of_version_0_1_is_read(file, table):
    raw = pd.read_csv(file, dtype=str, keep_default_na=False)
    raw.drop(columns=["training_precision", "learned_before"]).to_csv(file, index=False)
    read = read_results(file)
    assert read[["training_precision", "learned_before"]].isna().all(axis=None)
    columns = [name for name in COLUMNS if name not in ("training_precision", "learned_before")]
    pd.testing.assert_frame_equal(read[columns], table[columns], check_exact=True)


def test_rates_that_are_not_zero_are_counted_where_the_first_estimator_learned(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_rounds(tmp_path, "vgg16:fc8:1", [0.1, 0.12], best=2)
    place = fake_runs.slug_folder(tmp_path, "vgg16:fc8:1")
    for number, folder in enumerate((place, place / "round-2")):
        fit = json.loads((folder / "estimator" / "fit.json").read_text())
        fit |= {"percent_nonzero": 20.0 + number}
        fake_runs.write_json(folder / "estimator" / "fit.json", fit)
        # True rates, some of which are zero: not what the paper counts.
        evaluation = json.loads((folder / "evaluation" / "evaluation.json").read_text())
        evaluation["rates_before"] = [0.0] * 600 + evaluation["rates_before"][600:]
        fake_runs.write_json(folder / "evaluation" / "evaluation.json", evaluation)
    assert results_table([read_run(tmp_path)])["percent_nonzero"].tolist() == [20.0, 20.0]


def changed(file, **cells):
    """Change cells of the first row of a file."""
    raw = pd.read_csv(file, dtype=str, keep_default_na=False)
    for name, value in cells.items():
        raw.loc[0, name] = value
    raw.to_csv(file, index=False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("p", "small", "p must be a number. Received: 'small'"),
        ("change", "inf", "change must be a number. Received: 'inf'"),
        ("round", "1.5", "round must be a whole number. Received: '1.5'"),
        ("round", "", "round must be a whole number. Received: nothing"),
        ("kept", "yes", "kept must be True or False. Received: 'yes'"),
        ("objective", "", "objective must be a text. Received: nothing"),
        (
            "layer",
            "pool6",
            "layer must be one of pool1, pool2, pool3, pool4, pool5, fc6, fc7, fc8. "
            "Received: 'pool6'",
        ),
        ("mean_after", "7", "mean_after must be a number from 0 to 1. Received: 7.0"),
        (
            "num_before",
            "-3",
            "num_before must be a whole number from 1 to 9.22337e+18. Received: -3",
        ),
        ("p", "nan", "p must be a number. Received: 'nan'"),
        (
            "seed",
            "9" * 30,
            f"seed must be a whole number from 0 to 9.22337e+18. Received: {'9' * 30}",
        ),
        ("run", "../../x", "run must be the name of a folder. Received: '../../x'"),
        ("run", "a\nb", "run must be the name of a folder. Received: 'a\\nb'"),
        ("head", "many", "head must be one of softmax, scalar. Received: 'many'"),
        (
            "training_precision",
            "float8",
            "training_precision must be one of float32, bfloat16. Received: 'float8'",
        ),
        ("learned_before", "maybe", "learned_before must be True or False. Received: 'maybe'"),
        ("run_options", "[1]", "run_options must be a JSON object. Received: '[1]'"),
        ("change", "0.5", "change must be mean_after - mean_before. Received: 0.5"),
        (
            "images_after",
            "/etc/hostname",
            "images_after must be the relative path of an evaluation's after.png. "
            "Received: '/etc/hostname'",
        ),
        (
            "images_before",
            "../../x",
            "images_before must be the relative path of an evaluation's before.png. "
            "Received: '../../x'",
        ),
    ],
)
def test_cells_that_cannot_be_are_refused(file, name, value, words):
    changed(file, **{name: value})
    with pytest.raises(InputError) as raised:
        read_results(file)
    assert str(raised.value) == f"{words} in line 2 of {file}"


def test_missing_columns_are_named(file, tmp_path):
    raw = pd.read_csv(file, dtype=str)
    raw.drop(columns=["p_holm", "kid"]).to_csv(file, index=False)
    with pytest.raises(InputError) as raised:
        read_results(file)
    assert "must have the columns p_holm, kid. Received: results_version" in str(raised.value)
    raw.drop(columns="p_holm").to_csv(file, index=False)
    with pytest.raises(InputError, match=r"must have the columns p_holm\. Received: "):
        read_results(file)
    file.write_text("image_id,positives\nimg000000,10\n")
    with pytest.raises(InputError) as raised:
        read_results(file)
    assert str(raised.value) == (
        "table must have the columns results_version, run, objective, family, layer and "
        f"{len(COLUMNS) - len(LATER) - 5} more. Received: image_id, positives in {file}"
    )


def test_other_versions_are_refused(file):
    changed(file, results_version="1")
    with pytest.raises(InputError) as raised:
        read_results(file)
    assert str(raised.value) == f"results_version must be 2. Received: '1' in line 2 of {file}"
    raw = pd.read_csv(file, dtype=str).assign(results_version="3").drop(columns="p")
    raw.to_csv(file, index=False)
    with pytest.raises(InputError, match=r"results_version must be 2\. Received: '3'"):
        read_results(file)


def test_unreadable_files_are_refused(file, tmp_path):
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.rindex(b"{") - 500])
    with pytest.raises(InputError) as raised:
        read_results(file)
    assert "\n" not in str(raised.value)
    assert str(file) in str(raised.value)
    file.write_bytes(whole + b"2,sweep,color:red\n")
    with pytest.raises(InputError) as raised:
        read_results(file)
    assert "as many fields as the first" in str(raised.value)
    assert f"3 on line 10 of {file}" in str(raised.value)
    file.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xd8")
    with pytest.raises(InputError, match="must be comma-separated text in UTF-8"):
        read_results(file)
    with pytest.raises(InputError) as raised:
        read_results(tmp_path / "nowhere.csv")
    assert str(raised.value).endswith(f"Received: {tmp_path}/nowhere.csv, which does not exist")
    with pytest.raises(InputError) as raised:
        read_results(tmp_path)
    assert str(raised.value).endswith(f"Received: {tmp_path}, which is a folder")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match=r"empty\.csv, which is empty"):
        read_results(tmp_path / "empty.csv")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("color:red-blue,", "color:purple,", 1), "color:purple"),
        (lambda text: text.replace("two colors", "three colors", 1), "family and layer"),
        (lambda text: text.replace("mean_after", "mean_before", 1), "repeats 'mean_before'"),
        (lambda text: text.replace("sweep", "swe\0ep", 1), "NUL"),
    ],
)
def test_tables_that_cannot_be_are_refused(file, change, words):
    text = file.read_text()
    file.write_text(change(text))
    assert file.read_text() != text
    with pytest.raises(InputError, match=r"Received: ") as raised:
        read_results(file)
    assert words in str(raised.value) and "\n" not in str(raised.value)
