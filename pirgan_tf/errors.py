"""The exceptions that a user of the package meets."""


class InputError(ValueError):
    """Something the caller gave is wrong; the message is the whole explanation.

    The message is one line which names what was received and what would be
    right. A command prints it and exits with status 2.
    """


class TrainingError(RuntimeError):
    """A run cannot go on, for example because a loss is no longer finite.

    A command prints the message and exits with status 1.
    """
