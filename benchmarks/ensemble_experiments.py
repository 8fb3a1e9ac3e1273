"""Ensembles as uncertainty, and caution in tuning: the tables of docs/people.md.

    python benchmarks/ensemble_experiments.py --gan=GAN --output=ensembles.csv

For each seed, estimators learn from a gallery with few impressions: several networks, and one
network with as many heads, each on a bootstrap sample of the images. Temperatures are fitted to
counts. The GAN is then tuned for the mean of the networks less a multiple of their spread. All are
measured by the true rates of new images, before and after. A process traces each step once.
Started again, it continues with the seeds that the output lacks.
"""

import argparse
import csv
import functools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from estimator_experiments import train as train_shortly
from scipy import stats

from pirgan_tf import analysis, data, estimator, gan, kernels, training, users
from pirgan_tf.estimator import pir_estimator
from pirgan_tf.estimator.labels import soft_labels
from pirgan_tf.estimator.pir_estimator import build_estimator
from pirgan_tf.estimator.supervised_trainer import SupervisedTrainer

CAUTIONS = (0.0, 2.0, 1.0)
BINS, BATCH = 100, 32
# Of Adam, its beta 1, and of RMSProp.
TUNING_RATES = (3e-4, 0.5, 1e-4)


class HeadsTrainer(SupervisedTrainer):
    """Trains one network with heads; of one head, this is `EstimatorTrainer` with soft labels."""

    def __init__(self, options, devices, train, heldout, heads, seed):
        self.heads, self._heldout = heads, heldout
        self.shape = estimator.EstimatorShape(
            train.image_size, options.depth_multiplier, heads * BINS
        )
        labels = soft_labels(train.positives, train.impressions)
        draws = np.random.default_rng(seed).poisson(1, [heads, len(train), 1])
        weights = draws if heads > 1 else np.ones([1, 1, 1])
        super().__init__(
            lambda: kernels.accelerate(build_estimator(self.shape, devices.dtype)),
            devices,
            train.images,
            np.concatenate(list(weights * labels), axis=1).astype(np.float32),
            batch_size=BATCH,
            learning_rate=5e-4,
            patience=2,
            seed=seed,
            stream="train_estimator",
        )

    def begin_as(self, other):
        """Becomes what another trainer is; see `Trainer.begin_as`."""
        super().begin_as(other)
        self._heldout = other._heldout

    def losses(self, logits, labels):
        """Returns each image's cross-entropy `[n]`, the sum over the heads by their weights."""
        parts = tf.nn.log_softmax(tf.reshape(logits, [-1, self.heads, BINS]))
        return -tf.reduce_sum(tf.reshape(parts, [-1, self.heads * BINS]) * labels, 1)

    def judge(self):
        """Returns logits and losses of the images held out."""
        labels = soft_labels(self._heldout.positives, self._heldout.impressions)
        return self.predict(self._heldout.images, np.tile(labels, self.heads))

    def measure(self):
        """Returns the loss of the images held out."""
        return {"heldout/loss": float(self.judge()[1].mean())}

    def frozen(self):
        """Returns the network as it is used."""
        plain = build_estimator(self.shape, "float32")
        kernels.copy_weights(self._model, plain)
        return kernels.freeze(plain)


def main() -> None:
    """Appends rows for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gan", required=True, help="folder of pretrain")
    parser.add_argument("--output", type=Path, required=True, help="CSV file")
    parser.add_argument("--objective", default="color:blue")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--impressions", type=int, default=10)
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--depth_multiplier", type=float, default=0.125)
    parser.add_argument("--inception", action="store_true", help="in place of three convolutions")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--tune_steps", type=int, default=40)
    options = parser.parse_args()
    if not options.inception:
        pir_estimator.build_inception_v2 = three_convolutions
    bench = Bench(options)
    done = set()
    if options.output.exists():
        with options.output.open(newline="") as stream:
            done = {int(row["seed"]) for row in csv.DictReader(stream)}
    for seed in sorted(set(map(int, options.seeds.split(","))) - done):
        # All at once: a seed that was stopped is run again.
        for row in list(bench.run(seed)):
            is_new = not options.output.exists()
            with options.output.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, row)
                if is_new:
                    writer.writeheader()
                writer.writerow(row)
            print(*(f"{v:.4g}" if isinstance(v, float) else v for v in row.values()), flush=True)


def three_convolutions(image_size, *_, dtype=None, **__):
    """Returns a network in place of Inception v2, many times faster."""
    x = images = keras.Input((image_size, image_size, 3))
    for number, depth in enumerate((16, 32, 64)):
        x = keras.layers.Conv2D(
            depth, 3, 2, "same", use_bias=False, dtype=dtype, name=f"conv-{number}"
        )(x)
        x = keras.layers.BatchNormalization(momentum=0.9, dtype=dtype, name=f"norm-{number}")(x)
        x = keras.layers.ReLU(dtype=dtype)(x)
    return keras.Model(images, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x))


class Bench:
    """What all seeds share."""

    def __init__(self, options):
        self._options = options
        self._devices = training.configure(
            strategy="one", replicas=1, precision="float32", jit="off", seed=0
        )
        self._objective = users.parse_objective(options.objective)
        self._gan_shape = gan.read_gan_shape(options.gan)
        self._generator = gan.load_generator(options.gan)
        self._photographs = data.load_dataset(
            "landscapes",
            num_landscapes=200,
            classes=self._gan_shape.class_names,
            image_size=self._gan_shape.image_size,
        )
        self._trainers = training.TracedTrainers()
        self._caution, self._temperature = (tf.Variable(0.0, trainable=False) for _ in range(2))

    def run(self, seed):
        """Yields a row for each kind of estimator and each set of new images."""
        options = self._options
        images = gan.generate(self._generator, options.images, seed)[0]
        rates = self._objective.measure(images)[0]
        table = users.simulate_impressions(rates, options.impressions, seed)
        counts = table.impressions.to_numpy(), table.positives.to_numpy()
        train, heldout = estimator.RatedImages(images, *counts).split(0.1, seed)
        networks, logits = [], []
        for member in range(options.members):
            trainer = self._learn(train, heldout, 1, 1000 * seed + member)
            networks.append(trainer.frozen())
            logits.append(trainer.judge()[0])
        trainer = self._learn(train, heldout, options.members, 1000 * seed)
        of_heads = np.stack(np.split(trainer.judge()[0], options.members, axis=1))
        of_networks = np.stack(logits)
        shape = {"image_size": train.image_size, "depth_multiplier": options.depth_multiplier}
        several = estimator.EstimatorShape(**shape, members=options.members)
        judges = {
            "networks": (estimator.PirEstimator(several, *networks), of_networks),
            "heads": (estimator.PirEstimator(several, trainer.frozen()), of_heads),
            "one": (
                estimator.PirEstimator(estimator.EstimatorShape(**shape), networks[0]),
                of_networks[:1],
            ),
        }
        fitted = {
            kind: estimator.fit_temperature(found, heldout.positives, heldout.impressions)
            for kind, (_, found) in judges.items()
        }
        judge = judges["networks"][0]
        self._temperature.assign(fitted["networks"])
        sets = {"untuned": gan.generate(self._generator, 300, seed + 100)[0]}
        before = {}
        for caution in (None, *CAUTIONS):
            name = "untuned"
            if caution is not None:
                name = f"caution {caution:g}"
                self._caution.assign(caution)
                sets[name] = gan.generate(self._tune(judge), 300, seed + 200)[0]
            true = self._objective.measure(sets[name])[0]
            for kind, (judged, _) in judges.items():
                for use, temperature in (("fitted", fitted[kind]), ("1", 1.0), ("0.01", 0.01)):
                    estimates, spread = _estimate(judged, sets[name], temperature)
                    if caution is None:
                        before[kind, use] = estimates, true
                    change = analysis.change_slope(*before[kind, use], estimates, true)
                    error = np.abs(estimates - true)
                    yield {
                        "seed": seed,
                        "estimator": kind,
                        "images": name,
                        "use": use,
                        "temperature": temperature,
                        "true": float(true.mean()),
                        "estimated": float(estimates.mean()),
                        "change_slope": change and change.slope,
                        "slope": float(np.polyfit(estimates, true, 1)[0]),
                        "spearman": float(stats.spearmanr(estimates, true)[0]),
                        "error": float(error.mean()),
                        "spread": None if spread is None else float(spread.mean()),
                        "spread_error": None
                        if spread is None
                        else float(stats.spearmanr(spread, error)[0]),
                        "pixel_sd": float(sets[name].std(axis=0).mean()),
                    }

    def _learn(self, train, heldout, heads, seed):
        keras.utils.set_random_seed(seed)
        trainer = HeadsTrainer(self._options, self._devices, train, heldout, heads, seed)
        trainer = self._trainers.reuse(trainer, heads)
        train_shortly(trainer, self._options.steps, 20)
        trainer.restore_best()
        return trainer

    def _tune(self, judge):
        batches = gan.GanBatches(
            self._photographs.images,
            self._photographs.labels,
            num_classes=self._gan_shape.num_classes,
            batch_size=16,
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
            rate_function=functools.partial(
                judge.cautious_pir, temperature=self._temperature, caution=self._caution
            ),
            rate_variables=judge.model.variables,
        )
        trainer = self._trainers.reuse(trainer, "tuning")
        train_shortly(trainer, self._options.tune_steps, 0)
        return trainer.generator


def _estimate(judge, images, temperature):
    """Returns estimates, and spreads if there are several members."""
    blocks = np.array_split(images, 3)
    logits = np.concatenate([judge.logits(training.to_float(block)) for block in blocks])
    spread = judge.spread(logits, temperature).numpy() if judge.shape.members > 1 else None
    return judge.expectation(logits, temperature).numpy(), spread


if __name__ == "__main__":
    main()
