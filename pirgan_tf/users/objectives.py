"""Objectives by name, as `--objective` takes them: KIND:ARGUMENTS."""

import difflib
from collections.abc import Callable
from typing import NamedTuple

from pirgan_tf.errors import InputError
from pirgan_tf.users import colors
from pirgan_tf.users.rates import Objective


class Kind(NamedTuple):
    """A kind of objective.

    Attributes:
        build: arguments -> objective; raises InputError, which says what is wrong.
        nearest: arguments -> the arguments that were probably meant, or None.
        forms: examples of right texts.
    """

    build: Callable[[str], Objective]
    nearest: Callable[[str], str | None]
    forms: str


KINDS = {
    "color": Kind(colors.color_objective, colors.nearest_colors, colors.FORMS),
}


def parse_objective(text: str) -> Objective:
    """Return the objective that a text such as "color:red-blue" names.

    The text must be canonical, so that one objective has one name in every
    record; one that is nearly right is refused with what was probably meant.

    Raises:
        InputError: no such kind, or arguments which the kind refuses.
    """
    if not isinstance(text, str):
        raise InputError(f"an objective is a text such as 'color:red'; received {text!r}")
    name, colon, arguments = text.partition(":")
    if colon and name in KINDS:
        kind = KINDS[name]
        try:
            return kind.build(arguments)
        except InputError as error:
            meant = kind.nearest(arguments)
            advice = f"write {kind.forms}" if meant is None else f"did you mean {name}:{meant}?"
            raise InputError(f"{error}: {advice}") from None
    candidates = difflib.get_close_matches(name.strip().lower(), KINDS, n=1) if colon else KINDS
    for candidate in candidates:
        meant = KINDS[candidate].nearest(arguments if colon else text)
        if meant is not None:
            raise InputError(f"unknown objective {text!r}: did you mean {candidate}:{meant}?")
    forms = "; ".join(f"{name} (write {kind.forms})" for name, kind in KINDS.items())
    raise InputError(f"unknown objective {text!r}; the known kinds are: {forms}")
