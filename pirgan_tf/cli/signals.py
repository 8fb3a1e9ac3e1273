"""How a command ends when it is asked to: SIGINT and SIGTERM."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from pirgan_tf.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def raised(hint: str = "") -> Iterator[None]:
    """Turns the first signal into `Interrupted`; the second ends the process at once.

    Args:
        hint: what the message says in addition to the signal.
    """

    def stop(number: int, _: Any) -> NoReturn:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        raise Interrupted(number, f"stopped by {signal.Signals(number).name}{hint}")

    with _handled(stop):
        yield


@contextmanager
def ending_at_once(name: str) -> Iterator[None]:
    """Has a signal end the process with one line, where an exception would get lost.

    Args:
        name: what the line begins with.
    """
    # Others may redirect the usual one meanwhile.
    error = os.dup(2)

    def end(number: int, _: Any) -> NoReturn:
        os.write(error, f"{name}: stopped by {signal.Signals(number).name}\n".encode())
        os._exit(128 + number)

    try:
        with _handled(end):
            yield
    finally:
        os.close(error)


@contextmanager
def _handled(handler: Callable[[int, Any], NoReturn]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, earlier in previous.items():
            signal.signal(number, earlier)
