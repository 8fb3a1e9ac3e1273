"""The names of posteriors."""

from pirgan_tf.errors import InputError


def read_flow(name: str) -> tuple[int, int] | None:
    """Returns depth and width of a posterior's name, or None for one that is no flow.

    Args:
        name: `diagonal`, `linear` or `iaf:DEPTHxWIDTH`.

    Raises:
        InputError: for another name.
    """
    if name in ("diagonal", "linear"):
        return None
    kind, _, form = name.partition(":")
    numbers = form.split("x")
    right = kind == "iaf" and len(numbers) == 2 and all(text.isdecimal() for text in numbers)
    if right:
        depth, width = map(int, numbers)
        if 0 < depth < 100 and 0 < width < 2**15:
            return depth, width
    raise InputError(
        "a posterior must be diagonal, linear, or iaf:DEPTHxWIDTH with up to 99 steps of up to "
        f"32,767 hidden units, such as iaf:2x320. Received: {name}"
    )
