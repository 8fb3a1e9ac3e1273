"""The exceptions that a user of the package meets, and the refusal of unknown names."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the caller gave is wrong; the message is the whole explanation.

    The message is one line which names what was received and what would be
    right. A command prints it and exits with status 2.
    """


class TrainingError(RuntimeError):
    """A run cannot continue, for example because a loss is no longer finite.

    A command prints the message and exits with status 1.
    """


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop, and has kept what it needs to resume.

    A command prints the message and exits with status 128 + the signal.

    Attributes:
        signum: the signal that asked, SIGTERM or SIGINT.
    """

    def __init__(self, signum: int, message: str):
        # Both, so that it can be pickled on its way from a worker process.
        super().__init__(signum, message)
        self.signum = signum

    def __str__(self) -> str:
        return self.args[1]


def check_name(kind: str, name: str, known: Iterable[str]) -> None:
    """Refuses an unknown name, and suggests the near miss.

    Raises:
        InputError: if `name` is not among the `known`.
    """
    known = list(known)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise InputError(f"{kind} must be one of {', '.join(known)}. Received: {name!r}{hint}")
