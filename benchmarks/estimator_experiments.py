"""What labels and first weights do to the estimator: the tables of docs/results.md.

    python benchmarks/estimator_experiments.py labels --gan=runs/quarter_gan \
        --initial=runs/quarter_inception --output=labels.csv
    python benchmarks/estimator_experiments.py initial --gan=runs/quarter_gan \
        --initial=runs/quarter_inception --output=initial.csv

Trains as train_estimator and tune do, hundreds of small runs in one process, which traces each
step once. Started again, it continues with the rows that the output lacks. Such small networks
leave cores idle: one process per seed, each with TF_NUM_INTRAOP_THREADS=1 and a file of its own,
is faster than one for all.
"""

import argparse
import contextlib
import csv
import functools
import io
import itertools
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
from scipy import stats

from pirgan_tf import analysis, data, estimator, gan, training, users
from pirgan_tf.cli.outputs import read_options

COLORS = ("red", "green", "blue", "red-green", "red-blue", "green-blue")
THREE = ("red-green-blue", "green-blue-red", "blue-red-green")
BATCH, HELDOUT = 32, 0.1
EXPERIMENTS = {
    # Objectives, labels, impressions, images to learn from (of at most 900), first weights.
    "labels": ((*COLORS, *THREE), ("hard", "soft"), (1000, 100, 10), (900,), ("photographs",)),
    "initial": (
        ("red", "red-blue", "red-green-blue"),
        ("hard",),
        (1000,),
        (900, 300, 100),
        ("random", "photographs"),
    ),
}
# Of Adam, its beta 1, and of RMSProp.
TUNING_RATES = (3e-4, 0.5, 1e-4)
TEMPERATURES = {"hard": (0.01,), "soft": (0.01, 1.0)}


def train(trainer, steps, evaluate_every):
    """Trains without records and checkpoints."""
    schedule = training.loop.Schedule(
        steps=steps,
        log_every=steps,
        evaluate_every=evaluate_every,
        checkpoint_every=0,
        checkpoint_minutes=0,
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        training.loop.run(trainer, schedule, Path(folder))


class Bench:
    """Trains estimators and tunes GANs, always from the same first weights."""

    def __init__(self, options):
        self._options = options
        self._devices = training.configure(
            strategy="one", replicas=1, precision="float32", jit="off", seed=0
        )
        self._trainers = training.TracedTrainers()
        self._gan_shape = gan.read_gan_shape(options.gan)
        spec = read_options(options.gan, ("pretrain",), ("dataset",))["dataset"]
        self._dataset = data.load_dataset(
            spec, classes=self._gan_shape.class_names, image_size=self._gan_shape.image_size
        )

    def learn(self, train, heldout, labels, first, seed):
        """Returns a trainer that has learned, with early stopping by the held-out loss."""
        keras.utils.set_random_seed(seed)
        trainer = estimator.EstimatorTrainer(
            estimator.EstimatorShape(train.image_size, self._options.depth_multiplier),
            self._devices,
            train,
            heldout,
            labels=labels,
            batch_size=BATCH,
            learning_rate=5e-4,
            patience=self._options.patience,
            temperature=1.0,
            seed=seed,
        )
        if first == "photographs":
            estimator.load_initial(trainer.estimator, self._options.initial)
        trainer = self._trainers.reuse(trainer, labels)
        train(trainer, self._options.steps, self._options.evaluate_every)
        trainer.restore_best()
        return trainer

    def tune(self, judge, temperature, count, seed):
        """Returns images of a GAN that was tuned to please an estimator."""
        batches = gan.GanBatches(
            self._dataset.images,
            self._dataset.labels,
            num_classes=self._gan_shape.num_classes,
            batch_size=BATCH,
            latent_size=self._gan_shape.latent_size,
            seed=0,
            stream="tune",
        )
        trainer = gan.GanTrainer(
            gan.load_networks(self._options.gan),
            gan.acgan(),
            batches,
            gan.paper_optimizers(*TUNING_RATES),
            self._devices,
            rate_function=functools.partial(judge.expected_pir, temperature=temperature),
            rate_variables=judge.model.variables,
        )
        trainer = self._trainers.reuse(trainer, temperature)
        train(trainer, self._options.tune_steps, 0)
        return gan.generate(trainer.generator, count, seed)[0]


def main() -> None:
    """Appends a row for each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--gan", required=True, help="folder of pretrain")
    parser.add_argument("--initial", required=True, help="folder of pretrain_estimator")
    parser.add_argument("--output", type=Path, required=True, help="CSV file")
    parser.add_argument("--depth_multiplier", type=float, default=0.25)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--objectives", help="some of the experiment's, with commas")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--evaluate_every", type=int, default=20)
    parser.add_argument("--patience", type=int, default=2)
    parser.add_argument("--tune_steps", type=int, default=40, help="0 does not tune")
    options = parser.parse_args()
    if options.steps < options.evaluate_every:
        parser.error(f"--steps must be at least {options.evaluate_every}, of --evaluate_every")
    bench = Bench(options)
    generator = gan.load_generator(options.gan)
    done = _done(options.output)
    for seed in map(int, options.seeds.split(",")):
        images = gan.generate(generator, 1000, seed)[0]
        for run in itertools.product(*EXPERIMENTS[options.experiment]):
            wanted = not options.objectives or run[0] in options.objectives.split(",")
            if not wanted or (seed, *map(str, run)) in done:
                continue
            rows = list(_run(run, seed, images, bench, options.tune_steps > 0))
            new = not options.output.exists()
            with options.output.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, rows[0])
                if new:
                    writer.writeheader()
                writer.writerows(rows)


def _done(path):
    """Returns which runs a file has: seed, and what tells them apart."""
    if not path.exists():
        return set()
    names = ("objective", "labels", "impressions", "num_train", "first_weights")
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {(int(row["seed"]), *(row[name] for name in names)) for row in rows}


def _run(run, seed, images, bench, tuning):
    name, labels, impressions, num_train, first = run
    objective = users.parse_objective(f"color:{name}")
    rates, _ = objective.measure(images)
    table = users.simulate_impressions(rates, impressions, seed)
    rated = estimator.RatedImages(images, table.impressions.to_numpy(), table.positives.to_numpy())
    train, heldout = rated.split(HELDOUT, seed, num_train)
    true = estimator.RatedImages(images, np.ones(len(images)), rates)
    _, heldout_truth = true.split(HELDOUT, seed, num_train)
    trainer = bench.learn(train, heldout, labels, first, seed)
    logits, _ = trainer.predict(heldout.images, np.zeros([len(heldout), 100], np.float32))
    for temperature in TEMPERATURES[labels]:
        estimates = trainer.estimator.expectation(logits, temperature).numpy()
        constant = np.ptp(estimates) < 1e-6
        row = {
            "seed": seed,
            "objective": name,
            "labels": labels,
            "impressions": impressions,
            "num_train": num_train,
            "first_weights": first,
            "temperature": temperature,
            "spearman_true": 0 if constant else stats.spearmanr(estimates, heldout_truth.rates)[0],
            "spearman_observed": 0 if constant else stats.spearmanr(estimates, heldout.rates)[0],
            "mae_true": np.abs(estimates - heldout_truth.rates).mean(),
            "change": None,
            "cohens_d": None,
        }
        if tuning:
            after, _ = objective.measure(bench.tune(trainer.estimator, temperature, 500, seed + 1))
            comparison = analysis.compare(rates, after)
            row |= {"change": comparison.change, "cohens_d": comparison.cohens_d}
        print(*row.values(), flush=True)
        yield row


if __name__ == "__main__":
    main()
