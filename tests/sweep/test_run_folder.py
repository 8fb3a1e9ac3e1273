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


def test_a_run_that_another_process_writes_is_refused(options):
    with (
        run_folder("reproduce", options(1), _is_finished),
        pytest.raises(InputError, match="another process"),
    ):
        finish(options(1, overwrite=True))
