"""The study of text: its network, costs, samples and trainer."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import training
from pirgan_tf.studies import text

SEED = (1, 2)
WORDS, UNITS = 3, 4


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return text.RecurrentNetwork(WORDS, WORDS, UNITS)


def test_the_recurrent_layer_is_keras_gru_with_the_reset_gate_before():
    layer = text.GatedRecurrentUnits(UNITS)
    layer.build((None, None, 5))
    kernel, gates, change, bias = (
        np.random.default_rng(0).normal(size=w.shape) for w in layer.weights
    )
    layer.set_weights([kernel, gates, change, bias])
    other = keras.layers.GRU(UNITS, reset_after=False, return_sequences=True)
    other.build((None, None, 5))

    def swapped(weights):
        # i is 1 - z, whose sigmoid has the opposite sign.
        return np.concatenate([-weights[..., :UNITS], weights[..., UNITS:]], axis=-1)

    recurrent = np.concatenate([gates, change], axis=1)
    other.set_weights([swapped(kernel), swapped(recurrent), swapped(bias)])
    inputs, state = tf.random.normal((2, 6, 5)), tf.random.normal((2, UNITS))
    expected = other(inputs, initial_state=state)
    np.testing.assert_allclose(layer(inputs, state), expected, atol=1e-5)


def test_action_values_by_hand():
    values = text.action_values(tf.constant([[-1.0, -2.0, -4.0]]), 0.5)
    np.testing.assert_allclose(values, [[-3.0, -4.0, -4.0]])
    greedy = text.action_values(tf.constant([[-1.0, -2.0]]), 0.0)
    np.testing.assert_allclose(greedy, [[-1.0, -2.0]])


def test_the_policy_gradient_is_that_of_the_expected_reward(generator):
    sequences = np.array(list(itertools.product(range(WORDS), repeat=3)), np.int32)
    rewards = np.random.default_rng(0).normal(size=sequences.shape).astype(np.float32)
    # A reward must only depend on the words so far.
    for length in (1, 2):
        for start in itertools.product(range(WORDS), repeat=length):
            same = (sequences[:, :length] == start).all(1)
            rewards[same, length - 1] = rewards[same, length - 1].mean()
    before = np.pad(sequences[:, :-1], [(0, 0), (1, 0)])
    state = tf.ones((len(sequences), UNITS)) / 2
    variables = [variable.value for variable in generator.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        likelihoods = text.log_probabilities(generator(before, state)[0], sequences)
        shares = tf.exp(tf.reduce_sum(likelihoods, axis=1))
        expected = tf.reduce_sum(shares * rewards.sum(1))
        # All sequences, each as often as it is drawn.
        weights = tf.stop_gradient(shares)[:, None] * len(sequences)
        cost = text.policy_cost(likelihoods, weights * text.action_values(rewards, 1.0))
    assert float(tf.reduce_sum(shares)) == pytest.approx(1, abs=1e-5)
    exact, found = (tape.gradient(each, variables) for each in (expected, cost))
    for one, other in zip(exact, found, strict=True):
        one, other = map(tf.convert_to_tensor, (one, other))
        assert np.abs(one).max() > 1e-3
        np.testing.assert_allclose(-other, one, atol=1e-5)


def test_log_probabilities_are_finite_where_a_softmax_is_zero():
    logits = tf.constant([[[0.0, 500.0]]])
    assert float(text.log_probabilities(logits, [[0]])[0, 0]) == -500


def test_the_discriminators_cost_is_that_of_each_word():
    cost = text.discriminator_cost(tf.zeros((2, 5, 1)), tf.zeros((2, 5, 1)))
    assert float(cost) == pytest.approx(2 * 5 * np.log(2))


@pytest.mark.parametrize("rows, length", [(1, 3), (2, 5)])
def test_perplexity_is_that_of_one_long_pass(generator, rows, length):
    tokens = np.random.default_rng(0).integers(0, WORDS, 11).astype(np.int32)
    pieces = np.split(np.arange(10), rows)
    surprise = 0.0
    for piece in pieces:
        logits, _ = generator(tokens[None, piece], tf.zeros((1, UNITS)))
        surprise -= float(tf.reduce_sum(text.log_probabilities(logits, tokens[None, piece + 1])))
    measure = text.make_perplexity(generator, tokens, rows=rows, length=length)
    assert measure() == pytest.approx(np.exp(surprise / 10), rel=1e-5)


def test_samples_follow_the_softmax_at_the_temperature(generator):
    count = 20_000
    state = tf.repeat(text.draw_states(1, UNITS, SEED), count, axis=0)
    logits, after = generator(np.zeros((1, 1), np.int32), state[:1])
    for temperature in (0.5, 2.0):
        drawn = text.draw_tokens(generator, state, 2, SEED, temperature).numpy()
        shares = np.bincount(drawn[:, 0], minlength=WORDS) / count
        np.testing.assert_allclose(shares, tf.nn.softmax(logits[0, 0] / temperature), atol=0.015)
        # The second word is drawn after the first.
        follows = drawn[drawn[:, 0] == 2, 1]
        expected = tf.nn.softmax(generator(np.full((1, 1), 2), after)[0][0, 0] / temperature)
        found = np.bincount(follows, minlength=WORDS) / len(follows)
        np.testing.assert_allclose(found, expected, atol=0.03)
    coldest = text.draw_tokens(generator, state[:5], 4, SEED, 1e-4).numpy()
    assert (coldest == coldest[0]).all()
    assert coldest[0, 0] == np.argmax(logits[0, 0])


TOKENS = np.array([0, 1, 2, 1, 1, 0, 2, 2, 1, 2, 1, 0, 1, 2, 2, 0, 1] * 2, np.int32)


def _trainer(method, learning_rate=0.01, tokens=TOKENS):
    devices = training.configure(strategy="one", replicas=0, precision="float32", jit="off", seed=0)
    return text.TextTrainer(
        text.METHODS[method],
        tokens,
        WORDS,
        devices,
        batch_size=2,
        length=4,
        learning_rate=learning_rate,
        seed=0,
        measured={},
    )


def _train(trainer, first, count):
    """Makes steps without a graph, whose tracing takes seconds; returns the last one's figures."""
    for step in range(first, first + count):
        figures = trainer.update(trainer.draw_batch(tf.constant(step, tf.int64), 0))
    return figures


def _weights(trainer):
    return [variable.numpy() for variable in trainer.generator.weights]


@pytest.fixture(scope="module")
def learned():
    """A trainer by maximum likelihood after an epoch, four steps."""
    trainer = _trainer("MLE")
    assert trainer.steps_per_epoch == 4
    _train(trainer, 0, 4)
    return trainer


def test_the_state_is_carried_unless_a_part_begins_with_a_sentence():
    tokens = np.array([1, 2, 1, 1, 2, 2, 1, 1, 1, 2, 2, 1, 1] * 2, np.int32)
    tokens[8] = 0
    trainer = _trainer("MLE", learning_rate=1e-12, tokens=tokens)
    state = trainer.checkpoint_items()["state"]
    states = []
    for step in range(3):
        _train(trainer, step, 1)
        states.append(state.numpy())
    for step in (1, 2):
        part = np.stack([tokens[12 * row + 4 * step :][:4] for row in range(2)])
        _, expected = trainer.generator(part, states[step - 1])
        same = np.abs(states[step] - expected).max(1) < 1e-5
        # In the third part, the first row begins with a sentence.
        assert same.tolist() == [step == 1, True]


def test_pretraining_is_maximum_likelihood_and_no_more_afterwards(learned):
    trainer = _trainer("PretrainGan")

    # As the loop does: here the phase is chosen within a graph.
    def train(first, count):
        return trainer.train(tf.constant(first, tf.int64), tf.constant(count, tf.int64))

    first = train(0, 4)
    assert float(first["likelihood"]) > 0 == float(first["policy"])
    for one, other in zip(_weights(trainer), _weights(learned), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    later = train(4, 1)
    assert float(later["likelihood"]) == 0 != float(later["policy"])
    assert any((a != b).any() for a, b in zip(_weights(trainer), _weights(learned), strict=True))


def test_a_checkpoint_holds_all_that_a_training_goes_on_from(learned, tmp_path):
    stopped, resumed = _trainer("MLE"), _trainer("MLE")
    _train(stopped, 0, 2)
    path = tf.train.Checkpoint(**stopped.checkpoint_items()).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(**resumed.checkpoint_items()).read(path).assert_consumed()
    _train(resumed, 2, 2)
    for one, other in zip(_weights(resumed), _weights(learned), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
