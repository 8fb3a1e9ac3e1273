import json

import fake_runs
import pytest

from pirgan_tf.analysis.table.runs import read_run
from pirgan_tf.errors import InputError


def slugs(run):
    return [objective.slug for objective in run.objectives]


def test_an_objective_with_one_weight_and_one_round(tmp_path):
    fake_runs.make_run(tmp_path / "run", side=2)
    run = read_run(tmp_path / "run")
    assert run.name == "run"
    assert slugs(run) == ["color-green-blue-red", "color-red", "color-red-blue"]
    red = run.objectives[1]
    assert red.text == "color:red"
    assert (red.round, red.kept, red.first, red.best_round, red.failure) == (
        (1, True, None, None, None)
    )
    assert red.seconds == 1 + 230 + 3700 + 4.5
    assert red.interactions["options"]["impressions"] == 1000
    assert red.fit["num_train"] == 900
    assert red.estimator.seconds == pytest.approx(2000 / 9)
    assert red.tuning.seconds == pytest.approx(3700)
    assert red.tuning.last.name == "fakes_010000.png"
    assert [row["step"] for row in red.tuning.stats][-1] == 10_000
    assert red.evaluation.diversity["recall"] == 0.62
    assert run.gan.reals.is_file()


def test_rounds_are_told_apart_and_counted(tmp_path):
    changes = [0.1 + 0.01 * number for number in range(11)]
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_rounds(tmp_path, "vgg16:pool2:17", changes, best=3)
    objectives = read_run(tmp_path).objectives
    assert [objective.round for objective in objectives] == list(range(1, 12))
    assert objectives[0].slug == "vgg16-pool2-17"
    assert objectives[10].slug == "vgg16-pool2-17-round-11"
    assert [objective.kept for objective in objectives].index(True) == 2
    assert sum(objective.kept for objective in objectives) == 1
    assert objectives[4].best_round["estimates"][2] == pytest.approx(0.62)
    assert objectives[0].first is None
    assert objectives[5].first is objectives[0]
    for objective, change in zip(objectives, changes, strict=True):
        assert objective.evaluation.comparison.change == pytest.approx(change, abs=0.01)


def test_until_the_best_round_is_known_the_first_is_kept(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_rounds(tmp_path, "vgg16:pool2:17", [0.1, 0.2], best=2)
    (fake_runs.slug_folder(tmp_path, "vgg16:pool2:17") / "best_round.json").unlink()
    assert [objective.kept for objective in read_run(tmp_path).objectives] == [True, False]


def test_the_best_round_must_be_one_that_is_there(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_rounds(tmp_path, "vgg16:pool2:17", [0.1, 0.2], best=3)
    with pytest.raises(InputError, match=r"one of the rounds there\. Received: 3 in .*pool2-17"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", ["round-0", "round-1", "round-2.5", "round-1e9"])
def test_other_rounds_are_refused(tmp_path, name):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_rounds(tmp_path, "vgg16:pool2:17", [0.1, 0.2], best=2)
    folder = fake_runs.slug_folder(tmp_path, "vgg16:pool2:17") / name
    folder.mkdir()
    with pytest.raises(InputError, match=f"must be round-2, round-3, ... Received: {folder}$"):
        read_run(tmp_path)


def test_weights_share_their_estimator(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    changes = {1000.0: 0.2, 0.5: 0.01, 1e6: 0.3}
    fake_runs.make_weights(tmp_path, "color:red", changes, family="single color")
    place = fake_runs.slug_folder(tmp_path, "color:red")
    (place / "weight-3.partial").mkdir()
    run = read_run(tmp_path)
    assert slugs(run) == [f"color-red-weight-{weight}" for weight in ("0.5", "1000", "1e+06")]
    for objective, weight in zip(run.objectives, sorted(changes), strict=True):
        assert objective.tuning.options["options"]["pir_weight"] == weight
        assert objective.estimator == run.objectives[0].estimator
        assert objective.kept


def test_a_failure_is_told_where_it_happened(tmp_path):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_failure(tmp_path, "vgg16:fc6:3", reason="loss/pir is not finite")
    (failed,) = read_run(tmp_path).objectives
    assert failed.text == "vgg16:fc6:3"
    assert failed.failure["reason"] == "loss/pir is not finite"
    assert failed.evaluation is None

    # In the second of two weights.
    fake_runs.make_weights(tmp_path, "color:red", {100.0: 0.1, 1000.0: 0.2}, "single color")
    fake_runs.make_failure(tmp_path, "color:red", "single color")
    place = fake_runs.slug_folder(tmp_path, "color:red")
    (place / "weight-1000" / "evaluation" / "evaluation.json").unlink()
    first, second, _ = read_run(tmp_path).objectives
    assert first.failure is None
    assert first.evaluation.family == "single color"
    assert second.failure["stage"] == "tune"
    assert second.tuning.options["options"]["pir_weight"] == 1000

    # Before there was a folder: what is finished stays.
    fake_runs.make_objective(tmp_path, "color:blue", "single color")
    fake_runs.make_failure(tmp_path, "color:blue", "single color")
    finished, failed = read_run(tmp_path).objectives[:2]
    assert finished.evaluation and finished.failure is None
    assert failed.failure and failed.evaluation is None and failed.tuning is None
    assert failed.slug != finished.slug


def test_an_unfinished_run_is_read_as_far_as_it_is(tmp_path):
    fake_runs.make_run(tmp_path, side=2)
    place = fake_runs.slug_folder(tmp_path, "color:red")
    (place / "evaluation" / "evaluation.json").unlink()
    stats = place / "gan" / "stats.jsonl"
    stats.write_text(stats.read_text() + '{"step": 10250, "loss/f')
    red = read_run(tmp_path).objectives[1]
    assert red.evaluation is None
    assert red.text == "color-red"
    assert red.tuning.stats[-1]["step"] == 10_000
    stats.write_text('{"step": 10250, "loss/f\n' + stats.read_text())
    with pytest.raises(InputError, match=r"stats\.jsonl, which has something else on line 1"):
        read_run(tmp_path)


def test_the_gan_may_be_pretrained_elsewhere(tmp_path):
    fake_runs.make_run(tmp_path / "first", side=2)
    fake_runs.make_empty_run(tmp_path / "second", gan=str(tmp_path / "first" / "gan"))
    second = read_run(tmp_path / "second")
    assert second.gan == read_run(tmp_path / "first").gan
    assert second.objectives == []
    fake_runs.make_empty_run(tmp_path / "third", gan=str(tmp_path / "gone"))
    fake_runs.make_objective(tmp_path / "third", "color:red", "single color")
    assert read_run(tmp_path / "third").gan is None


def test_a_run_of_version_0_1_is_read(tmp_path):
    fake_runs.make_run(tmp_path, side=2)
    place = fake_runs.slug_folder(tmp_path, "color:red")
    (place / "seconds.json").unlink()
    file = place / "evaluation" / "evaluation.json"
    content = json.loads(file.read_text())
    for name in ("layer", "diversity"):
        del content[name]
    for name in ("cohens_d_low", "cohens_d_high"):
        del content["comparison"][name]
    fake_runs.write_json(file, content)
    red = read_run(tmp_path).objectives[1]
    assert red.seconds is None
    assert red.evaluation.diversity is None
    assert red.evaluation.comparison.as_dict()["cohens_d_low"] is None
    assert red.evaluation.comparison.significant is True


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("failure.json", {"objective": "color:red"}, "which lacks the field 'family'"),
        ("best_round.json", {"estimates": [0.5]}, "which lacks the field 'round'"),
        ("seconds.json", {"tune": "1"}, "which has a field 'tune' that is not a number"),
        ("best_round.json", [2], "which holds no object"),
        (
            "estimator/fit.json",
            {"calibration": 3},
            "which has a field 'calibration' that is not a list",
        ),
        ("best_round.json", {"round": "1"}, "which has a field 'round' that is not a whole number"),
    ],
)  # fmt: skip
def test_wrong_records_are_refused(tmp_path, name, content, words):
    fake_runs.make_empty_run(tmp_path)
    fake_runs.make_objective(tmp_path, "color:red", "single color")
    file = fake_runs.slug_folder(tmp_path, "color:red") / name
    fake_runs.write_json(file, content)
    with pytest.raises(InputError) as raised:
        read_run(tmp_path)
    assert str(raised.value) == f"file must hold a JSON object. Received: {file}, {words}"
