"""The trainings: of an expert, by its adversary, and by cloning."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.studies import control
from pirgan_tf.studies.imitation.discriminator import Discriminator, ending_logit, reward
from pirgan_tf.studies.imitation.experts import BAD, NUM_TRAJECTORIES, Pairs

BESIDE = 25
"""How many environments are stepped beside each other."""

_EPISODES = 50
_EXPERT_ITERATIONS, _EXPERT_STEPS = 100, 5000
# Of cloning: the authors' code.
_CLONING_RATE, _CLONING_BATCH, _TRAINED_ON = 1e-3, 128, 0.7
_CLONING_STEPS, _CLONING_EVERY = 1000, 100


class Training(NamedTuple):
    """What came of a training.

    Attributes:
        returns: of the policy as it chooses the most probable action, after the training,
            `[50]`.
        curve: the mean return of the episodes of every iteration, `[iterations]`; of cloning,
            which plays none, `[0]`.
    """

    returns: np.ndarray
    curve: np.ndarray


def _learn(
    name: str,
    policy: control.Policy,
    states: np.ndarray,
    reward_of: Callable[[control.Episodes], tuple[np.ndarray, float]],
    *,
    iterations: int,
    steps: int,
    seed: int,
) -> np.ndarray:
    """Trains a policy by a function from episodes to rewards and to what comes after an end.

    Returns:
        The mean return of the episodes of every iteration, `[iterations]`.
    """
    environments = control.make_environments(control.ENVIRONMENTS[name].gymnasium_id, BESIDE)
    learner = control.Learner(policy, states, seed)
    curve = []
    for iteration in range(iterations):
        random = np.random.default_rng([seed, 0, iteration])
        episodes = control.collect(environments, policy.actor(), random, steps=steps)
        learner.learn(episodes, *reward_of(episodes))
        curve.append(episodes.returns.mean())
    return np.array(curve)


def _evaluate(name: str, policy: control.Policy, seed: int) -> np.ndarray:
    environments = control.make_environments(control.ENVIRONMENTS[name].gymnasium_id, BESIDE)
    return control.evaluate(environments, policy.greedy_actor(), _EPISODES, seed)


def imitate(
    name: str, pairs: Pairs, kind: str, *, iterations: int, steps: int, seed: int
) -> Training:
    """Trains a policy against an adversary (Generative Adversarial Imitation Learning).

    In an iteration the adversary takes a step on the policy's pairs and the expert's, and then
    the policy takes one to be taken for the expert (algorithm 1). Inputs of all networks are
    standardised by the expert's states.

    Args:
        name: of the environment.
        pairs: the expert's.
        kind: of reward; see `reward`.
        iterations: how many.
        steps: of the environment in each, at least.
        seed: of weights and of every draw.
    """
    keras.utils.set_random_seed(seed)
    actions = control.ENVIRONMENTS[name].actions
    policy = control.CategoricalPolicy(control.build_network(pairs.states, actions))
    discriminator = Discriminator(pairs, actions)

    def reward_of(episodes: control.Episodes) -> tuple[np.ndarray, float]:
        given = (episodes.observations, episodes.actions)
        if kind != "endings":
            discriminator.fit(*given)
            return reward(discriminator.logits(*given), kind), 0.0
        lasting = float(episodes.lengths.mean() / control.TIME_LIMIT)
        discriminator.fit(*given, pairs.lasting, lasting)
        end = reward(np.array(ending_logit(pairs.lasting, lasting)), kind)
        return reward(discriminator.logits(*given), kind), float(end / (1 - control.DISCOUNT))

    curve = _learn(
        name, policy, pairs.states, reward_of, iterations=iterations, steps=steps, seed=seed
    )
    return Training(_evaluate(name, policy, seed), curve)


def clone(name: str, pairs: Pairs, seed: int) -> Training:
    """Trains a policy by maximum likelihood of the expert's actions: behaviour cloning.

    As the authors' code does: from 70 % of the pairs, and of the weights after every 100 steps
    those are kept for which the rest of the pairs is the most likely.

    Args:
        name: of the environment.
        pairs: the expert's, two or more.
        seed: of weights and of every draw.
    """
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng([seed, 3])
    model = control.build_network(pairs.states, control.ENVIRONMENTS[name].actions)
    variables = model.trainable_variables
    optimizer = keras.optimizers.Adam(_CLONING_RATE)
    optimizer.build(variables)

    def cost(chosen):
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.gather(pairs.actions, chosen), model(tf.gather(pairs.states, chosen))
            )
        )

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int64)])
    def train(batches):
        for row in tf.range(tf.shape(batches)[0]):
            with tf.GradientTape() as tape:
                loss = cost(batches[row])
            optimizer.apply(tape.gradient(loss, variables), variables)

    order = random.permutation(len(pairs.states))
    count = max(1, int(_TRAINED_ON * len(order)))
    ours, others = order[:count], order[count:]
    best, kept = np.inf, model.get_weights()
    for _ in range(_CLONING_STEPS // _CLONING_EVERY):
        train(random.choice(ours, (_CLONING_EVERY, _CLONING_BATCH)))
        loss = float(cost(others))
        if loss < best:
            best, kept = loss, model.get_weights()
    model.set_weights(kept)
    returns = _evaluate(name, control.CategoricalPolicy(model), seed)
    return Training(returns, np.zeros(0))


def train_expert(name: str, seed: int) -> dict[str, np.ndarray]:
    """Trains an expert by the environment's own reward, and lets it play.

    Args:
        name: of an environment; or `BAD`, for which the reward's sign is reversed.
        seed: of weights and of every draw.

    Returns:
        Trajectories of the policy as it draws actions, as from `read_expert`.
    """
    sign, name = (-1.0, "CartPole") if name == BAD else (1.0, name)
    keras.utils.set_random_seed(seed)
    spec = control.ENVIRONMENTS[name]
    environments = control.make_environments(spec.gymnasium_id, BESIDE)
    random = np.random.default_rng([seed, 4])
    untrained = control.collect(
        environments,
        lambda observations, random: random.integers(spec.actions, size=len(observations)),
        random,
        steps=_EXPERT_STEPS,
    )
    states = untrained.observations
    policy = control.CategoricalPolicy(control.build_network(states, spec.actions))

    def reward_of(episodes: control.Episodes) -> tuple[np.ndarray, float]:
        before, after = map(spec.potential, (episodes.observations, episodes.next_observations))
        after[(np.cumsum(episodes.lengths) - 1)[episodes.ended]] = 0.0
        return sign * episodes.rewards + control.DISCOUNT * after - before, 0.0

    _learn(
        name,
        policy,
        states,
        reward_of,
        iterations=_EXPERT_ITERATIONS,
        steps=_EXPERT_STEPS,
        seed=seed,
    )
    played = control.collect(
        environments, policy.actor(), random, steps=1, episodes=NUM_TRAJECTORIES
    )
    kept = played.lengths[:NUM_TRAJECTORIES]
    steps = int(kept.sum())
    return {
        "observations": played.observations[:steps],
        "actions": played.actions[:steps].astype(np.uint8),
        "lengths": kept,
        "returns": played.returns[:NUM_TRAJECTORIES],
    }
