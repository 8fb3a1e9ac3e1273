"""The light of a procedural landscape: the time of day, the sun and the sky."""

from dataclasses import dataclass

import numpy as np

from pirgan_tf.data.landscapes.noise import Draws, fractal, smoothstep

# For each time of day or weather: the colours of the zenith, the horizon, sunlight and
# skylight as displayed (0 to 1), and ranges of the sun's elevation (as a slope) and of the
# cloud cover.
# fmt: off
_MOODS = (
    # Noon, morning, the golden hour, dusk, overcast, moonlight.
    ((0.18, 0.38, 0.70), (0.66, 0.80, 0.92), (1.00, 0.95, 0.86), (0.42, 0.52, 0.66),
     (0.60, 1.60), (0.0, 0.7)),
    ((0.26, 0.45, 0.72), (0.84, 0.86, 0.86), (1.00, 0.89, 0.70), (0.40, 0.48, 0.60),
     (0.30, 0.70), (0.1, 0.8)),
    ((0.30, 0.42, 0.62), (0.98, 0.80, 0.60), (1.00, 0.76, 0.48), (0.36, 0.38, 0.50),
     (0.08, 0.30), (0.1, 0.8)),
    ((0.24, 0.24, 0.44), (0.98, 0.60, 0.42), (1.00, 0.56, 0.34), (0.32, 0.28, 0.40),
     (0.02, 0.12), (0.2, 0.9)),
    ((0.58, 0.62, 0.67), (0.80, 0.82, 0.84), (0.46, 0.46, 0.46), (0.62, 0.64, 0.68),
     (0.50, 1.50), (0.8, 1.2)),
    ((0.10, 0.16, 0.32), (0.44, 0.50, 0.64), (0.30, 0.36, 0.50), (0.22, 0.28, 0.42),
     (0.20, 0.80), (0.0, 0.7)),
)
# fmt: on
_FREQUENCIES = (0.3, 0.2, 0.18, 0.12, 0.13, 0.07)


@dataclass(frozen=True)
class Light:
    """The light of each image in a batch; colours are linear, float32 `[3, n, 1, 1]`.

    Attributes:
        zenith: Colour of the sky far above the horizon.
        horizon: Colour of the sky at the horizon, and of haze.
        sunlight: Colour of direct light.
        skylight: Colour of the light in the shade.
        sun: Direction to the sun, `[n, 1, 1]` each: to the right, up, away; of length 1.
            It is never to the right: pictures are mirrored at random in the end.
        clouds: Cloud cover, 0 to about 1, `[n, 1, 1]`.
    """

    zenith: np.ndarray
    horizon: np.ndarray
    sunlight: np.ndarray
    skylight: np.ndarray
    sun: tuple[np.ndarray, np.ndarray, np.ndarray]
    clouds: np.ndarray


def draw_light(draws: Draws) -> Light:
    """A time of day and a weather for each image."""
    edges = np.cumsum(_FREQUENCIES, dtype=np.float32)[:-1]
    mood = np.searchsorted(edges, draws.uniform(0.0, 1.0).ravel(), side="right")
    # A little of another time of day keeps six moods from being six looks.
    other = np.clip(mood + np.where(draws.uniform(-1.0, 1.0).ravel() > 0, 1, -1), 0, 4)
    share = draws.uniform(0.0, 0.35) * (mood < 4)[:, None, None]
    tint = np.moveaxis(draws.uniform(0.94, 1.06, (3, 1, 1)), 1, 0)

    def table(column: int) -> np.ndarray:
        return np.array([row[column] for row in _MOODS], np.float32).T[..., None, None]

    def colour(column: int) -> np.ndarray:
        colours = table(column)
        return (tint * ((1.0 - share) * colours[:, mood] + share * colours[:, other])) ** 2

    def between(column: int) -> np.ndarray:
        low, high = table(column)[:, mood]
        return low + (high - low) * draws.uniform(0.0, 1.0)

    slope = between(4)
    # From straight ahead (0) over the left to almost behind the camera.
    azimuth = draws.uniform(0.05, 2.6)
    up = slope / np.sqrt(1.0 + slope**2)
    level = np.sqrt(1.0 - up**2)
    sun = (-np.sin(azimuth) * level, up, np.cos(azimuth) * level)
    return Light(colour(0), colour(1), colour(2), colour(3), sun, between(5))


def paint_sky(draws: Draws, light: Light, horizon: np.ndarray, size: int) -> np.ndarray:
    """The sky with its sun and clouds, linear `[3, n, size, size]`.

    Args:
        draws: The source of randomness.
        light: The light.
        horizon: Its height above the bottom as a fraction of the image, `[n, 1, 1]`.
        size: Width and height in pixels.
    """
    down = (np.arange(size, dtype=np.float32) + 0.5) / size
    across = down[None, None, :] - 0.5
    elevation = np.clip(1.0 - horizon - down[None, :, None], 0.0, 1.0)

    blend = 1.0 - np.exp(-elevation * 3.2)
    sky = light.horizon + (light.zenith - light.horizon) * blend
    glow, disc = _sun_in_view(light, across, elevation)
    sky = sky + light.sunlight * (0.9 * glow + 6.0 * disc)

    cover, shade = _clouds(draws, light, down, elevation)
    lit = light.skylight * 0.9 + light.horizon * 0.35 + light.sunlight * (0.55 + 0.9 * glow)
    dark = light.skylight * 0.75 + light.horizon * 0.2
    return sky + cover * (dark + (lit - dark) * shade - sky)


def _sun_in_view(
    light: Light, across: np.ndarray, elevation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The glow around the sun and its disc, 0 to 1; nothing when it is behind the camera."""
    right, up, away = light.sun
    ahead = smoothstep(0.1, 0.5, away)
    away = np.maximum(away, 0.1)
    distance = np.hypot(across - right / away, (elevation - up / away) * 0.9)
    return np.exp(-distance * 4.5) * ahead, smoothstep(0.035, 0.02, distance) * ahead


def _clouds(
    draws: Draws, light: Light, down: np.ndarray, elevation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cover and brightness of the clouds, both 0 to 1."""
    # Rows grow denser downwards: clouds near the horizon are far and seen edge on.
    rows = 5.0 * np.sqrt(down) + 7.0 * down**2
    noise = fractal(draws, rows, 2.2 * down, octaves=5, gain=0.55)
    threshold = 0.75 - 1.25 * light.clouds + draws.uniform(-0.1, 0.1)
    softness = draws.uniform(0.25, 0.9)
    density = smoothstep(threshold, threshold + softness, noise)
    cover = density * smoothstep(0.0, 0.06, elevation) * draws.uniform(0.6, 1.0)
    # Lit from above left: brighter where the cloud thins out in that direction.
    relief = np.gradient(noise, axis=1) + np.gradient(noise, axis=2)
    return cover, np.clip(0.75 - 0.45 * density + 0.9 * relief, 0.0, 1.0)
