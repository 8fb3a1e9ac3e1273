"""What procedural ground looks like: rock, snow, woods, sand and water, in the light."""

import numpy as np

from pirgan_tf.data.landscapes.light import Light
from pirgan_tf.data.landscapes.noise import Draws, fractal, smoothstep
from pirgan_tf.data.landscapes.terrain import NEARNESS, STEPS, directions

# Colours as displayed, the two ends between which each image has one.
_ROCK = ((0.44, 0.40, 0.38), (0.62, 0.55, 0.48))
_WOODS = ((0.16, 0.24, 0.15), (0.36, 0.34, 0.16))
_GRASS = ((0.32, 0.40, 0.20), (0.60, 0.53, 0.34))
_SAND = ((0.68, 0.60, 0.48), (0.90, 0.82, 0.68))
_SNOW = ((0.90, 0.91, 0.93), (0.93, 0.94, 0.97))
_SHALLOWS = ((0.22, 0.44, 0.48), (0.30, 0.68, 0.66))
_DEEP = ((0.04, 0.14, 0.22), (0.10, 0.28, 0.42))


def shade(draws: Draws, light: Light, heights: np.ndarray, sea: bool) -> np.ndarray:
    """Colours of the ground and of the water on it.

    Args:
        draws: The source of randomness.
        light: The light.
        heights: As `draw_mountains` and `draw_coasts` give them.
        sea: Whether the water is the sea, with sand and surf, and not a lake.

    Returns:
        `[5, n, DEPTHS, columns]`: linear red, green and blue, the share of the mirror
        image that water adds (0 on land), and how far waves displace it (on land: how
        much fine texture shows).
    """
    across = directions(heights.shape[2]) + 0.5
    grain = fractal(draws, 40.0 * STEPS, 40.0 * across, octaves=2, gain=0.8)
    land = _ground(draws, heights, grain, sea) * _illuminate(light, heights)
    water, mirror, waves = _water(draws, light, heights, sea)

    wet = (heights < 0.0).astype(np.float32)
    colour = land + wet * (water - land)
    clear = _clearness(draws, heights)
    haze = light.horizon * 0.92
    surface = np.empty((5, *heights.shape), np.float32)
    surface[:3] = haze + clear * (colour - haze)
    surface[3] = wet * mirror * clear
    surface[4] = np.where(heights < 0.0, waves, clear)
    return surface


def _slopes(heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much the ground rises to the right and away from the camera."""
    right = np.gradient(heights, 1.0 / heights.shape[2], axis=2)
    away = np.gradient(heights, -np.log(NEARNESS[1]), axis=1) + heights
    return right, away


def _ground(draws: Draws, heights: np.ndarray, grain: np.ndarray, sea: bool) -> np.ndarray:
    """Reflectance of dry land, `[3, n, DEPTHS, columns]`."""
    right, away = _slopes(heights)
    steep = np.sqrt(right**2 + away**2)
    patches = fractal(
        draws, 9.0 * STEPS, 6.0 * (directions(heights.shape[2]) + 0.5), octaves=4, gain=0.6
    )
    colour = draws.colour(*_ROCK) * (1.0 + 0.22 * grain + 0.25 * patches)

    def cover(amount: np.ndarray, with_colour: np.ndarray) -> None:
        nonlocal colour
        colour += amount * (with_colour - colour)

    treeline = draws.uniform(0.02, 0.3)
    below = smoothstep(treeline + 0.06, treeline - 0.04, heights + 0.05 * patches)
    gentle = smoothstep(1.5, 0.7, steep + 0.3 * grain)
    cover(below * gentle, draws.colour(*_GRASS) * (1.0 + 0.25 * grain))
    wooded = below * smoothstep(-0.3, 0.2, patches - draws.uniform(-0.7, 0.6))
    cover(wooded, draws.colour(*_WOODS) * (1.0 + 0.5 * grain))

    snowline = draws.uniform(0.3, 0.9) if sea else draws.uniform(0.06, 0.45)
    snow = smoothstep(snowline, snowline + 0.1, heights + 0.04 * patches - 0.02 * steep)
    snow = snow * smoothstep(2.6, 1.3, steep + 0.5 * grain)
    cover(snow, draws.colour(*_SNOW) * (1.0 + 0.05 * grain))
    if sea:
        sand = draws.colour(*_SAND) * (1.0 + 0.1 * grain)
        # Wet sand is dark.
        sand = sand * (0.5 + 0.5 * smoothstep(0.0, 0.008, heights))
        cover(smoothstep(0.035, 0.02, heights + 0.01 * patches), sand)
    return np.maximum(colour, 0.0)


def _illuminate(light: Light, heights: np.ndarray) -> np.ndarray:
    """Light that falls on the ground, `[3, n, DEPTHS, columns]`."""
    right, away = _slopes(heights)
    sun_right, sun_up, sun_away = light.sun
    facing = sun_up - right * sun_right - away * sun_away
    facing = np.maximum(facing, 0.0) / np.sqrt(1.0 + right**2 + away**2)
    direct = facing * (1.0 - _cast_shadow(light, heights))
    ambient = 0.75 + 0.25 / (1.0 + right**2 + away**2)
    return light.sunlight * (1.9 * direct) + light.skylight * ambient


def _cast_shadow(light: Light, heights: np.ndarray) -> np.ndarray:
    """Where higher ground to the left hides the sun, 0 to 1."""
    sun_right, sun_up, _ = light.sun
    fall = sun_up / np.maximum(-sun_right, 0.05)
    ray = heights + fall * directions(heights.shape[2])
    below = np.maximum.accumulate(ray, axis=2) - ray
    return smoothstep(0.0, 0.03, below) * smoothstep(0.1, 0.5, -sun_right)


def _water(
    draws: Draws, light: Light, heights: np.ndarray, sea: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour of the water without its mirror image, share of that image, and waves."""
    across = directions(heights.shape[2]) + 0.5
    rough = draws.uniform(0.15, 1.0) * (1.0 if sea else 0.4)
    # Crests lie across the picture: waves come in from the sea.
    waves = rough * fractal(draws, 42.0 * STEPS, 5.0 * across, octaves=3, gain=0.7)
    nearness = NEARNESS[None, :, None]
    # Water mirrors at a grazing look and is seen into from above.
    mirror = np.clip(0.06 + 0.9 * (1.0 - 0.75 * nearness) ** 3 - 0.18 * waves, 0.0, 1.0)

    shallow = np.exp(np.minimum(heights, 0.0) * 14.0)
    deep = draws.colour(*_DEEP)
    colour = deep + shallow * (draws.colour(*_SHALLOWS) - deep)
    lighting = 0.9 * light.skylight + 0.9 * light.sunlight * light.sun[1]
    colour = colour * lighting * (1.0 + 0.3 * waves)

    if sea:
        foam = _foam(draws, heights, across, waves)
        colour = colour + foam * (0.75 * lighting + 0.1 - colour)
        mirror = mirror * (1.0 - foam)
    return colour, mirror, waves


def _foam(draws: Draws, heights: np.ndarray, across: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Surf along the shore and, in wind, white crests; 0 to 1."""
    lace = fractal(draws, 30.0 * STEPS, 9.0 * across, octaves=3, gain=0.7)
    reach = draws.uniform(0.004, 0.03)
    surf = np.exp(np.minimum(heights, 0.0) / reach)
    crests = smoothstep(0.75, 1.0, waves * (0.5 + NEARNESS[None, :, None]))
    breakers = smoothstep(0.45, 0.8, surf + 0.3 * lace) * draws.uniform(0.5, 1.0)
    return breakers + 0.5 * crests * (1.0 - surf)


def _clearness(draws: Draws, heights: np.ndarray) -> np.ndarray:
    """How much of the ground's own colour passes the haze, 0 to 1."""
    distance = NEARNESS[-1] / NEARNESS[None, :, None]
    haze = draws.uniform(0.1, 0.9) * distance
    # Mist lies low, in some pictures.
    mist = draws.chance(0.25) * draws.uniform(0.5, 2.0)
    haze = haze + mist * distance * np.exp(-np.maximum(heights, 0.0) * 14.0)
    return np.exp(-haze)
