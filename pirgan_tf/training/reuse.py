"""Trainers whose step was traced, for those of the same settings that come after them."""

from collections.abc import Hashable
from typing import TypeVar

from pirgan_tf.training.trainer import Trainer

_T = TypeVar("_T", bound=Trainer)


class TracedTrainers:
    """Keeps trainers, so that a process traces a step once for many runs.

    Tracing takes longer than a short run, and TensorFlow frees the graph of a loop only at the
    end of the process.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, Trainer] = {}

    @property
    def kept(self) -> list[Trainer]:
        """The trainers kept, each with a graph of its own."""
        return list(self._kept.values())

    def reuse(self, trainer: _T, settings: Hashable) -> _T:
        """Returns a trainer that is what the given one is, traced before if one was kept.

        Args:
            trainer: a new one, which was not traced yet.
            settings: all that its graph depends on, besides the shapes of its state.
        """
        shapes = tuple((tuple(value.shape), str(value.dtype)) for value in trainer.state())
        kept: _T = self._kept.setdefault((type(trainer), settings, shapes), trainer)  # type: ignore
        if kept is not trainer:
            kept.begin_as(trainer)
        return kept
