import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pirgan_tf.errors import InputError, Interrupted, TrainingError
from pirgan_tf.training.checkpoints import Checkpoints
from pirgan_tf.training.loop import Schedule, run
from pirgan_tf.training.workers import Workers

QUIET = {"checkpoint_minutes": 0.0}


def checkpoints(folder):
    return sorted(int(path.stem[5:]) for path in (folder / "checkpoints").glob("ckpt-*.index"))


def schedule(steps, **settings):
    return Schedule(steps, **{"log_every": 5, "checkpoint_every": 0, **QUIET, **settings})


def restored(trainer, folder):
    """The values of the newest checkpoint, in the variables of a new trainer."""
    checkpoint = tf.train.Checkpoint(**trainer.checkpoint_items())
    newest = folder / "checkpoints" / f"ckpt-{checkpoints(folder)[-1]}"
    checkpoint.restore(str(newest)).expect_partial()
    return trainer.values()


def same(left, right):
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.fixture
def make_folder(tmp_path):
    def make(name):
        (tmp_path / name).mkdir()
        return tmp_path / name

    return make


def test_next_stop_is_the_first_step_at_which_something_is_due():
    plan = Schedule(17, log_every=4, evaluate_every=6, images_every=7, checkpoint_every=5)
    stops = [plan.next_stop(step) for step in range(17)]
    # Multiples of 4, 6, 7 and 5, and the last step.
    assert stops == [4, 4, 4, 4, 5, 6, 7, 8, 10, 10, 12, 12, 14, 14, 15, 16, 17]


def test_what_never_happens_stops_nothing():
    plan = Schedule(50, log_every=100, evaluate_every=0, images_every=0, checkpoint_every=0)
    assert plan.next_stop(0) == 50


def test_a_resumed_run_equals_a_straight_one_bit_for_bit(make_line_trainer, make_folder, stop):
    plan = schedule(12, checkpoint_every=4, evaluate_every=6)
    straight = make_line_trainer()
    assert run(straight, plan, make_folder("straight")) == 12

    folder = make_folder("resumed")
    with pytest.raises((RuntimeError, Interrupted)) as stopped:
        run(make_line_trainer(at={6: stop}), plan, folder)
    resumed = make_line_trainer()
    assert not same(resumed.values(), straight.values())
    assert run(resumed, plan, folder) == 12

    assert same(resumed.values(), straight.values())
    assert same(restored(make_line_trainer(), folder), straight.values())
    # After the crash at step 6 it began again from step 4, after the signal from step 6.
    assert resumed.evaluated == ([12] if stopped.errisinstance(Interrupted) else [6, 12])


def test_a_checkpoint_of_another_network_is_refused(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(4), tmp_path)
    other = make_line_trainer()
    more = {"added": tf.Variable(0.0)}
    other.checkpoint_items = lambda: type(other).checkpoint_items(other) | more
    with pytest.raises(
        InputError, match=r"of the same networks, .* delete it to start from the beginning"
    ):
        run(other, schedule(8), tmp_path)
    assert checkpoints(tmp_path) == [4]


def test_optimizer_slots_are_part_of_the_checkpoint(make_line_trainer, tmp_path):
    trainer = make_line_trainer()
    run(trainer, schedule(3), tmp_path)
    other = make_line_trainer()
    momenta = [v for v in other.optimizer.variables if "momentum" in v.path]
    assert momenta
    assert not any(v.numpy().any() for v in momenta)
    restored(other, tmp_path)
    assert all(v.numpy().any() for v in momenta)
    assert int(other.optimizer.iterations) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_a_checkpoint(make_line_trainer, tmp_path, number):
    trainer = make_line_trainer(at={6: lambda _: os.kill(os.getpid(), number)})
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=f"stopped at step 6 by {number.name}") as caught:
        run(trainer, schedule(12, evaluate_every=6), tmp_path)
    assert caught.value.signum == number
    assert isinstance(caught.value, KeyboardInterrupt)
    assert checkpoints(tmp_path) == [6]
    assert same(restored(make_line_trainer(), tmp_path), trainer.values())
    assert signal.getsignal(number) == before


def test_a_signal_need_not_wait_where_nothing_can_be_lost(make_line_trainer, tmp_path):
    """As while TensorFlow traces the first step, which may take a minute."""
    trainer = make_line_trainer()
    trainer.draw_batch = lambda *_: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Interrupted, match="stopped at step 0 by SIGINT; nothing to resume from"):
        run(trainer, schedule(12), tmp_path)
    assert trainer.steps_made() == 0


class Pair(Workers):
    """This process, and another one which gets a SIGTERM in one of the calls."""

    def __init__(self, call=0):
        super().__init__(count=2)
        self.calls_left = call

    def gather(self, *figures):
        self.calls_left -= 1
        return np.array([figures, (0, 0, signal.SIGTERM if self.calls_left == 0 else 0)])


def test_a_signal_to_another_worker_stops_this_one_with_a_checkpoint(make_line_trainer, tmp_path):
    trainer = make_line_trainer()
    trainer.workers = Pair(call=3)
    with pytest.raises(Interrupted, match="stopped at step 3 by SIGTERM; checkpoint written"):
        run(trainer, schedule(12, log_every=1), tmp_path)
    assert checkpoints(tmp_path) == [3]


def test_a_signal_waits_until_all_workers_have_heard_of_it(make_line_trainer, tmp_path):
    trainer = make_line_trainer(at={2: lambda _: os.kill(os.getpid(), signal.SIGINT)})
    trainer.workers = Pair()
    # At step 2 the other one may have gone on already.
    with pytest.raises(Interrupted, match="stopped at step 3 by SIGINT; checkpoint written"):
        run(trainer, schedule(12, log_every=1, evaluate_every=2), tmp_path)


def test_a_signal_during_the_last_save_is_not_lost(make_line_trainer, tmp_path, monkeypatch):
    save = Checkpoints.save

    def slow_save(checkpoints, step, records):
        os.kill(os.getpid(), signal.SIGTERM)
        save(checkpoints, step, records)

    monkeypatch.setattr(Checkpoints, "save", slow_save)
    with pytest.raises(Interrupted, match="stopped at step 7 by SIGTERM; checkpoint written"):
        run(make_line_trainer(), schedule(7), tmp_path)
    assert checkpoints(tmp_path) == [7]
    monkeypatch.undo()
    assert run(make_line_trainer(), schedule(7), tmp_path) == 7
    assert '"step": 7,' in (tmp_path / "stats.jsonl").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_though_tensorflow_is_busy(helpers, number):
    code = """
import hashlib
from pirgan_tf.training.stopping import stopping
with stopping() as stop:
    stop.unsaved = True
    print("busy", flush=True)
    # It takes minutes, and Python's handlers of signals wait for it, as for TensorFlow.
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10**9)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=helpers.environment(), stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"busy\n"
    for _ in range(2):
        process.send_signal(number)
        time.sleep(0.3)
    started = time.monotonic()
    try:
        assert process.wait(timeout=2) == 128 + number
    finally:
        process.kill()
    assert time.monotonic() - started < 2


def test_handlers_of_signals_are_given_back(make_line_trainer, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    run(make_line_trainer(), schedule(1), tmp_path)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_run_works_outside_the_main_thread(make_line_trainer, tmp_path):
    ended = []
    thread = threading.Thread(
        target=lambda: ended.append(run(make_line_trainer(), schedule(2), tmp_path))
    )
    thread.start()
    thread.join()
    assert ended == [2]


def test_a_loss_that_is_not_finite_ends_the_run_without_a_checkpoint(make_line_trainer, tmp_path):
    trainer = make_line_trainer(poisoned_loss=7)
    with pytest.raises(
        TrainingError, match=r"loss/line must stay finite.*in steps \d+ to \d+"
    ) as error:
        run(trainer, schedule(12, checkpoint_every=5), tmp_path)
    words = str(error.value).split()
    first, last = int(words[words.index("steps") + 1]), int(words[words.index("to") + 1].strip(":"))
    # Step 7 from 0 is the eighth, and a checkpoint splits the steps after 5 and 10.
    assert 6 <= first <= 8 <= last <= 10
    assert checkpoints(tmp_path) == [5]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_reaches_no_checkpoint(make_line_trainer, tmp_path, value):
    def poison(trainer):
        # Not the weight itself, which the loss would tell of, but Adam's average of it.
        trainer.optimizer.variables[-1].assign([value])

    trainer = make_line_trainer(at={10: poison})
    with pytest.raises(TrainingError, match=r"optimizer must stay finite.*at step 10"):
        run(trainer, schedule(12, evaluate_every=10, checkpoint_every=5), tmp_path)
    assert checkpoints(tmp_path) == [5]
    assert np.isfinite(np.concatenate([np.ravel(v) for v in restored(trainer, tmp_path)])).all()


def test_the_newest_checkpoints_are_kept(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(9, checkpoint_every=2, keep_checkpoints=3), tmp_path)
    assert checkpoints(tmp_path) == [6, 8, 9]


def test_the_last_step_has_a_checkpoint_even_if_none_was_due(make_line_trainer, tmp_path):
    trainer = make_line_trainer()
    run(trainer, schedule(7), tmp_path)
    assert checkpoints(tmp_path) == [7]
    assert same(restored(make_line_trainer(), tmp_path), trainer.values())


def test_checkpoints_come_by_time_too(make_line_trainer, tmp_path):
    plan = schedule(6, log_every=2, checkpoint_minutes=1e-9, keep_checkpoints=9)
    run(make_line_trainer(), plan, tmp_path)
    assert set(checkpoints(tmp_path)) >= {2, 4, 6}


def test_a_finished_run_does_nothing_more(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(5), tmp_path)
    stats = (tmp_path / "stats.jsonl").read_text()
    again = make_line_trainer()
    assert run(again, schedule(5), tmp_path) == 5
    assert again.traces == 0
    assert (tmp_path / "stats.jsonl").read_text() == stats


def test_a_longer_schedule_goes_on_from_the_last_step(make_line_trainer, make_folder):
    straight, folder = make_line_trainer(), make_folder("longer")
    run(straight, schedule(8), make_folder("straight"))
    run(make_line_trainer(), schedule(5), folder)
    longer = make_line_trainer()
    run(longer, schedule(8), folder)
    assert same(longer.values(), straight.values())


def test_a_trainer_may_finish_early(make_line_trainer, tmp_path):
    trainer = make_line_trainer(finishes_at=4)
    assert run(trainer, schedule(100, log_every=4), tmp_path) == 4
    assert checkpoints(tmp_path) == [4]
    assert '"step": 4,' in (tmp_path / "stats.jsonl").read_text()


def test_evaluations_are_made_when_due_and_at_the_end(make_line_trainer, tmp_path):
    trainer = make_line_trainer()
    run(trainer, schedule(10, evaluate_every=4), tmp_path)
    assert trainer.evaluated == [4, 8, 10]


def test_training_is_traced_once_however_the_steps_are_split(make_line_trainer, tmp_path):
    trainer = make_line_trainer()
    run(trainer, schedule(1), tmp_path)
    traces = trainer.traces
    assert traces > 0
    run(trainer, schedule(40, log_every=3, checkpoint_every=7), tmp_path)
    assert trainer.traces == traces
    assert trainer.train.experimental_get_tracing_count() == 1


def test_sums_of_losses_have_the_same_bits_however_the_steps_are_split(make_line_trainer):
    def total(*counts):
        trainer, first, sums = make_line_trainer(), 0, 0.0
        for count in counts:
            losses = trainer.train(tf.constant(first, tf.int64), tf.constant(count, tf.int64))
            first, sums = first + count, sums + float(losses["loss/line"])
        return sums

    assert total(40) == total(1, 12, 27)


def test_images_are_written_when_due_and_the_first_before_training(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(10, images_every=4), tmp_path)
    images = {path.name: np.asarray(Image.open(path)) for path in (tmp_path / "images").iterdir()}
    brightness = {name: set(image.ravel().tolist()) for name, image in images.items()}
    assert brightness == {
        "fakes_init.png": {0},
        "fakes_000004.png": {4},
        "fakes_000008.png": {8},
        "fakes_000010.png": {10},
    }


def test_a_resumed_run_keeps_the_first_image(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(3), tmp_path)
    run(make_line_trainer(), schedule(6), tmp_path)
    assert set(np.asarray(Image.open(tmp_path / "images" / "fakes_init.png")).ravel()) == {0}


def test_a_trainer_without_images_writes_none(make_line_trainer, tmp_path, monkeypatch):
    trainer = make_line_trainer()
    monkeypatch.setattr(trainer, "draw_images", lambda: None)
    run(trainer, schedule(2, images_every=1), tmp_path)
    assert not (tmp_path / "images").exists()


def test_fewer_steps_than_the_checkpoint_has_are_refused(make_line_trainer, tmp_path):
    run(make_line_trainer(), schedule(6), tmp_path)
    with pytest.raises(InputError, match=r"at least 6.* 5"):
        run(make_line_trainer(), schedule(5), tmp_path)
