"""The processes that train together, and what they must agree on."""

from typing import Any

import numpy as np
import tensorflow as tf


class Workers:
    """The processes of a run; those on several machines take each step together.

    Args:
        strategy: under which they train, if they are several.
        place: of this process among them; the first is the chief.
        count: how many there are.

    Attributes:
        count: how many there are.
        place: of this process among them.
    """

    def __init__(self, strategy: Any = None, place: int = 0, count: int = 1):
        self.place = place
        self.count = count
        self._strategy = strategy

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the output."""
        return self.place == 0

    def gather(self, *figures: float) -> np.ndarray:
        """Returns everyone's figures, shape `[workers, figures]`, float64.

        All workers must call it at the same point of the run; it waits for them.
        """
        own = np.array([figures], np.float64)
        if self.count == 1:
            return own
        everyone = self._gather(tf.constant(own)).numpy()
        # Each replica has sent those of its worker.
        return everyone[:: len(everyone) // self.count]

    def of_chief(self, figures: dict[str, float]) -> dict[str, float]:
        """Returns the chief's figures: others compute them with other rounding."""
        if self.count == 1:
            return figures
        return dict(zip(figures, self.gather(*figures.values())[0].tolist(), strict=True))

    def highest(self, *figures: float) -> list[float]:
        """Returns the highest of everyone's, for each of the figures."""
        return self.gather(*figures).max(axis=0).tolist()

    @tf.function(reduce_retracing=True, autograph=False)
    def _gather(self, own: tf.Tensor) -> tf.Tensor:
        def gather():
            # An operation of the replica's own device.
            figures = tf.identity(own)
            return tf.distribute.get_replica_context().all_gather(figures, axis=0)

        return self._strategy.experimental_local_results(self._strategy.run(gather))[0]


ALONE = Workers()
