"""Sizes of images, and of the layers that follow from them."""

from pirgan_tf.errors import InputError

IMAGE_SIZES = (32, 64, 128)
"""Widths and heights of images that every family takes, in pixels; 64 is the paper's."""

_SMALLEST_DEPTH = 16


def check_image_size(image_size: int) -> None:
    """Checks that networks can be built for images of this size.

    Raises:
        InputError: if they cannot.
    """
    if image_size not in IMAGE_SIZES:
        raise InputError(
            f"image_size must be one of {', '.join(map(str, IMAGE_SIZES))}. Received: {image_size}"
        )


def count_halvings(image_size: int, smallest: int) -> int:
    """Returns how often an image is halved until its size is `smallest`, a power of 2.

    Raises:
        InputError: if there are no networks for images of this size.
    """
    check_image_size(image_size)
    return (image_size // smallest).bit_length() - 1


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


def check_width(width: float) -> None:
    """Checks that every layer of the shipped families keeps a channel.

    Raises:
        InputError: if one does not.
    """
    scale_depth(_SMALLEST_DEPTH, width)
