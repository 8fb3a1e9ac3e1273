"""The trainer of a classifier and a generator."""

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import training
from pirgan_tf.data import Splits
from pirgan_tf.gan import losses
from pirgan_tf.gan.average import MovingAverage
from pirgan_tf.studies.semi_supervised.costs import feature_distance, real_logits
from pirgan_tf.studies.semi_supervised.networks import (
    Classifier,
    build_generator,
    draw_latents,
)
from pirgan_tf.training.randomness import step_seeds, stream_seed
from pirgan_tf.training.trainer import Trainer

# The authors' code adds 1e-8 under the root of the second moment.
_BETA_1, _EPSILON = 0.5, 1e-4
# Images by which the classifier is initialised, rounded to whole batches.
_FIRST = 500


class SemiSupervisedTrainer(Trainer):
    """Trains a classifier on few labelled and many unlabelled images, against a generator.

    The classifier minimises the cross-entropy of the labelled images, and half of the usual
    cost of a discriminator on unlabelled and generated ones. The generator minimises the
    distance of the means of features, or, with minibatch discrimination, -log D(G(z)) (decision:
    the authors' code has the saturating cost). It looks at unlabelled images of its own.

    Args:
        splits: images; the classes of those to train on are seen where `labelled` says so.
        labelled: rows of labelled images, `[labels]`.
        devices: where; one replica.
        minibatch_discrimination: see `Classifier`.
        steps: of the whole training, in the course of which the learning rate goes to 0.
        batch_size: labelled images, unlabelled ones and generated ones per step.
        learning_rate: Adam's at the beginning, of both networks.
        average_decay: of the average of the classifier's weights, by which it is tested.
        seed: of every draw; the initial weights are those of the devices' seed.

    Attributes:
        generator: the generator.

    Raises:
        InputError: if a batch is larger than the set.
    """

    def __init__(
        self,
        splits: Splits,
        labelled: np.ndarray,
        devices: training.Devices,
        *,
        minibatch_discrimination: bool,
        steps: int,
        batch_size: int,
        learning_rate: float,
        average_decay: float,
        seed: int,
    ):
        super().__init__(
            devices,
            batch_size=batch_size,
            num_images=len(splits.train.images),
            loss_names=("labelled", "unlabelled", "generator"),
        )
        self._images = tf.constant(splits.train.images)
        self._labels = tf.constant(splits.train.labels)
        self._labelled = tf.constant(labelled, tf.int32)
        self._test = splits.test
        self._matching = not minibatch_discrimination
        self._stream = stream_seed(seed, "semi_supervised")

        classes = len(splits.train.class_names)
        self._classifier, self._averaged = (
            Classifier(classes, minibatch_discrimination=minibatch_discrimination) for _ in range(2)
        )
        rows, noise = tf.unstack(tf.random.split(stream_seed(seed, "semi_supervised_initial"), 2))
        batches = max(1, _FIRST // batch_size)
        first = self._look_up(self._draw_rows(rows, batches * batch_size))
        self._classifier.initialise(first, noise, batches)
        self._average = MovingAverage(self._classifier, average_decay)
        self.generator = build_generator()
        schedule = keras.optimizers.schedules.PolynomialDecay(learning_rate, steps, 0.0)
        self._optimizers = [
            keras.optimizers.Adam(schedule, beta_1=_BETA_1, epsilon=_EPSILON) for _ in range(2)
        ]
        for optimizer, network in zip(
            self._optimizers, (self._classifier, self.generator), strict=True
        ):
            optimizer.build(network.trainable_variables)

    def draw_batch(self, step: tf.Tensor, replica):
        """Returns labelled images, their classes, unlabelled images, latents and seeds."""
        seeds = step_seeds(self._stream, step, 7, replica)
        places = tf.random.stateless_uniform(
            (self.batch_size,), seeds[0], 0, len(self._labelled), tf.int32
        )
        rows = tf.gather(self._labelled, places)
        return (
            step,
            self._look_up(rows),
            tf.gather(self._labels, rows),
            [self._look_up(self._draw_rows(seed, self.batch_size)) for seed in seeds[1:3]],
            [draw_latents(self.batch_size, seed) for seed in seeds[3:5]],
            seeds[5:],
        )

    def update(self, batch) -> dict[str, tf.Tensor]:
        """Updates the classifier, then the generator, and takes the former into the average."""
        step, labelled, labels, unlabelled, latents, noise = batch
        figures = self._train_classifier(
            labelled, labels, unlabelled[0], self.generator(latents[0], training=True), noise[0]
        )
        figures["generator"] = self._train_generator(unlabelled[1], latents[1], noise[1])
        self._average.update(step)
        return figures

    def _train_classifier(self, labelled, labels, unlabelled, fakes, noise):
        variables = self._classifier.trainable_variables
        images = tf.concat([labelled, unlabelled, fakes], axis=0)
        with tf.GradientTape() as tape:
            _, logits = self._classifier(images, seed=noise, batches=3)
            named, reals, fakes = tf.split(logits, 3)
            supervised = -tf.reduce_mean(losses.real_image_class(named, labels))
            told = losses.real_image(real_logits(reals)) + losses.fake_image(real_logits(fakes))
            unsupervised = -0.5 * tf.reduce_mean(told)
            cost = supervised + unsupervised
        gradients = tape.gradient(cost, [variable.value for variable in variables])
        self._optimizers[0].apply(gradients, variables)
        return {"labelled": supervised, "unlabelled": unsupervised}

    def _train_generator(self, unlabelled, latents, noise):
        variables = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            features, logits = self._classifier(self.generator(latents, training=True), seed=noise)
            if self._matching:
                wanted, _ = self._classifier(unlabelled, seed=tf.random.fold_in(noise, 1))
                cost = feature_distance(tf.stop_gradient(wanted), features)
            else:
                cost = -tf.reduce_mean(losses.fake_image_fools(real_logits(logits)))
        gradients = tape.gradient(cost, [variable.value for variable in variables])
        self._optimizers[1].apply(gradients, variables)
        return cost

    def _draw_rows(self, seed, count: int):
        return tf.random.stateless_uniform((count,), seed, 0, len(self._images), tf.int32)

    def _look_up(self, rows):
        return tf.cast(tf.gather(self._images, rows), tf.float32) / 255.0

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns the share of test images that are wrong, with the average and without."""
        self._average.copy_to(self._averaged)
        networks = {"error": self._averaged, "last_error": self._classifier}
        return {
            name: float((self._predict(network).argmax(1) != self._test.labels).mean())
            for name, network in networks.items()
        }

    def predict(self) -> np.ndarray:
        """Returns the classes' probabilities `[n, classes]` of test images, with the average."""
        self._average.copy_to(self._averaged)
        return self._predict(self._averaged)

    def _predict(self, classifier: Classifier) -> np.ndarray:
        # With minibatch discrimination an image's class depends on its batch: all are full.
        count = len(self._test.images)
        rows = np.arange(-(-count // self.batch_size) * self.batch_size) % count
        probabilities = [
            tf.nn.softmax(classifier(self._test.images[each].astype("float32") / 255)[1])
            for each in rows.reshape(-1, self.batch_size)
        ]
        return np.concatenate(probabilities)[:count]

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the average."""
        return {
            "classifier": self._classifier,
            "generator": self.generator,
            "classifier_optimizer": self._optimizers[0],
            "generator_optimizer": self._optimizers[1],
            "average": self._average,
        }
