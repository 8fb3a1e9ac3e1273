"""Data and networks of the mixture study: the paper's, and those of the authors' notebook."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Setting:
    """A ring of Gaussians, and the two networks that play on it.

    Attributes:
        angles: where the modes are on the circle; the same angle twice is a mode of twice the
            weight.
        radius: of the circle.
        sd: standard deviation of each mode.
        activation: of the hidden layers of both networks, all of 128 units.
        gain: of the orthogonal initial weights of both networks.
        discriminator_layers: its hidden layers; the generator has two.
        discriminator_scale: what the discriminator multiplies its input by.
        generator_rate, discriminator_rate: Adam's learning rates.
    """

    angles: np.ndarray
    radius: float
    sd: float
    activation: str
    gain: float
    discriminator_layers: int
    discriminator_scale: float
    generator_rate: float
    discriminator_rate: float

    @property
    def modes(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct modes: centres `[n, 2]`, and their shares of the data `[n]`."""
        points = self.radius * np.stack([np.sin(self.angles), np.cos(self.angles)], axis=1)
        centers, counts = np.unique(points.round(6), axis=0, return_counts=True)
        return centers, counts / counts.sum()


SETTINGS = {
    # Appendix A. Silent on the discriminator's width and initial weights: as the generator's.
    "paper": Setting(
        angles=np.linspace(0, 2 * np.pi, 8, endpoint=False),
        radius=2.0,
        sd=0.02,
        activation="relu",
        gain=0.8,
        discriminator_layers=1,
        discriminator_scale=0.25,
        generator_rate=1e-4,
        discriminator_rate=1e-4,
    ),
    # Eight angles with both ends of the circle: seven modes, one of twice the weight.
    "notebook": Setting(
        angles=np.linspace(0, 2 * np.pi, 8),
        radius=1.0,
        sd=0.01,
        activation="tanh",
        gain=1.4,
        discriminator_layers=2,
        discriminator_scale=1.0,
        generator_rate=1e-3,
        discriminator_rate=1e-4,
    ),
}
