"""What a run tells while it goes: status line, TensorBoard, stats.jsonl, images."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from pirgan_tf.training.disk import writing
from pirgan_tf.training.grids import save_png


class Records:
    """Writes a training run's figures to all their readers under the same names.

    Args:
        folder: the run's folder.
        step: the step from which the run starts or resumes.
        state: what `state` gave at that step, empty at the start. Rows of ticks after
            it are dropped from stats.jsonl. TensorBoard keeps and repeats them.
        last_step: the step at which the run will end.
        batch_size: images per step.
        unit: what a batch is of, if not of images.

    Attributes:
        last_tick: the step of the newest tick.
    """

    def __init__(
        self,
        folder: Path,
        step: int,
        state: dict,
        last_step: int,
        batch_size: int,
        unit: str = "images",
    ):
        self._folder = folder
        self._last_step = last_step
        self._batch_size = batch_size
        self._unit = unit
        self._stats = folder / "stats.jsonl"
        self.last_tick = state.get("last_tick", 0)
        self._sums: dict[str, float] = state.get("sums", {})
        earlier, damaged = self._read()
        if damaged:
            print(f"{damaged} lines of stats.jsonl cannot be read and are left out")
        self._rewrite(earlier)
        self._seconds_before = earlier[-1]["seconds"] if earlier else 0.0
        # Of the steps before it, the time is not known.
        self._timed_from = step
        self._started = self._tick_time = time.monotonic()
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
        with writing("a summary"):
            self._writer.close()

    def state(self) -> dict:
        """Returns what a run that resumes here needs for its next tick."""
        return {"last_tick": self.last_tick, "sums": self._sums}

    def add(self, sums: dict[str, float], count: int) -> None:
        """Adds losses, summed over `count` steps, to those of the present tick."""
        for name, value in sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._bar.update(count)

    def add_evaluation(self, figures: dict[str, float]) -> None:
        """Adds figures of this very step to the present tick's record."""
        self._evaluation.update(figures)

    def tick(self, step: int) -> None:
        """Ends a tick: writes the mean losses since the one before, and the evaluation.

        At the step of the newest tick, the evaluation joins that one's row.
        """
        if step == self.last_tick:
            rows, _ = self._read()
            self._rewrite(rows[:-1] + [row | self._evaluation for row in rows[-1:]])
            self._write_scalars(step, self._evaluation)
            return
        count = step - self.last_tick
        now = time.monotonic()
        speed = (step - self._timed_from) / max(now - self._tick_time, 1e-9)
        losses = {name: total / count for name, total in self._sums.items()} | self._evaluation
        row = {
            "step": step,
            "seconds": round(self._seconds_before + now - self._started, 3),
            "steps_per_second": speed,
            f"{self._unit}_per_second": speed * self._batch_size,
        } | losses
        with writing("a row of stats.jsonl"), self._stats.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self._write_scalars(step, row)
        self._show(step, speed, losses)
        self.last_tick = self._timed_from = step
        self._tick_time = now
        self._sums, self._evaluation = {}, {}

    def image(self, name: str, step: int, image: np.ndarray | None) -> None:
        """Writes a picture, uint8 `[h, w, 3]`, as images/NAME.png; None writes nothing."""
        if image is None:
            return
        with writing("an image"), self._writer.as_default(step=step):
            save_png(image, self._folder / "images" / f"{name}.png")
            tf.summary.image("images", image[None])

    def _write_scalars(self, step: int, figures: dict[str, float]) -> None:
        with writing("a summary"), self._writer.as_default(step=step):
            for name, value in figures.items():
                if name not in ("step", "seconds"):
                    tf.summary.scalar(name, value)
            self._writer.flush()

    def _read(self) -> tuple[list[dict], int]:
        """Returns the rows up to the newest tick, and the number of spoiled lines."""
        rows, damaged = [], 0
        for line in self._stats.read_bytes().splitlines() if self._stats.exists() else ():
            try:
                row = json.loads(line)
                if row["seconds"] >= 0 and 0 < row["step"] <= self.last_tick:
                    rows.append(row)
            except (ValueError, KeyError, TypeError):
                damaged += 1
        return rows, damaged

    def _rewrite(self, rows: list[dict]) -> None:
        beside = self._stats.with_suffix(".partial")
        beside.write_text("".join(json.dumps(row) + "\n" for row in rows))
        beside.replace(self._stats)

    def _show(self, step: int, speed: float, losses: dict[str, float]) -> None:
        figures = " ".join(f"{name.split('/')[-1]} {value:.4g}" for name, value in losses.items())
        if not self._bar.disable:
            self._bar.set_postfix_str(figures)
            return
        left = (self._last_step - step) / speed if speed else 0.0
        print(
            f"step {step}/{self._last_step}  {speed:.3g} steps/s  "
            f"{speed * self._batch_size:.4g} {self._unit}/s  {figures}  {format_time(left)} left",
            flush=True,
        )


def format_time(seconds: float) -> str:
    """Returns a duration for people, such as 12m05s or 3h40m."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{seconds:02d}s"
