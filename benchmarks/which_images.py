"""Which images to have rated, and how often each: the tables of docs/people.md.

    python benchmarks/which_images.py images --gan=GAN --output=images.csv
    python benchmarks/which_images.py ratings --gan=GAN --output=ratings.csv

Simulated users answer yes or no, by true rates that are rescaled to a mean of 0.5 and a standard
deviation. `images`: an ensemble learns from a first gallery, and again when a second one joins it,
of the prior or chosen for rating. `ratings`: one budget over the same images, equally, or more to
images whose rate is uncertain and probably high. All are measured by the true rates of new images.
A process traces each step once. Started again, it continues with the runs that the output lacks.
"""

import argparse
import csv
import functools
import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
from ensemble_experiments import three_convolutions
from estimator_experiments import train as train_shortly
from scipy import stats

from pirgan_tf import estimator, gan, kernels, training, users
from pirgan_tf.estimator import pir_estimator
from pirgan_tf.estimator.pir_estimator import build_estimator
from pirgan_tf.survey.prior import fit_beta_prior

OBJECTIVES = ("blue", "red-blue", "red-green-blue")
MEMBERS = 3


def main() -> None:
    """Appends rows for each seed and objective."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=("images", "ratings"))
    parser.add_argument("--gan", required=True, help="folder of pretrain")
    parser.add_argument("--output", type=Path, required=True, help="CSV file")
    parser.add_argument("--objectives", default=",".join(OBJECTIVES), help="colours")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--rate_sd", type=float, default=0.1, help="of the true rates")
    parser.add_argument("--images", type=int, default=500, help="of a gallery")
    parser.add_argument("--new_images", type=int, default=500, help="to measure on")
    parser.add_argument("--impressions", type=int, default=10, help="per image, on average")
    parser.add_argument(
        "--steps", type=int, default=200, help="of an estimator, at most; 0 is none"
    )
    options = parser.parse_args()
    pir_estimator.build_inception_v2 = three_convolutions
    done = set()
    if options.output.exists():
        with options.output.open(newline="") as stream:
            done = {(int(row["seed"]), row["objective"]) for row in csv.DictReader(stream)}
    bench = Bench(options)
    for seed, objective in itertools.product(
        map(int, options.seeds.split(",")), options.objectives.split(",")
    ):
        if (seed, objective) in done:
            continue
        # All at once: what was stopped is run again.
        for row in list(getattr(bench, options.experiment)(objective, seed)):
            is_new = not options.output.exists()
            with options.output.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, row)
                if is_new:
                    writer.writeheader()
                writer.writerow(row)
            print(*(f"{v:.4g}" if isinstance(v, float) else v for v in row.values()), flush=True)


class Bench:
    """What all runs share."""

    def __init__(self, options):
        self._options = options
        self._devices = training.configure(
            strategy="one", replicas=1, precision="float32", jit="off", seed=0
        )
        self._generator = gan.load_generator(options.gan)
        self._shape = estimator.EstimatorShape(gan.read_gan_shape(options.gan).image_size, 1.0)
        self._trainers = training.TracedTrainers()

        @functools.cache
        def generate(count, seed):
            return gan.generate(self._generator, count, seed)[0]

        self._generate = generate

    def images(self, objective, seed):
        """Yields a row for each second gallery, and for the first alone."""
        count = self._options.images
        first, second = self._generate(count, 3 * seed), self._generate(count, 3 * seed + 1)
        measure = self._rescaled(objective, seed)
        rated = self._rate(first, measure, seed)
        judge = self._learn(rated, seed, MEMBERS)
        function = functools.partial(judge.spread_and_features, temperature=1.0)
        chosen = gan.generate_for_rating(
            self._generator, function, count, 3 * seed + 1, candidates=10
        )[0]
        liked = gan.generate_best_of(
            self._generator,
            judge.expected_pir,
            self._options.new_images,
            3 * seed + 2,
            candidates=10,
        )[0]
        for name, images in {"first alone": first, "prior": second, "for rating": chosen}.items():
            later = judge
            if images is not first:
                both = rated + self._rate(images, measure, seed + 1000)
                later = self._learn(both, seed, MEMBERS)
            rates = measure(images)
            yield {
                "seed": seed,
                "objective": objective,
                "second": name,
                "rate_sd": float(rates.std()),
                "spread": float(function(training.to_float(images))[0].numpy().mean()),
                "pixel_sd": float(images.std(axis=0).mean()),
                **self._judged(later, measure, seed, liked),
            }

    def ratings(self, objective, seed):
        """Yields a row for each way to spend a budget."""
        images = self._generate(self._options.images, 3 * seed)
        measure = self._rescaled(objective, seed)
        rates = measure(images)
        upper = rates > np.median(rates)
        for name, impressions, positives in self._spend(rates, upper, seed):
            observed = positives / impressions
            a, b = fit_beta_prior(impressions, positives)
            posterior = (a + positives) / (a + b + impressions)
            judged = {}
            if self._options.steps:
                rated = estimator.RatedImages(images, impressions, positives)
                judged = self._judged(self._learn(rated, seed, 1), measure, seed)
            yield {
                "seed": seed,
                "objective": objective,
                "ratings": name,
                "given_to_upper": float(impressions[upper].sum() / impressions.sum()),
                "bias_upper": float((observed - rates)[upper].mean()),
                "bias_lower": float((observed - rates)[~upper].mean()),
                "rmse_upper": rms((observed - rates)[upper]),
                "rmse": rms(observed - rates),
                "posterior_rmse_upper": rms((posterior - rates)[upper]),
                "posterior_rmse": rms(posterior - rates),
                **judged,
            }

    def _spend(self, rates, upper, seed):
        """Yields ways to spend the budget: name, impressions and positives, both `[n]`."""
        generator = np.random.default_rng(seed)
        each, count = self._options.impressions, len(rates)
        yield "equally", np.full(count, each), generator.binomial(each, rates)
        half = np.full(count, each // 2)
        known = half + np.where(upper, 2 * (each - each // 2), 0)
        yield "half to the upper half", known, generator.binomial(known, rates)
        impressions, positives = half.copy(), generator.binomial(half, rates)
        for _ in range(each - each // 2):
            a, b = fit_beta_prior(impressions, positives)
            posterior = stats.beta(a + positives, b + impressions - positives)
            # Uncertain, and probably in the upper half.
            worth = posterior.var() * posterior.sf(np.median(posterior.mean()))
            # In proportion, as evenly as whole numbers can be.
            places = np.cumsum(worth) / worth.sum() * count - generator.random()
            more = np.diff(np.ceil(places).astype(int), prepend=0)
            impressions, positives = impressions + more, positives + generator.binomial(more, rates)
        yield "by the answers", impressions, positives

    def _rescaled(self, objective, seed):
        """Returns a function from images to true rates."""
        measure = users.parse_objective(f"color:{objective}").measure
        plain = measure(self._generate(self._options.new_images, 3 * seed))[0]

        def rescaled(images):
            scaled = (measure(images)[0] - plain.mean()) / plain.std()
            return np.clip(0.5 + self._options.rate_sd * scaled, 0, 1)

        return rescaled

    def _rate(self, images, measure, seed):
        table = users.simulate_impressions(measure(images), self._options.impressions, seed)
        return estimator.RatedImages(
            images, table.impressions.to_numpy(), table.positives.to_numpy()
        )

    def _learn(self, rated, seed, members):
        learned, heldout = rated.split(0.1, seed)
        networks = []
        for member in range(members):
            keras.utils.set_random_seed(1000 * seed + member)
            trainer = estimator.EstimatorTrainer(
                self._shape,
                self._devices,
                learned,
                heldout,
                labels="soft",
                batch_size=32,
                learning_rate=5e-4,
                patience=2,
                temperature=1.0,
                seed=1000 * seed + member,
            )
            trainer = self._trainers.reuse(trainer, None)
            train_shortly(trainer, self._options.steps, 20)
            trainer.restore_best()
            plain = build_estimator(self._shape, "float32")
            kernels.copy_weights(trainer.estimator.model, plain)
            networks.append(kernels.freeze(plain))
        shape = estimator.EstimatorShape(self._shape.image_size, 1.0, members=members)
        return estimator.PirEstimator(shape, *networks)

    def _judged(self, judge, measure, seed, liked=None):
        """Returns how good estimates of new images are, and of those that were liked before."""
        new = self._generate(self._options.new_images, 3 * seed + 2**20)
        found = {}
        for name, images in {"new": new, "liked": liked}.items():
            if images is not None:
                estimates = judge.expected_pir(training.to_float(images), 1.0).numpy()
                rates = measure(images)
                found |= {
                    f"spearman_{name}": float(stats.spearmanr(estimates, rates)[0]),
                    f"rmse_{name}": rms(estimates - rates),
                }
        return found


def rms(errors: np.ndarray) -> float:
    """Returns the root of the mean square."""
    return float(np.sqrt(np.mean(errors**2)))


if __name__ == "__main__":
    main()
