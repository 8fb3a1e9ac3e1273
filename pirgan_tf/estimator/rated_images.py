"""Images, and the interactions with them."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class RatedImages:
    """Images and the interactions with them.

    Attributes:
        images: shape `[n, size, size, 3]`, uint8.
        impressions: how often each was shown, shape `[n]`.
        positives: positive interactions with each, shape `[n]`, at most `impressions`.
    """

    images: np.ndarray
    impressions: np.ndarray
    positives: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_size(self) -> int:
        """Width and height of the images, in pixels."""
        return self.images.shape[1]

    @property
    def rates(self) -> np.ndarray:
        """Observed rates, shape `[n]`, in [0, 1]."""
        return self.positives / self.impressions

    def split(
        self, heldout: float, seed: int, num_train: int | None = None
    ) -> tuple["RatedImages", "RatedImages"]:
        """Splits off a random part, rounded to whole images.

        Args:
            heldout: the part to hold out, in [0, 1).
            seed: decides which images.
            num_train: how many of the others to train on; all by default. Those held
                out do not depend on it.

        Returns:
            The images to train on, and those held out.
        """
        order = np.random.default_rng(seed).permutation(len(self))
        count = round(heldout * len(self))
        train = order[count:][:num_train]
        return self._take(np.sort(train)), self._take(np.sort(order[:count]))

    def __add__(self, other: "RatedImages") -> "RatedImages":
        """Returns the images of both."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return RatedImages(*(np.concatenate(pair) for pair in pairs))

    def _take(self, rows: np.ndarray) -> "RatedImages":
        return RatedImages(self.images[rows], self.impressions[rows], self.positives[rows])
