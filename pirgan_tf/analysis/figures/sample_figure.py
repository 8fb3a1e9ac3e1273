"""The paper's figure 4: images before tuning, and tuned for colours."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.analysis.figures.objective_figures import NothingToDraw
from pirgan_tf.analysis.table import selection
from pirgan_tf.files.picture import read_picture

_PANELS_A_ROW = 3


def color_samples(table: pd.DataFrame) -> Figure:
    """Draw figure 4: a grid of images before tuning, then one for each colour objective.

    The images are the first ones of random galleries, not chosen ones. They come
    from `images_before` and `images_after`, of the first run that has such files.
    """
    rows = selection.first_tuning(table)
    rows = rows[selection.is_color(rows)]
    if rows.empty:
        raise NothingToDraw("There is no evaluated colour objective.")
    there = [
        _is_file(row.images_before) and _is_file(row.images_after) for row in rows.itertuples()
    ]
    rows = rows[there]
    if rows.empty:
        raise NothingToDraw(
            "The images of the colour objectives are not where the table says they are."
        )
    rows = rows[rows["run"] == rows["run"].iloc[0]].drop_duplicates("objective")
    first = rows.iloc[0]
    panels = [("before tuning", first["images_before"])]
    panels += [
        (f"for {row.objective.removeprefix('color:')}", row.images_after)
        for row in rows.itertuples()
    ]
    height = math.ceil(len(panels) / _PANELS_A_ROW)
    figure = style.new_figure(2.05 * height)
    grid = figure.subplots(height, _PANELS_A_ROW, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for number, (axes, (title, path)) in enumerate(zip(grid.flat, panels, strict=False)):
        axes.imshow(_square(Path(path)), interpolation="lanczos")
        axes.set_title(f"({chr(ord('a') + number)}) {title}", fontsize=style.FONT_SIZE)
    return figure


def _is_file(path: object) -> bool:
    return isinstance(path, str) and Path(path).is_file()


def _square(path: Path) -> np.ndarray:
    """Return the left part of a grid, so that its images are large enough to be seen."""
    picture = read_picture(path)
    side = min(picture.size)
    return np.asarray(picture.crop((0, 0, side, side)))
