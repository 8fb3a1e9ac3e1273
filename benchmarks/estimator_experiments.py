"""What labels and first weights do to the estimator: the tables of docs/results.md.

    python benchmarks/estimator_experiments.py labels --gan=runs/quarter_gan \
        --initial=runs/quarter_inception --output=labels.csv
    python benchmarks/estimator_experiments.py initial --gan=runs/quarter_gan \
        --initial=runs/quarter_inception --output=initial.csv

Takes the steps of train_estimator and tune in a loop of its own, for hundreds of small runs
in one process: TensorFlow traces each network once instead of once a run. Started again, it
goes on with the rows that the output lacks. So small networks leave cores idle: one process
a seed, each with TF_NUM_INTRAOP_THREADS=1 and a file of its own, is faster than one for all.
"""

import argparse
import csv
import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from pirgan_tf import analysis, data, estimator, gan, training, users
from pirgan_tf.cli.outputs import read_options
from pirgan_tf.training.optimizers import FusedAdam

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
TEMPERATURES = {"hard": (0.01,), "soft": (0.01, 1.0)}


class Estimators:
    """Learns from any images, from the same first weights."""

    def __init__(self, depth_multiplier, learning_rate, folder):
        self.shape = estimator.EstimatorShape(64, depth_multiplier)
        self.estimator = estimator.PirEstimator(self.shape, fused=True)
        self._optimizer = FusedAdam(learning_rate)
        self._optimizer.build(self.estimator.model.trainable_variables)
        self._fresh = [variable.numpy() for variable in self._optimizer.variables]
        self._folder = folder
        self._first = {}

    def learn(self, train, heldout, labels, first, *, steps, evaluate_every, patience, seed):
        """Trains with early stopping by the held-out loss."""
        self._begin(first, seed)
        label = {"hard": estimator.hard_labels, "soft": estimator.soft_labels}[labels]
        targets = label(train.positives, train.impressions)
        wanted = label(heldout.positives, heldout.impressions)
        rng = np.random.default_rng(seed)
        order = np.concatenate(
            [rng.permutation(len(train)) for _ in range(steps * BATCH // len(train) + 1)]
        )
        best, waited, weights = np.inf, 0, None
        for step in range(1, steps + 1):
            rows = order[(step - 1) * BATCH : step * BATCH]
            self._step(train.images[rows], targets[rows])
            if step % evaluate_every:
                continue
            logits = self._logits(heldout.images)
            loss = float(np.mean(self.estimator.losses(logits, wanted)))
            waited = 0 if loss < best else waited + 1
            if loss < best:
                best, weights = loss, self.estimator.model.get_weights()
            if waited == patience:
                break
        self.estimator.model.set_weights(weights)

    def estimates(self, images, temperature):
        """Returns the estimated rates [n]."""
        return self.estimator.expectation(self._logits(images), temperature).numpy()

    def _begin(self, first, seed):
        if (first, seed) not in self._first:
            keras.utils.set_random_seed(seed)
            begun = estimator.PirEstimator(self.shape)
            if first == "photographs":
                estimator.load_initial(begun, self._folder)
            estimator.import_weights(self.estimator.model, begun.model)
            self._first[first, seed] = self.estimator.model.get_weights()
        self.estimator.model.set_weights(self._first[first, seed])
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    @tf.function(reduce_retracing=True)
    def _step(self, images, labels):
        variables = self.estimator.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.estimator.logits(_unit(images), training=True)
            loss = tf.reduce_mean(self.estimator.losses(logits, labels))
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))

    @tf.function(reduce_retracing=True)
    def _logits(self, images):
        return self.estimator.logits(_unit(images))


class Tuning:
    """Tunes a GAN to please an estimator, from the same first weights each time."""

    def __init__(self, folder, judge, steps, learning_rates, devices):
        shape = gan.read_gan_shape(folder)
        spec = read_options(folder, ("pretrain",), ("dataset",))["dataset"]
        dataset = data.load_dataset(spec, classes=shape.class_names)
        self._temperature = tf.Variable(1.0)
        self._trainer = gan.GanTrainer(
            gan.GanSettings(
                num_classes=shape.num_classes,
                latent_size=shape.latent_size,
                width=shape.width,
                batch_size=BATCH,
                generator_learning_rate=learning_rates[0],
                discriminator_learning_rate=learning_rates[1],
            ),
            devices,
            dataset.images,
            dataset.labels,
            seed=0,
            stream="tune",
            rate_function=lambda images: judge.expected_pir(images, self._temperature),
        )
        gan.restore_networks(self._trainer, folder)
        self._variables = [
            variable
            for item in self._trainer.checkpoint_items().values()
            for variable in item.variables
        ]
        self._fresh = [variable.numpy() for variable in self._variables]
        self._steps = steps

    def images(self, temperature, count, seed):
        """Returns images of the tuned generator."""
        for variable, value in zip(self._variables, self._fresh, strict=True):
            variable.assign(value)
        self._temperature.assign(temperature)
        self._trainer.train(tf.constant(0, tf.int64), tf.constant(self._steps, tf.int64))
        return gan.generate(self._trainer.generator, count, seed)[0]


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
    devices = training.configure(strategy="one", replicas=1, precision="float32", jit="off", seed=0)
    if options.steps < options.evaluate_every:
        parser.error(f"--steps must be at least {options.evaluate_every}, of --evaluate_every")
    estimators = Estimators(options.depth_multiplier, 5e-4, options.initial)
    tuning = Tuning(options.gan, estimators.estimator, options.tune_steps, (3e-4, 1e-4), devices)
    generator = gan.load_generator(options.gan)
    done = _done(options.output)
    for seed in map(int, options.seeds.split(",")):
        images = gan.generate(generator, 1000, seed)[0]
        for run in itertools.product(*EXPERIMENTS[options.experiment]):
            wanted = not options.objectives or run[0] in options.objectives.split(",")
            if not wanted or (seed, *map(str, run)) in done:
                continue
            used = tuning if options.tune_steps else None
            rows = list(_run(run, seed, images, estimators, used, options))
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


def _run(run, seed, images, estimators, tuning, options):
    name, labels, impressions, num_train, first = run
    objective = users.parse_objective(f"color:{name}")
    rates, _ = objective.measure(images)
    table = users.simulate_impressions(rates, impressions, seed)
    rated = estimator.RatedImages(images, table.impressions.to_numpy(), table.positives.to_numpy())
    train, heldout = rated.split(HELDOUT, seed, num_train)
    true = estimator.RatedImages(images, np.ones(len(images)), rates)
    _, heldout_truth = true.split(HELDOUT, seed, num_train)
    estimators.learn(
        train,
        heldout,
        labels,
        first,
        steps=options.steps,
        evaluate_every=options.evaluate_every,
        patience=options.patience,
        seed=seed,
    )
    for temperature in TEMPERATURES[labels]:
        estimates = estimators.estimates(heldout.images, temperature)
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
            after, _ = objective.measure(tuning.images(temperature, 500, seed + 1))
            comparison = analysis.compare(rates, after)
            row |= {"change": comparison.change, "cohens_d": comparison.cohens_d}
        print(*row.values(), flush=True)
        yield row


def _unit(images):
    return tf.cast(images, tf.float32) / 127.5 - 1


if __name__ == "__main__":
    main()
