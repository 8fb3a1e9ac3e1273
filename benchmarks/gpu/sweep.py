"""Runs objectives on a GPU by the exported programs: users, estimator, tuning, true rates.

    python3 benchmarks/gpu/sweep.py PROGRAMS --gan=snapshot-66000.npz --vgg16=vgg16.npz \
        --objectives=objectives.txt --output=OUT

As `reproduce`, but for what a GPU without TensorFlow cannot do: simulated users are drawn by
numpy, and the estimator begins with weights that learned the photographs' classes here. Rates are
measured on galleries that the estimator has not seen: `before` from the first generator, `after`
from the tuned one. Rows go to rows.jsonl as they come; the rates of every image to rates.npz.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from PIL import Image
from scipy import stats

jax.config.update("jax_enable_x64", True)

from arrays import shuffled_rows  # noqa: E402
from programs import first_state, load  # noqa: E402

from pirgan_tf import users  # noqa: E402
from pirgan_tf.users.filter_table import FilterTable  # noqa: E402

GALLERY, HELDOUT, IMPRESSIONS, BINS = 1000, 100, 1000, 100
GRID_IMAGES, GRID_COLUMNS = 16, 8


def main() -> None:
    """Works on objectives until none, or no time, is left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path)
    parser.add_argument("--gan", type=Path, required=True, help="snapshot of pretrain.py")
    parser.add_argument("--vgg16", type=Path, required=True, help="vgg16.npz of export.py")
    parser.add_argument("--objectives", type=Path, required=True, help="file, one per line")
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument(
        "--initial_steps", type=int, default=1500, help="of the photographs' classes"
    )
    parser.add_argument("--estimator_steps", type=int, default=750)
    parser.add_argument("--evaluate_every", type=int, default=250)
    parser.add_argument("--tune_steps", type=int, default=1000)
    parser.add_argument("--tune_block", type=int, default=100)
    parser.add_argument("--tune_learning_rate", type=float, default=5e-5, help="of both networks")
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no objective after these")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    began = time.monotonic()
    sweep = Sweep(options)
    print(f"ready after {time.monotonic() - began:.1f} s", flush=True)
    # For a check of the rates by the package itself.
    np.savez(options.output / "before.npz", images=sweep.before_images)
    rates, grids = {}, [sweep.before_images[:GRID_IMAGES]]
    with (options.output / "rows.jsonl").open("w") as rows:
        for text in options.objectives.read_text().split():
            if time.monotonic() - began > options.seconds:
                break
            row, before, after, images = sweep.run(text)
            rows.write(json.dumps(row) + "\n")
            rows.flush()
            rates |= {f"{text}|before": before, f"{text}|after": after}
            grids.append(images[:GRID_IMAGES])
            shown = ("objective", "before", "after", "d", "heldout_spearman", "seconds")
            print({name: row[name] for name in shown}, flush=True)
    np.savez_compressed(options.output / "rates.npz", **rates)
    save_grid(np.concatenate(grids), options.output / "images.webp")


class Sweep:
    """Everything that objectives share.

    Args:
        options: the command's.

    Attributes:
        before_images: a gallery of the first generator that no estimator sees.
    """

    def __init__(self, options: argparse.Namespace):
        self.options = options
        names = {
            "estimator": f"estimator-{options.precision}",
            "tune": f"tune-{options.precision}",
            **{name: name for name in ("sample", "predict", "vgg16")},
        }
        self.programs = {name: load(options.programs / file) for name, file in names.items()}
        self.state = first_state(options.programs, without="vgg16/")
        for path, kind in ((options.gan, np.float32), (options.vgg16, np.float32)):
            with np.load(path) as arrays:
                for name in arrays.files:
                    self.state[name.replace("|", "/")] = jax.device_put(arrays[name].astype(kind))
        for network in ("generator", "discriminator"):
            rate = jax.device_put(np.float32(options.tune_learning_rate))
            self.state[f"{network}_optimizer/learning_rate"] = rate
        # On a GPU a program takes the memory of the arrays that it writes: these are kept here.
        written = {name for program in self.programs.values() for name in program.written}
        self.first = {name: np.asarray(self.state[name]) for name in written}
        self.photos = np.asarray(self.state["photos"])
        self._learn_photographs(options.initial_steps)
        self.gallery = self.sample(seed=0)
        self.before_images = self.sample(seed=1)
        self.gallery_norms = self.norms(self.gallery)
        self.before_norms = self.norms(self.before_images)

    def run(self, text: str) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]:
        """Runs one objective.

        Returns:
            The row of the table, true rates before and after, and images after tuning.
        """
        began = time.monotonic()
        self._put(self.first)
        rng = np.random.default_rng(0)
        positives = rng.binomial(IMPRESSIONS, true_rates(text, self.gallery, self.gallery_norms))
        row = {"objective": text} | self._train_estimator(positives, rng)
        row["estimator_seconds"] = time.monotonic() - began
        estimated_before = self.estimate(self.before_images).mean()
        row["pir_by_step"] = self._tune()
        after_images = self.sample(seed=2)
        before = true_rates(text, self.before_images, self.before_norms)
        after = true_rates(text, after_images, self.norms(after_images))
        pooled = np.sqrt((before.var(ddof=1) + after.var(ddof=1)) / 2)
        row |= {
            "before": before.mean(),
            "after": after.mean(),
            "d": (after.mean() - before.mean()) / pooled if pooled else 0.0,
            "estimated_before": estimated_before,
            "estimated_after": self.estimate(after_images).mean(),
            "observed_nonzero": (positives > 0).mean(),
            "pixel_spread_before": pixel_spread(self.before_images),
            "pixel_spread_after": pixel_spread(after_images),
            "seconds": time.monotonic() - began,
        }
        row = {
            k: round(float(v), 6) if np.isscalar(v) and k != "objective" else v
            for k, v in row.items()
        }
        return row, before, after, after_images

    def sample(self, seed: int) -> np.ndarray:
        """Returns a gallery of the present generator, its classes drawn uniformly."""
        rng = np.random.default_rng([seed, 7])
        latents = rng.standard_normal((GALLERY, 64)).astype(np.float32)
        classes = np.eye(2, dtype=np.float32)[rng.integers(0, 2, GALLERY)]
        parts = [
            np.asarray(
                self.programs["sample"](self.state, latents[i:][:200], classes[i:][:200])["images"]
            )
            for i in range(0, GALLERY, 200)
        ]
        return np.concatenate(parts)

    def norms(self, images: np.ndarray) -> np.ndarray:
        """Returns the squared norms of VGG16's filters."""
        parts = [
            np.asarray(self.programs["vgg16"](self.state, images[i:][:50])["norms"])
            for i in range(0, len(images), 50)
        ]
        return np.concatenate(parts)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Returns the present estimator's logits."""
        parts = [
            np.asarray(self.programs["predict"](self.state, images[i:][:100])["logits"])
            for i in range(0, len(images), 100)
        ]
        return np.concatenate(parts).astype(np.float64)

    def estimate(self, images: np.ndarray, temperature: float = 0.01) -> np.ndarray:
        """Returns the present estimator's rates."""
        scaled = self.logits(images) / temperature
        weights = np.exp(scaled - scaled.max(1, keepdims=True))
        return weights @ ((np.arange(BINS) + 0.5) / BINS) / weights.sum(1)

    def _learn_photographs(self, steps: int) -> None:
        """Trains the estimator on the photographs' classes, 900 of them at a time."""
        # Photographs are in the order of their classes.
        counts = np.asarray(self.state["class_counts"])
        classes = np.repeat(np.arange(len(counts)), counts)
        rng = np.random.default_rng(1)
        for first in range(0, steps, 500):
            rows = rng.permutation(len(self.photos))[:900]
            labels = np.eye(BINS, dtype=np.float32)[25 + 50 * classes[rows]]
            self._fit(self.photos[rows], labels, first, min(500, steps - first))
        self.first |= self._estimator_weights()

    def _put(self, arrays: dict[str, np.ndarray]) -> None:
        for name, value in arrays.items():
            self.state[name] = jax.device_put(value)

    def _estimator_weights(self) -> dict[str, np.ndarray]:
        return {
            name: np.asarray(v) for name, v in self.state.items() if name.startswith("estimator/")
        }

    def _fit(self, images: np.ndarray, labels: np.ndarray, first: int, count: int) -> float:
        self.state["images"], self.state["labels"] = map(jax.device_put, (images, labels))
        rows = shuffled_rows(len(images), first)
        return (
            float(self.programs["estimator"](self.state, rows, np.int64(count))["loss/train"])
            / count
        )

    def _train_estimator(self, positives: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
        """Trains on 900 images; of the others 50 choose the step and 50 measure."""
        order = rng.permutation(GALLERY)
        chosen, tested, learned = order[:50], order[50:HELDOUT], order[HELDOUT:]
        bins = np.minimum(positives * BINS // IMPRESSIONS, BINS - 1)
        labels = np.eye(BINS, dtype=np.float32)[bins]
        best_loss, best, best_step = np.inf, {}, 0
        for first in range(0, self.options.estimator_steps, self.options.evaluate_every):
            train_loss = self._fit(
                self.gallery[learned], labels[learned], first, self.options.evaluate_every
            )
            logits = self.logits(np.concatenate([self.gallery[chosen], self.gallery[tested]]))[:50]
            shifted = logits - logits.max(1, keepdims=True)
            loss = -(shifted[range(50), bins[chosen]] - np.log(np.exp(shifted).sum(1))).mean()
            if loss < best_loss:
                best = self._estimator_weights()
                best_loss, best_step = loss, first + self.options.evaluate_every
        self._put(best)
        estimates = self.estimate(self.gallery[order[:HELDOUT]])[50:]
        spearman = stats.spearmanr(estimates, positives[tested]).statistic
        return {
            "estimator_step": best_step,
            "validation_loss": best_loss,
            "train_loss": train_loss,
            "heldout_spearman": 0.0 if np.isnan(spearman) else spearman,
        }

    def _tune(self) -> list[float]:
        """Tunes; returns the estimated rate by block of steps."""
        rates, block = [], self.options.tune_block
        for first in range(0, self.options.tune_steps, block):
            results = self.programs["tune"](self.state, np.int64(first), np.int64(block))
            rates.append(round(float(results["loss/pir"]) / block, 4))
        return rates


def true_rates(text: str, images: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Returns the true rates of an objective, of VGG16 from norms that were measured."""
    kind, _, arguments = text.partition(":")
    if kind == "color":
        return users.parse_objective(text)(images)
    layer, _, filters = arguments.partition(":")
    table = FilterTable(norms)
    asked = table.layer(layer)[:, [int(number) for number in filters.split(",")]]
    whole = table.total(layer)
    return np.sqrt(asked.sum(1, dtype=np.float64) / np.where(whole, whole, 1))


def pixel_spread(images: np.ndarray) -> float:
    """Returns the mean over pixels of their standard deviation over images, in 0..255."""
    return float(images.std(0).mean())


def save_grid(images: np.ndarray, path: Path) -> None:
    """Writes images row by row, all of one objective in two rows."""
    rows, size = len(images) // GRID_COLUMNS, images.shape[1]
    grid = images.reshape(rows, GRID_COLUMNS, size, size, 3).swapaxes(1, 2)
    Image.fromarray(grid.reshape(rows * size, GRID_COLUMNS * size, 3)).save(path, quality=92)


if __name__ == "__main__":
    main()
