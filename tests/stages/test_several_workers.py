"""One output of several workers, which are threads here; tests/training has processes."""

import concurrent.futures
import dataclasses
import threading

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.stages.pretrain import PretrainOptions
from pirgan_tf.stages.shared import several_workers
from pirgan_tf.training.workers import Workers


class Threads(Workers):
    """Workers that meet in the memory of one process."""

    def __init__(self, place, barrier, sent):
        super().__init__(place=place, count=barrier.parties)
        self._barrier, self._sent = barrier, sent

    def gather(self, *figures):
        self._sent[self.place] = figures
        self._barrier.wait(10)
        everyone = np.array([self._sent[place] for place in range(self.count)], np.float64)
        self._barrier.wait(10)
        return everyone


def run_all(do, count=2):
    """Calls `do` with each of the workers; returns what it returned or raised."""
    barrier, sent = threading.Barrier(count), {}
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(do, Threads(place, barrier, sent)) for place in range(count)]
    return [future.exception() or future.result() for future in futures]


@pytest.fixture
def options(tmp_path):
    return PretrainOptions(output=str(tmp_path / "new" / "gan"), steps=8)


def work(options, workers, fails=False):
    with several_workers.training_folder("pretrain", options, workers) as folder:
        found = sorted(path.name for path in (folder / "checkpoints").glob("*"))
        (folder / "checkpoints").mkdir(exist_ok=True)
        (folder / "checkpoints" / f"ckpt-{len(found) + 1}.index").touch()
        (folder / f"by-{workers.place}").touch()
        if fails:
            raise TrainingError("loss must stay finite. Received: nan")
    return folder, found


def test_the_chief_writes_the_output_and_others_leave_nothing(options, tmp_path):
    (chief, _), *others = run_all(lambda workers: work(options, workers), 3)
    assert chief == tmp_path / "new" / "gan.partial"
    output = tmp_path / "new" / "gan"
    assert {path.name for path in output.iterdir()} == {"options.json", "by-0"}
    assert list(output.parent.iterdir()) == [output]
    assert not any(folder.exists() for folder, _ in others)


def test_all_begin_with_the_chiefs_checkpoints(options):
    failed = run_all(lambda workers: work(options, workers, fails=True))
    assert [str(error) for error in failed] == ["loss must stay finite. Received: nan"] * 2
    seen = run_all(lambda workers: work(options, workers))
    assert [found for _, found in seen] == [["ckpt-1.index"]] * 2


def test_a_folder_that_they_do_not_share_is_refused_on_all(options, tmp_path, monkeypatch):
    monkeypatch.setattr(several_workers, "_SHARING_SECONDS", 0.3)
    other = dataclasses.replace(options, output=str(tmp_path / "local" / "gan"))
    errors = run_all(lambda workers: work(other if workers.place else options, workers))
    for error in errors:
        assert isinstance(error, InputError)
        assert "one that all workers share" in str(error)
        assert str(error).endswith("another folder on worker 1")
    assert not list(tmp_path.iterdir())


def test_other_flags_than_the_chiefs_are_refused_on_all(options):
    def check(seeds):
        return run_all(
            lambda workers: several_workers.check_same_flags(
                dataclasses.replace(options, seed=seeds[workers.place]), workers
            ),
            3,
        )

    assert check((1, 1, 1)) == [None] * 3
    for error in check((1, 1, 2)):
        assert isinstance(error, InputError)
        assert "the same flags" in str(error) and str(error).endswith("on worker 2")


@pytest.mark.parametrize("strategy, kind", [("multi_worker", TrainingError), ("one", None)])
def test_only_with_several_workers_an_error_of_the_network_is_one_of_theirs(
    options, strategy, kind
):
    lost = tf.errors.UnavailableError(None, None, "Aborted: reported from /job:worker/task:1: T")

    @several_workers.ending_together
    def run(_):
        raise lost

    with pytest.raises(kind or tf.errors.UnavailableError) as error:
        run(dataclasses.replace(options, strategy=strategy))
    if kind:
        assert str(error.value).endswith("Received: UnavailableError from /job:worker/task:1")
        assert "\n" not in str(error.value)
