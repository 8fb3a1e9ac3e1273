"""How `width` scales the depths of both networks."""

from pirgan_tf.errors import InputError

SMALLEST_DEPTH = 16


def scale_depth(depth: int, width: float) -> int:
    """Scales a layer's number of channels.

    Raises:
        InputError: if no channel is left, or `width` is no finite number.
    """
    scaled = round(depth * width) if 0 < width < float("inf") else 0
    if scaled < 1:
        raise InputError(
            f"width must leave at least one channel of a layer's {depth}. Received: width={width}"
        )
    return scaled
