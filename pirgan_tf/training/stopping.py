"""Signals while a run trains: the first stops it when nothing is lost, the second at once."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pirgan_tf.errors import Interrupted

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether a run has been asked to stop.

    Args:
        together: whether others train with this process: then a signal is only noted, and the
            loop sets `signum` where all of them stop.

    Attributes:
        noted: the last signal to this process, 0 so far.
        signum: the signal that asked, None so far.
        saved: the newest step with a checkpoint, or the one at which the run began.
        unsaved: whether a later step has been made; if not, a signal need not wait.
    """

    def __init__(self, together: bool = False) -> None:
        self._together = together
        self.noted = 0
        self.signum: int | None = None
        self.saved = 0
        self.unsaved = False

    def interrupt(self) -> None:
        """Ends the run if it has been asked to stop.

        Raises:
            Interrupted: if so.
        """
        if self.signum is not None:
            name = signal.Signals(self.signum).name
            kept = "checkpoint written" if self.saved else "nothing to resume from"
            raise Interrupted(self.signum, f"stopped at step {self.saved} by {name}; {kept}")

    def _note(self, signum: int, _: Any) -> None:
        self.noted = signum
        if not self._together:
            self.signum = signum
            if not self.unsaved:
                self.interrupt()


@contextmanager
def stopping(together: bool = False) -> Iterator[Stopping]:
    """Notes SIGTERM and SIGINT instead of dying of the first, where Python allows it.

    Args:
        together: see `Stopping`.
    """
    state = Stopping(together)
    if threading.current_thread() is not threading.main_thread():
        yield state
        return
    previous = {number: signal.signal(number, state._note) for number in _SIGNALS}
    try:
        # A worker's second signal comes from a group that was stopped as a whole, and
        # its parent ends it in time.
        if multiprocessing.parent_process():
            yield state
        else:
            with _second_ends_at_once():
                yield state
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _second_ends_at_once() -> Iterator[None]:
    # Python's handlers wait for TensorFlow, which may be compiling for a minute: a thread does not.
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    previous = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reads,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        os.close(writes)
        watcher.join()
        os.close(reads)


def _watch(reads: int) -> None:
    count = 0
    while received := os.read(reads, 1):
        count += received[0] in _SIGNALS
        if count == 2:
            os._exit(128 + received[0])
