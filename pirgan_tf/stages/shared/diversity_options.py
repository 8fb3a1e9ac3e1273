"""The options of tuning that watches how diverse the images remain."""

import dataclasses

from pirgan_tf.cli.options import Options, option

_STEPS = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiversityOptions(Options):
    """When to measure the images while tuning, and what follows from it."""

    keep_diversity: float | None = option(
        "Share of the untuned generator's diversity that must remain: w_PIR adapts to it, and the "
        "step of the highest estimate among those measured with so much is exported. By default "
        "nothing is kept, as in the paper.",
        None,
        above=0.0,
        maximum=1.0,
    )
    diversity_every: int | None = option(
        "Steps between measures of 256 images of fixed latents, of their estimated rate and "
        f"diversity. By default {_STEPS} with --keep_diversity, and else none.",
        None,
        minimum=1,
    )
    patience: int = option(
        "Measures without a better step after which --keep_diversity ends the tuning; 0 is never.",
        10,
        minimum=0,
    )

    @property
    def measure_every(self) -> int:
        """Steps between measures; 0 is none."""
        return self.diversity_every or (0 if self.keep_diversity is None else _STEPS)
