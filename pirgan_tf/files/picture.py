"""The gate for pictures that this package has written: PNG files."""

from pathlib import Path

from PIL import Image

from pirgan_tf.files.path import check_file, explain, refusal


def read_picture(path: Path) -> Image.Image:
    """Reads a PNG file as RGB.

    Raises:
        InputError: the file is none, or damaged.
    """
    wanted = "picture must be a PNG file"
    check_file(path, wanted)
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            return picture.convert("RGB")
    # Pillow's decoders meet damaged files with a dozen types of exception.
    except Exception as error:
        raise refusal(wanted, path, f"cannot be read ({explain(error)})") from error
