"""One trainer for the four methods."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf import training
from pirgan_tf.studies.text import costs
from pirgan_tf.studies.text.methods import Method, Phase
from pirgan_tf.studies.text.networks import RecurrentNetwork
from pirgan_tf.studies.text.perplexity import make_perplexity
from pirgan_tf.studies.text.sampling import draw_states, draw_tokens
from pirgan_tf.training.randomness import step_seeds, stream_seed
from pirgan_tf.training.trainer import Trainer

_DISCOUNT, _LARGEST_NORM = 0.9, 5.0
# TensorFlow's, when the paper was written.
_EPSILON = 1e-8
# Read side by side where perplexity is measured.
_ROWS = 20


class TextTrainer(Trainer):
    """Trains a generator of text by one of `METHODS` (section 4.1).

    The text is cut into as many rows as a batch has, which are read side by side, a part of
    `length` words per step; the state is carried from one part to the next and is constant there
    for the gradient. Where a part begins with a sentence the state is z instead (decision), so
    that the generator has begun from z before it is sampled. A pass over the text is an epoch
    of each method, also of one that does not read it.

    The discriminator, if there is one, takes its step first: sequences of text that begin with a
    sentence are real. Its first state is zeros. REINFORCE has no baseline, as in the paper.

    Args:
        method: how.
        tokens: the text to train on, int32 `[n]`; 0 is the end of a sentence.
        num_words: size of the vocabulary.
        devices: where; one replica.
        batch_size: sequences per step.
        length: words of a sequence.
        learning_rate: Adam's, of both networks.
        seed: of every draw; the initial weights are those of the devices' seed.
        measured: texts by name, whose perplexity is a figure.

    Attributes:
        generator: the network.
        steps_per_epoch: steps of a pass.

    Raises:
        InputError: if the text is too short for a batch.
    """

    UNIT: ClassVar[str] = "sequences"

    def __init__(
        self,
        method: Method,
        tokens: np.ndarray,
        num_words: int,
        devices: training.Devices,
        *,
        batch_size: int,
        length: int,
        learning_rate: float,
        seed: int,
        measured: Mapping[str, np.ndarray],
    ):
        names = ["likelihood"] if method.first.likelihood or method.later.likelihood else []
        if method.has_discriminator:
            names += ["policy", "discriminator", "accuracy"]
        super().__init__(
            devices,
            batch_size=batch_size,
            num_images=(len(tokens) - 1) // length,
            loss_names=tuple(names),
        )
        self._method = method
        self._length = length
        self._num_words = num_words
        columns = (len(tokens) - 1) // batch_size
        self.steps_per_epoch = columns // length
        # A row's last word is also the first of the next row, from which that one's is predicted.
        places = np.arange(batch_size)[:, None] * columns + np.arange(columns + 1)
        self._rows = tf.constant(tokens[places])
        self._tokens = tf.constant(tokens)
        self._begins = tf.constant(np.flatnonzero(tokens[:-length] == 0) + 1)
        self._stream = stream_seed(seed, "text")

        self.generator = RecurrentNetwork(num_words, num_words)
        self._state = tf.Variable(tf.zeros((batch_size, self.generator.units)), trainable=False)
        self._models = {"generator": self.generator}
        if method.has_discriminator:
            self._models["discriminator"] = RecurrentNetwork(num_words, 1)
        self._optimizers = {}
        for name, model in self._models.items():
            optimizer = keras.optimizers.Adam(
                learning_rate, epsilon=_EPSILON, global_clipnorm=_LARGEST_NORM
            )
            optimizer.build(model.trainable_variables)
            self._optimizers[name] = optimizer
        self._perplexities = {
            f"{name}_perplexity": make_perplexity(self.generator, tokens, rows=_ROWS, length=length)
            for name, tokens in measured.items()
        }

    def draw_batch(self, step: tf.Tensor, replica):
        """Returns a part of every row, real sequences, and seeds."""
        part = step % self.steps_per_epoch
        place = tf.cast(part * self._length, tf.int32)
        *seeds, chooser = step_seeds(self._stream, step, 4, replica)
        chosen = tf.random.stateless_uniform(
            (self.batch_size,), chooser, 0, len(self._begins), tf.int32
        )
        begins = tf.gather(self._begins, chosen)
        reals = tf.gather(self._tokens, begins[:, None] + np.arange(self._length))
        words = tf.slice(self._rows, (0, place), (self.batch_size, self._length + 1))
        anew = (part == 0) | (words[:, 0] == 0)
        return step < self.steps_per_epoch, words, anew, reals, seeds

    def update(self, batch) -> dict[str, tf.Tensor]:
        """Makes one step by the epoch's phase; a cost that has no part in it is 0."""
        is_first, words, anew, reals, seeds = batch
        figures: dict[str, tf.Tensor] = {}
        fakes, states = None, self._draw_states(seeds[0])
        if self._method.has_discriminator:
            fakes = self._by_phase(
                is_first, lambda phase: self._draw_fakes(phase, states, seeds[1])
            )
            figures |= self._train_discriminator(reals, fakes)
        begun = tf.where(anew[:, None], self._draw_states(seeds[2]), self._state)
        both, gradients = self._by_phase(
            is_first, lambda phase: self._differentiate(phase, words, begun, fakes, states)
        )
        self._optimizers["generator"].apply(gradients, self.generator.trainable_variables)
        # Per word, as perplexity is.
        figures |= {"likelihood": both[0] / self._length, "policy": both[1]}
        return {name: figures[name] for name in self.loss_names}

    def _by_phase(self, is_first: tf.Tensor, function: Callable[[Phase], Any]):
        """Calls a function with the phase of the epoch."""
        first, later = self._method.first, self._method.later
        if first == later:
            return function(later)
        return tf.cond(is_first, lambda: function(first), lambda: function(later))

    def _draw_fakes(self, phase: Phase, states, seed):
        if phase.fakes == "samples":
            return draw_tokens(self.generator, states, self._length, seed)
        shape = (self.batch_size, self._length)
        return tf.random.stateless_uniform(shape, seed, 0, self._num_words, tf.int32)

    def _differentiate(self, phase: Phase, words, begun, fakes, states):
        """Returns the generator's two costs, and the gradients of their sum.

        Args:
            phase: which of the costs are used.
            words: parts of the text, and for each the word before, `[n, length + 1]`.
            begun: the states to read them from.
            fakes: words that were drawn, `[n, length]`.
            states: the states that those were drawn from.
        """
        likelihood = policy = tf.zeros(())
        if phase.policy:
            rewards = tf.math.log_sigmoid(self._judge(fakes)[..., 0])
            values = costs.action_values(rewards, _DISCOUNT)
        variables = [variable.value for variable in self.generator.trainable_variables]
        with tf.GradientTape() as tape:
            if phase.likelihood:
                logits, state = self.generator(words[:, :-1], begun)
                likelihood = costs.likelihood_cost(costs.log_probabilities(logits, words[:, 1:]))
                self._state.assign(state)
            if phase.policy:
                before = tf.pad(fakes[:, :-1], [[0, 0], [1, 0]])
                logits, _ = self.generator(before, states)
                policy = costs.policy_cost(costs.log_probabilities(logits, fakes), values)
            cost = likelihood + policy
        return (likelihood, policy), tape.gradient(cost, variables)

    def _train_discriminator(self, reals, fakes) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            on_reals, on_fakes = self._judge(reals), self._judge(fakes)
            cost = costs.discriminator_cost(on_reals, on_fakes)
        variables = self._models["discriminator"].trainable_variables
        gradients = tape.gradient(cost, [variable.value for variable in variables])
        self._optimizers["discriminator"].apply(gradients, variables)
        # At the last word, when it has seen the sequence.
        right = [on_reals[:, -1] > 0, on_fakes[:, -1] <= 0]
        return {"discriminator": cost, "accuracy": tf.reduce_mean(tf.cast(right, tf.float32))}

    def _judge(self, tokens):
        model = self._models["discriminator"]
        logits, _ = model(tokens, tf.zeros((self.batch_size, model.units)))
        return logits

    def _draw_states(self, seed):
        return draw_states(self.batch_size, self.generator.units, seed)

    def evaluate(self, step: int) -> dict[str, float]:
        """Returns the perplexities."""
        return {name: perplexity() for name, perplexity in self._perplexities.items()}

    def checkpoint_items(self) -> dict:
        """Returns networks, optimizers and the state that is carried."""
        optimizers = {f"{name}_optimizer": each for name, each in self._optimizers.items()}
        return self._models | optimizers | {"state": self._state}
