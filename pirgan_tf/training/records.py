"""What a run tells while it goes: status line, TensorBoard, stats.jsonl, images."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from pirgan_tf.training.grids import save_png


class Records:
    """Writes a training run's figures to all their readers under the same names.

    Args:
        folder: the run's folder.
        step: the step from which the run starts or goes on; rows of later steps,
            from before a crash, are dropped from stats.jsonl. TensorBoard keeps
            and repeats them.
        last_step: the step at which the run will end.
        batch_size: images a step.
    """

    def __init__(self, folder: Path, step: int, last_step: int, batch_size: int):
        self._folder = folder
        self._last_step = last_step
        self._batch_size = batch_size
        self._stats = folder / "stats.jsonl"
        earlier = _read_stats(self._stats, step)
        rewritten = self._stats.with_suffix(".partial")
        rewritten.write_text("".join(json.dumps(row) + "\n" for row in earlier))
        rewritten.replace(self._stats)
        self._seconds_before = earlier[-1]["seconds"] if earlier else 0.0
        self._tick_step = step
        self._started = self._tick_time = time.monotonic()
        self._sums: dict[str, float] = {}
        self._evaluation: dict[str, float] = {}
        self._bar = tqdm(
            total=last_step,
            initial=step,
            unit="step",
            dynamic_ncols=True,
            disable=not sys.stdout.isatty(),
            file=sys.stdout,
        )

    def __enter__(self) -> "Records":
        self._writer = tf.summary.create_file_writer(str(self._folder / "summaries"))
        return self

    def __exit__(self, *_) -> None:
        self._bar.close()
        self._writer.close()

    def add(self, sums: dict[str, float], count: int) -> None:
        """Adds losses, summed over `count` steps, to those of the present tick."""
        for name, value in sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._bar.update(count)

    def add_evaluation(self, figures: dict[str, float]) -> None:
        """Adds figures of this very step to the present tick's record."""
        self._evaluation.update(figures)

    def tick(self, step: int) -> None:
        """Ends a tick: writes the mean losses since the one before."""
        count = step - self._tick_step
        now = time.monotonic()
        speed = count / max(now - self._tick_time, 1e-9)
        losses = {name: total / count for name, total in self._sums.items()} | self._evaluation
        row = {
            "step": step,
            "seconds": round(self._seconds_before + now - self._started, 3),
            "steps_per_second": speed,
            "images_per_second": speed * self._batch_size,
        } | losses
        with self._stats.open("a") as file:
            file.write(json.dumps(row) + "\n")
        with self._writer.as_default(step=step):
            for name, value in row.items():
                if name not in ("step", "seconds"):
                    tf.summary.scalar(name, value)
        self._writer.flush()
        self._show(step, speed, losses)
        self._tick_step, self._tick_time = step, now
        self._sums, self._evaluation = {}, {}

    def image(self, name: str, step: int, image: np.ndarray | None) -> None:
        """Writes a picture, uint8 `[h, w, 3]`, as images/NAME.png; None writes nothing."""
        if image is None:
            return
        save_png(image, self._folder / "images" / f"{name}.png")
        with self._writer.as_default(step=step):
            tf.summary.image("images", image[None])

    def _show(self, step: int, speed: float, losses: dict[str, float]) -> None:
        figures = " ".join(f"{name.split('/')[-1]} {value:.4g}" for name, value in losses.items())
        if not self._bar.disable:
            self._bar.set_postfix_str(figures)
            return
        left = (self._last_step - step) / speed
        print(
            f"step {step}/{self._last_step}  {speed:.3g} steps/s  "
            f"{speed * self._batch_size:.4g} images/s  {figures}  {format_time(left)} left",
            flush=True,
        )


def _read_stats(path: Path, step: int) -> list[dict]:
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            break  # a line that a kill cut in two is the last one
        if row["step"] <= step:
            rows.append(row)
    return rows


def format_time(seconds: float) -> str:
    """Returns a duration for people, such as 12m05s or 3h40m."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{seconds:02d}s"
