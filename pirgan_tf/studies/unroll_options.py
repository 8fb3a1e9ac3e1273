"""The options of the studies of unrolled discriminators (Unrolled GANs)."""

import dataclasses
from typing import Any

from pirgan_tf.cli.options import Options, option
from pirgan_tf.studies.numbers import read_numbers


def unroll_steps_option(*values: int) -> Any:
    """Declares the values of K by default.

    More of them change no training that is finished: a list that was begun may become longer.
    """
    return option("Values of K, with commas.", tuple(map(str, values)), changes_result=False)


def seeds_option(count: int) -> Any:
    """Declares how many seeds there are by default, of which there may become more too."""
    return option("How many seeds, from 0 on.", count, minimum=1, below=1000, changes_result=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnrollOptions(Options):
    """Which trainings to run: one for every K and seed."""

    unroll_steps: tuple[str, ...] = unroll_steps_option(0, 1, 5, 10)
    seeds: int = seeds_option(10)

    @property
    def ks(self) -> list[int]:
        """The values of K, in ascending order."""
        return sorted(read_numbers("unroll_steps", self.unroll_steps, int, 0))

    def validate(self) -> None:
        """Checks the numbers."""
        super().validate()
        read_numbers("unroll_steps", self.unroll_steps, int, 0)
