"""The figures of the mixture study."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from pirgan_tf import studies
from pirgan_tf.studies.mixture.settings import Setting

_PIXELS = 96
_BLUR = 1.2  # pixels


def draw_densities(
    samples: Mapping[int, np.ndarray], steps: Sequence[int], setting: Setting
) -> Figure:
    """Draws figure 1 of the paper: a row for each K, columns by step, and the data.

    Args:
        samples: by K, `[records, n, 2]`.
        steps: the steps of the records.
        setting: the data.
    """
    data = _sample_data(setting, len(next(iter(samples.values()))[0]))
    return studies.draw_by_step(
        samples, steps, data, lambda axes, points: _draw_density(axes, points, setting)
    )


def _draw_density(axes, points: np.ndarray, setting: Setting) -> None:
    reach = 1.5 * setting.radius
    edges = np.linspace(-reach, reach, _PIXELS + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], (edges, edges))
    # The root shows thin mass between the modes, which the paper's heat maps hide.
    shown = np.sqrt(gaussian_filter(counts, _BLUR))
    axes.imshow(shown, origin="lower", cmap="viridis", interpolation="bilinear")


def _sample_data(setting: Setting, count: int) -> np.ndarray:
    random = np.random.default_rng(0)
    centers, shares = setting.modes
    modes = random.choice(len(centers), count, p=shares)
    return centers[modes] + setting.sd * random.standard_normal((count, 2))
