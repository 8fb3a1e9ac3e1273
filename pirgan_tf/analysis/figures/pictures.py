"""Pictures as parts of a page, which then needs no other file."""

import base64
import io
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pirgan_tf.files.picture import read_picture

# A page has up to four grids an objective.
_QUALITY = 75
_DRAFT_DPI, _PRINT_DPI = 120, 160
_NUM_COLORS = 64


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PATH.png and PATH.svg, with the same bytes each time."""
    with matplotlib.rc_context({"svg.hashsalt": path.name}):
        figure.savefig(path.with_name(f"{path.name}.svg"), metadata={"Date": None})
    figure.savefig(path.with_name(f"{path.name}.png"), dpi=_PRINT_DPI)


def save_small(figure: Figure, path: Path) -> None:
    """Write a figure as PATH.png for a screen; few colours take a quarter of the bytes."""
    figure.set_dpi(_DRAFT_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba())
    few = picture.quantize(_NUM_COLORS, method=Image.Quantize.FASTOCTREE)
    few.save(path.with_name(f"{path.name}.png"))


def inline(path: Path) -> str:
    """Return a PNG, JPEG or SVG file as the source of an image in a page."""
    kind = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}[path.suffix]
    return _source(kind, path.read_bytes())


def inline_photo(path: Path, *, crop: bool = False) -> str:
    """Return a PNG file of photographs as the source of an image in a page, as a JPEG.

    Args:
        path: the file.
        crop: whether to keep only the upper part of what is taller than half its width.
    """
    picture = read_picture(path)
    width, height = picture.size
    height = min(height, width // 2 + 1) if crop else height
    stream = io.BytesIO()
    picture.crop((0, 0, width, height)).save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return _source("image/jpeg", stream.getvalue())


def _source(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
