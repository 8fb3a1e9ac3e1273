"""The shape of procedural landscapes: heights of land above water, seen from a camera.

Heights are sampled on a grid of depths and directions, `[n, DEPTHS, columns]`. Depths grow
geometrically, so that a step is as wide on the picture near as far, and heights are divided
by the depth: what is stored is the slope at which the camera sees them. Noise drawn on this
grid has fine detail near the camera and mountains far from it.
"""

import numpy as np

from pirgan_tf.data.landscapes.noise import Draws, fractal, ridged, smoothstep

DEPTHS = 112
_FAR = 30.0

STEPS = np.linspace(0.0, 1.0, DEPTHS, dtype=np.float32)
"""How far each depth is from the nearest to the farthest, 0 to 1."""

NEARNESS = (_FAR**-STEPS).astype(np.float32)
"""The nearest depth divided by each depth, 1 to 1/30."""


def directions(columns: int) -> np.ndarray:
    """The slope to the right at which each column looks, -0.5 to 0.5."""
    return ((np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5).astype(np.float32)


def draw_mountains(draws: Draws, columns: int) -> np.ndarray:
    """Mountains behind hills and, often, a lake; heights `[n, DEPTHS, columns]`."""
    step, across = STEPS[None, :, None], directions(columns) + 0.5
    crests = ridged(draws, 2.2 * STEPS, 1.7 * across, octaves=6)
    massif = 0.5 + 0.5 * fractal(draws, 1.5 * STEPS, 1.6 * across, octaves=2)
    hills = fractal(draws, 4.0 * STEPS, 3.0 * across, octaves=4)

    foot = draws.uniform(0.25, 0.55)
    rise = smoothstep(foot, foot + draws.uniform(0.25, 0.45), step)
    peaks = draws.uniform(0.22, 0.6) * rise * crests * (0.45 + 0.75 * massif)
    lake = draws.chance(0.35) * draws.uniform(0.02, 0.07)
    ground = 0.02 + 0.05 * step + 0.035 * hills * (0.4 + step)
    return ground + peaks - lake * (1.0 - rise)


def draw_coasts(draws: Draws, columns: int) -> np.ndarray:
    """A shore with beach, hills or cliffs, and headlands; heights `[n, DEPTHS, columns]`."""
    step, across = STEPS[None, :, None], directions(columns)[None, None, :]
    outline = fractal(draws, 3.5 * STEPS, 1.8 * (directions(columns) + 0.5), octaves=5)
    relief = ridged(draws, 5.0 * STEPS, 3.5 * (directions(columns) + 0.5), octaves=4)

    # A straight shore on a plane: its direction is that of its vanishing point, plus its
    # distance from the camera over the depth.
    shore = draws.uniform(-0.45, 0.3) + draws.uniform(-0.5, 0.6) * NEARNESS[None, :, None]
    inland = shore - across + draws.uniform(0.08, 0.3) * outline
    # Beyond the last headland there is only sea.
    inland = inland - smoothstep(0.75, 1.0, step) * draws.uniform(0.1, 0.6)

    width = draws.uniform(0.02, 0.22)
    steepness = draws.uniform(0.04, 0.4)
    beach = inland * draws.uniform(0.05, 0.16)
    cliff = smoothstep(width, width + steepness, inland) * draws.uniform(0.03, 0.3)
    # The camera stands clear of the cliffs.
    cliff = cliff * smoothstep(0.05, 0.45, step)
    return np.where(inland < 0.0, inland * 0.3, beach + cliff * (0.35 + relief))
