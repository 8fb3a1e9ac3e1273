"""From an image file of any kind to 8-bit sRGB, and to a small square image."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from pirgan_tf.errors import InputError

MAX_PIXELS = 178_000_000
"""Larger images are refused before decoding: Pillow's own limit on decompression bombs."""

# Pillow knows more, but hands some of them to other programs (EPS to Ghostscript).
_FORMATS = frozenset(
    {"AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP"}
)


def read_photo(path: Path, min_size: int = 1) -> Image.Image:
    """Reads an image, upright and in 8-bit sRGB; of an animation, the first frame.

    Args:
        path: The file.
        min_size: The least width and height in pixels.

    Returns:
        An image of mode RGB.

    Raises:
        InputError: With the reason, if the file is not an image, is damaged, or is too
            small or too large. The message does not repeat the path.
    """
    # Opening a pipe or a device could block for ever.
    if not path.is_file():
        raise InputError("not a regular file")
    # Pillow's decoders meet damaged files with a dozen types of exception, struct.error,
    # SyntaxError and ZeroDivisionError among them.
    try:
        with Image.open(path) as image:
            _check_header(image, min_size)
            return to_rgb(ImageOps.exif_transpose(image))
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError("not an image of a known format") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"larger than {MAX_PIXELS} pixels") from error
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            raise InputError(f"unreadable ({error.strerror})") from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"truncated or corrupt ({reason})") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Converts any mode to 8-bit sRGB.

    An embedded colour profile is applied, transparency is laid on white, and 16-bit
    greys are scaled to 8 bits.

    Raises:
        InputError: If the range of the pixel values is unknown (floating point).
    """
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image = _scale_16_bits(image)
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode in ("1", "P"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def square_thumbnail(image: Image.Image, size: int) -> Image.Image:
    """The central square; each of its `size` x `size` pixels averages the area it covers.

    What is smaller is enlarged between its pixels (bilinear).
    """
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    method = Image.Resampling.BOX if side >= size else Image.Resampling.BILINEAR
    return image.resize((size, size), method, box=(left, top, left + side, top + side))


def _check_header(image: Image.Image, min_size: int) -> None:
    if image.format not in _FORMATS:
        raise InputError(f"not a photograph but {image.format}")
    if image.width * image.height > MAX_PIXELS:
        raise InputError(f"larger than {MAX_PIXELS} pixels ({image.width}x{image.height})")
    if min(image.size) < min_size:
        raise InputError(f"smaller than {min_size}x{min_size} ({image.width}x{image.height})")


def _scale_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    # Pillow gives some 16-bit files the mode I, of 32 bits; wider values and floats do
    # not say which of them is white.
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise InputError(f"pixel values of unknown range (mode {image.mode})")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode=mode,
        )
    except (ImageCms.PyCMSError, OSError):
        # A damaged profile, or one for another mode: every viewer shows such photographs
        # as if they had none.
        return image
    return converted or image
