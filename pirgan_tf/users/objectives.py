"""Objectives by name, as `--objective` takes them: KIND:ARGUMENTS."""

import difflib
from collections.abc import Callable
from typing import NamedTuple

from pirgan_tf.errors import InputError
from pirgan_tf.users import colors, vgg16
from pirgan_tf.users.rates import Objective


class Kind(NamedTuple):
    """A kind of objective.

    Attributes:
        build: arguments and weights of VGG16 -> objective; raises InputError, which
            says what is wrong.
        nearest: arguments -> the arguments that were probably meant, or None.
        forms: examples of right texts.
    """

    build: Callable[[str, str], Objective]
    nearest: Callable[[str], str | None]
    forms: str


KINDS = {
    "color": Kind(
        lambda names, _: colors.color_objective(names), colors.nearest_colors, colors.FORMS
    ),
    "vgg16": Kind(vgg16.vgg16_objective, vgg16.nearest_filters, vgg16.FORMS),
}


def parse_objective(text: str, vgg16_weights: str = "imagenet") -> Objective:
    """Return the objective that a text such as "color:red-blue" or "vgg16:pool5:3,9" names.

    The text must be canonical, so that one objective has one name in every
    record; one that is nearly right is refused with what was probably meant.

    Args:
        text: kind and arguments.
        vgg16_weights: the weights for objectives of kind vgg16, which are looked at
            when images are measured; see `check_vgg16_weights`.

    Raises:
        InputError: no such kind, or arguments which the kind refuses.
    """
    if not isinstance(text, str):
        raise InputError(f"objective must be a text such as 'color:red'. Received: {text!r}")
    name, colon, arguments = text.partition(":")
    if colon and name in KINDS:
        kind = KINDS[name]
        try:
            return kind.build(arguments, vgg16_weights)
        except InputError as error:
            meant = kind.nearest(arguments)
            advice = f"write {kind.forms}" if meant is None else f"did you mean {name}:{meant}?"
            raise InputError(f"{error}; {advice}") from None
    # The kind may be misspelt or missing.
    near = difflib.get_close_matches(name.strip().lower(), KINDS, n=1)
    for candidate, rest in [(kind, arguments) for kind in near] + [(kind, text) for kind in KINDS]:
        meant = KINDS[candidate].nearest(rest)
        if meant is not None:
            raise InputError(
                f"objective must begin with {' or '.join(KINDS)}. Received: {text!r}; "
                f"did you mean {candidate}:{meant}?"
            )
    forms = "; ".join(f"{name} (write {kind.forms})" for name, kind in KINDS.items())
    raise InputError(f"objective must be of a known kind: {forms}. Received: {text!r}")
