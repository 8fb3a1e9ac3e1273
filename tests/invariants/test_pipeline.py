"""The whole system through its commands: files, exit statuses, equal bits."""

import json
import shutil

import numpy as np
import pytest

from pirgan_tf import estimator, training, users
from pirgan_tf.data.gallery import read_gallery

GAN_FILES = {
    "generator.keras",
    "discriminator.keras",
    "gan.json",
    "options.json",
    "stats.jsonl",
    "images",
    "summaries",
}
ESTIMATOR_FILES = {
    "estimator.keras",
    "estimator.json",
    "fit.json",
    "options.json",
    "stats.jsonl",
    "summaries",
}
GALLERY_FILES = {"gallery.npz", "grid.png", "options.json"}
FILES = {
    "gan": ("pretrain", GAN_FILES),
    "gallery": ("sample", GALLERY_FILES),
    "before": ("sample", GALLERY_FILES),
    "objectives/color-red/interactions": ("simulate", {"interactions.csv", "options.json"}),
    "objectives/color-red/estimator": ("train_estimator", ESTIMATOR_FILES),
    "objectives/color-red/gan": ("tune", GAN_FILES),
    "objectives/color-red/gallery": ("sample", GALLERY_FILES),
    "objectives/color-red/evaluation": (
        "evaluate",
        {"evaluation.json", "before.png", "after.png", "options.json"},
    ),
    "report": ("report", {"index.html", "results.csv", "figures", "options.json"}),
}
EVALUATION = "objectives/color-red/evaluation/evaluation.json"


def _names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("folder", FILES)
def test_a_stage_leaves_its_files_and_no_others(reproduced, folder):
    assert _names(reproduced / folder) == FILES[folder][1]


def test_nothing_is_left_beside_the_outputs(reproduced):
    folders = {"gan", "gallery", "before", "objectives", "report"}
    assert _names(reproduced) == folders | {"options.json"}
    assert _names(reproduced.parent) == {reproduced.name}
    place = reproduced / "objectives" / "color-red"
    outputs = {"interactions", "estimator", "gan", "gallery", "evaluation"}
    assert _names(place) == outputs | {"seconds.json"}
    seconds = json.loads((place / "seconds.json").read_text())
    assert set(seconds) == outputs and min(seconds.values()) > 0


@pytest.mark.parametrize("folder", [*FILES, "."])
def test_options_json_tells_how_a_folder_was_made(reproduced, folder):
    content = json.loads((reproduced / folder / "options.json").read_text())
    assert set(content) == {"stage", "options", "versions", "git_revision"}
    assert content["stage"] == ("reproduce" if folder == "." else FILES[folder][0])
    assert content["options"]["output"] == str(reproduced / folder)
    assert "auto" not in content["options"].values() or folder == "."
    assert {"pirgan-tf", "python", "tensorflow", "keras", "numpy"} <= set(content["versions"])


def test_images_of_a_run_begin_with_photographs_and_untrained_fakes(reproduced):
    wanted = {"reals.png", "fakes_init.png", "fakes_000006.png", "fakes_000012.png"}
    assert _names(reproduced / "gan" / "images") == wanted


def test_the_interactions_are_those_of_the_gallery(reproduced, commands):
    rows = (reproduced / "objectives/color-red/interactions/interactions.csv").read_text()
    lines = rows.splitlines()
    assert lines[0] == "image_id,impressions,positives,pir"
    assert len(lines) == 1 + 40
    assert lines[1].startswith("img000000,50,")


def test_the_fit_tells_how_good_the_estimator_is(reproduced):
    fit = json.loads((reproduced / "objectives/color-red/estimator/fit.json").read_text())
    counts = [fit[f"num_{name}"] for name in ("train", "validation", "test")]
    assert (counts, fit["steps"]) == ([32, 4, 4], 12)
    assert fit["chosen_step"] in (3, 6, 9, 12)
    assert 0 <= fit["mae"] <= 1 and -1 <= fit["spearman"] <= 1
    assert sum(group["count"] for group in fit["calibration"]) == 4


def test_the_fit_is_of_images_that_neither_taught_nor_chose_the_step(reproduced):
    place = reproduced / "objectives" / "color-red"
    observed = users.read_interactions(place / "interactions")["pir"].to_numpy()
    images = read_gallery(reproduced / "gallery").images
    judge = estimator.PirEstimator.load(place / "estimator")
    fit = json.loads((place / "estimator" / "fit.json").read_text())

    heldout = np.sort(np.random.default_rng(0).permutation(40)[:8])
    order = np.random.default_rng(0).permutation(8)
    test, validation = heldout[np.sort(order[:4])], heldout[np.sort(order[4:])]
    estimates = judge.expected_pir(training.to_float(images)).numpy()
    error = np.abs(estimates - observed)
    assert fit["mae"] == pytest.approx(error[test].mean(), abs=1e-5)
    learned = np.setdiff1d(np.arange(40), heldout)
    assert fit["percent_nonzero"] == 100 * np.mean(observed[learned] >= 0.01)
    rows = [json.loads(line) for line in (place / "estimator/stats.jsonl").open()]
    chosen = min((row for row in rows if "heldout/loss" in row), key=lambda r: r["heldout/loss"])
    assert chosen["step"] == fit["chosen_step"]
    assert chosen["heldout/mae"] == pytest.approx(error[validation].mean(), abs=1e-5)


def test_stages_one_by_one_make_what_reproduce_makes(
    commands, helpers, reproduced, inputs, tmp_path
):
    # The training stages are compared in test_resumption.py.
    made = {
        "sample": "gallery",
        "simulate": "objectives/color-red/interactions",
        "evaluate": "objectives/color-red/evaluation",
        "report": "report",
    }
    for stage, folder in made.items():
        flags = [*commands.tiny.get(stage, ())]
        flags += [f"--{name}={path}" for name, path in inputs[stage].items()]
        flags += ["--objective=color:red"] * (stage in ("simulate", "evaluate"))
        # What starts TensorFlow runs in this process, which has paid for that.
        run = commands.call if stage in ("sample", "evaluate") else commands.run
        result = run(stage, *flags, f"--output={tmp_path / stage}")
        assert (result.status, result.complaints) == (0, []), result
        mine, its = helpers.tree(tmp_path / stage), helpers.tree(reproduced / folder)
        assert set(mine) == set(its)
        # Names of folders, and the time, are in these.
        for name in set(mine) - {"options.json", "index.html", "results.csv"}:
            assert mine[name] == its[name], name
    assert _names(tmp_path) == set(made)


def test_the_estimate_before_tuning_is_of_images_that_nobody_learned_from(
    commands, reproduced, inputs, tmp_path
):
    evaluation = json.loads((reproduced / EVALUATION).read_text())
    learned, new = (read_gallery(reproduced / name) for name in ("gallery", "before"))
    assert not {image.tobytes() for image in learned.images} & {
        image.tobytes() for image in new.images
    }
    judge = estimator.PirEstimator.load(inputs["evaluate"]["estimator"])
    mean = float(np.mean(judge.expected_pir(training.to_float(new.images))))
    assert evaluation["estimated"]["before"] == pytest.approx(mean, abs=1e-5)
    assert evaluation["estimated"]["learned_before"] is False

    # A copy elsewhere of what it learned from is known, too.
    shutil.copytree(reproduced / "gallery", tmp_path / "copy")
    flags = {**inputs["evaluate"], "before": tmp_path / "copy", "objective": "color:red"}
    given = [f"--{name}={value}" for name, value in flags.items()]
    assert commands.call("evaluate", *given, output=tmp_path / "evaluation").status == 0
    content = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert content["estimated"]["learned_before"] is True


def test_the_galleries_are_of_different_seeds(reproduced):
    seeds = [
        json.loads((reproduced / folder / "options.json").read_text())["options"]["seed"]
        for folder in ("gallery", "objectives/color-red/gallery", "before")
    ]
    assert seeds == [0, 1, 2**30]


def test_the_report_is_one_page_that_needs_no_other_file(reproduced):
    page = (reproduced / "report" / "index.html").read_text()
    assert "color:red" in page
    assert 'src="data:' in page and 'src="http' not in page


def test_reproduce_says_what_came_out(reproducing):
    result, _ = reproducing.result()
    assert (result.status, result.complaints) == (0, [])
    assert result.stdout.splitlines()[-1].startswith("color:red ")


def test_a_finished_run_is_refused_and_stays(commands, helpers, reproduced):
    before = helpers.tree(reproduced)
    flags = ("--objectives=color:red", "--sample_num_images=400")
    assert "output exists" in commands.call("reproduce", *flags, output=reproduced).refusal()
    assert helpers.tree(reproduced) == before


def test_reproduce_stopped_and_started_again_gives_the_same_evaluation(sweeping, reproduced):
    _, result, run = sweeping.result()
    assert (result.status, result.complaints) == (0, []), result
    assert (run / EVALUATION).read_bytes() == (reproduced / EVALUATION).read_bytes()
    for folder, (_, names) in FILES.items():
        if folder.startswith("objectives"):
            assert _names(run / folder) == names
