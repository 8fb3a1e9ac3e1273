"""Tells how much of a real run of bin/pretrain is outside of its steps.

    python benchmarks/outside.py --steps=100 --output=runs/clocked

takes the flags of bin/pretrain, and two steps at least. Outside are status lines, statistics,
grids of images, checkpoints, and all other Python; drawing a batch is inside. The first call,
which traces the step, counts neither as the one nor as the other.
"""

import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pirgan_tf.stages import pretrain
from pirgan_tf.training import loop


class Clocked:
    """A trainer which notes when its steps began and ended."""

    def __init__(self, trainer):
        self._trainer = trainer
        self.calls = []

    def __getattr__(self, name):
        return getattr(self._trainer, name)

    def train(self, first_step, num_steps):
        """Trains, and waits for the results."""
        started = time.perf_counter()
        sums = self._trainer.train(first_step, num_steps)
        sums = {name: float(value) for name, value in sums.items()}
        self.calls.append((started, time.perf_counter(), int(num_steps)))
        return sums


def main() -> None:
    """Runs bin/pretrain and prints the share."""
    run = loop.run

    def run_clocked(trainer, schedule, folder):
        clocked = Clocked(trainer)
        step = run(clocked, schedule, folder)
        ended = time.perf_counter()
        (_, begun, _), *calls = clocked.calls
        inside = sum(end - start for start, end, _ in calls)
        steps = sum(count for *_, count in calls)
        outside = ended - begun - inside
        print(
            f"{steps} steps of {inside / steps:.3f} s, and {outside:.2f} s outside of them: "
            f"{outside / (ended - begun):.1%}"
        )
        return step

    loop.run = run_clocked
    pretrain.main()


if __name__ == "__main__":
    main()
