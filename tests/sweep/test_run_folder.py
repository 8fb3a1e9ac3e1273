"""The folder of a run: a finished one stays until the new one is done."""

import dataclasses

import pytest

from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import run_folder
from pirgan_tf.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    number: int = option("Any number.", 0)


def _is_finished(folder):
    return (folder / "report").exists()


def finish(options):
    with run_folder("reproduce", options, _is_finished) as folder:
        (folder / "number.txt").write_text(str(options.number))
        (folder / "report").mkdir()


@pytest.fixture
def options(tmp_path):
    def make(number, overwrite=False):
        return RunOptions(output=str(tmp_path / "run"), number=number, overwrite=overwrite)

    return make


def numbers(folder):
    return sorted(path.read_text() for path in folder.glob("*/number.txt"))


def test_a_finished_run_is_refused(options, tmp_path):
    finish(options(1))
    with pytest.raises(InputError, match="output exists"):
        finish(options(2))
    assert numbers(tmp_path) == ["1"]


def test_a_finished_run_outlives_failures_of_the_new_one(options, tmp_path):
    finish(options(1))
    for number in (2, 3):
        with (
            pytest.raises(RuntimeError),
            run_folder("reproduce", options(number, overwrite=True), _is_finished),
        ):
            raise RuntimeError
        assert numbers(tmp_path) == ["1"]
    finish(options(3, overwrite=True))
    assert numbers(tmp_path) == ["3"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_unfinished_run_goes_on_with_what_is_there(options, tmp_path):
    with (
        pytest.raises(RuntimeError),
        run_folder("reproduce", options(1), _is_finished) as folder,
    ):
        (folder / "gan").mkdir()
        raise RuntimeError
    with run_folder("reproduce", options(1, overwrite=True), _is_finished) as folder:
        assert (folder / "gan").is_dir()


def refuse(options):
    with (
        pytest.raises(InputError, match="no GAN"),
        run_folder("reproduce", options, _is_finished),
    ):
        raise InputError("no GAN")


def test_a_run_that_is_refused_leaves_nothing(options, tmp_path):
    refuse(options(1))
    assert not list(tmp_path.iterdir())
    # The corrected command is not refused for what the first left.
    finish(options(2))
    assert numbers(tmp_path) == ["2"]


def test_a_finished_run_comes_back_if_the_new_one_is_refused(options, tmp_path):
    finish(options(1))
    refuse(options(2, overwrite=True))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert numbers(tmp_path) == ["1"]
    with pytest.raises(InputError, match="output exists"):
        finish(options(2))


def test_a_stopped_run_stays_and_keeps_its_options(options, tmp_path):
    for _ in range(2):
        with (
            pytest.raises(KeyboardInterrupt),
            run_folder("reproduce", options(1), _is_finished),
        ):
            raise KeyboardInterrupt
    with pytest.raises(InputError, match="number was 1 and is 2"):
        finish(options(2))


@pytest.mark.parametrize("overwrite", [False, True])
def test_somebodys_own_folder_is_spared(options, tmp_path, overwrite):
    for name in ("run", "run.replaced"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis").write_text("years of work")
        (tmp_path / name / "report").mkdir()
        with pytest.raises(InputError):
            finish(options(1, overwrite))
        assert (tmp_path / name / "thesis").exists()


def test_a_run_that_another_process_writes_is_refused(options):
    with (
        run_folder("reproduce", options(1), _is_finished),
        pytest.raises(InputError, match="another process"),
    ):
        finish(options(1, overwrite=True))
