"""Reinforcement learning: natural steps, the trust region, advantages, and whole episodes."""

import gymnasium
import keras
import numpy as np
import pytest

from pirgan_tf.studies import control

RANDOM = np.random.default_rng(0)
STATES = (3.0 * RANDOM.standard_normal((40, 3)) + 1.0).astype(np.float32)


def _policy(hidden, actions=3):
    """Returns a policy with weights that are not 0."""
    keras.utils.set_random_seed(0)
    policy = control.CategoricalPolicy(control.build_network(STATES, actions, hidden))
    for variable in policy.variables:
        variable.assign(variable + 0.5 * RANDOM.standard_normal(variable.shape))
    return policy


@pytest.fixture(scope="module")
def region():
    """A linear policy and its trust region, of 0.05 nats; a test may update the policy."""
    policy = _policy(hidden=())
    return policy, control.TrustRegion(policy, 0.05, damping=1e-3)


def _probabilities(policy):
    logits = policy.parameters()(STATES)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def _weights(policy):
    return np.concatenate([np.ravel(variable) for variable in policy.variables])


def test_a_natural_step_is_the_best_of_its_size_for_a_known_quadratic():
    root = RANDOM.standard_normal((8, 8))
    fisher = root @ root.T + np.eye(8)
    gradient = RANDOM.standard_normal(8)
    step = control.natural_step(gradient, lambda vector: fisher @ vector, 0.02)
    natural = np.linalg.solve(fisher, gradient)
    expected = np.sqrt(2 * 0.02 / (gradient @ natural)) * natural
    assert step == pytest.approx(expected, rel=1e-4)
    assert step @ fisher @ step / 2 == pytest.approx(0.02)
    others = RANDOM.standard_normal((1000, 8))
    sizes = np.einsum("ni,ij,nj->n", others, fisher, others) / 2
    assert (others * np.sqrt(0.02 / sizes)[:, None] @ gradient).max() < gradient @ step


def test_without_a_gradient_there_is_no_step():
    assert not control.natural_step(np.zeros(3), lambda vector: vector, 0.01).any()


def test_products_with_the_fisher_information_are_those_of_a_linear_policy(region):
    policy, trust = region
    inputs = (STATES - STATES.mean(0)) / STATES.std(0)
    vector = RANDOM.standard_normal(12)
    kernel, bias = vector[:9].reshape(3, 3), vector[9:]
    changes = inputs @ kernel + bias
    p = _probabilities(policy)
    # The covariance of a choice among three actions, times the change of the logits.
    slopes = p * (changes - (p * changes).sum(1, keepdims=True)) / len(p)
    expected = np.append(np.ravel(inputs.T @ slopes), slopes.sum(0))
    product = trust.fisher_product(STATES, vector)
    assert product == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_an_update_keeps_to_its_divergence_and_improves_the_policy(region):
    policy, trust = region
    before = _probabilities(policy)
    actions = np.tile([0, 1, 2, 0], 10)
    gains = np.where(actions == 1, 1.0, -0.5)
    update = trust.update(STATES, actions, gains)
    after = _probabilities(policy)
    divergence = (before * np.log(before / after)).sum(1).mean()
    assert update.divergence == pytest.approx(divergence, rel=1e-3, abs=1e-6)
    assert 0.01 < divergence <= 0.05
    rows = np.arange(40)
    surrogate = (after[rows, actions] / before[rows, actions] - 1) @ gains / 40
    assert update.improvement == pytest.approx(surrogate, rel=1e-3)
    assert surrogate > 0


def test_an_update_that_cannot_improve_leaves_the_policy_as_it_is(region):
    policy, trust = region
    before = _weights(policy)
    update = trust.update(STATES, np.zeros(40, int), np.zeros(40))
    assert update == (0.0, 0.0)
    assert (_weights(policy) == before).all()


def test_a_policy_of_numpy_is_that_of_keras_and_draws_by_its_probabilities():
    policy = _policy(hidden=(6, 4))
    assert policy.parameters()(STATES) == pytest.approx(policy.model(STATES).numpy(), abs=1e-5)
    logits = np.log([[0.6, 0.3, 0.1]])
    drawn = policy.draw(np.repeat(logits, 20_000, 0), np.random.default_rng(1))
    # Five standard deviations.
    assert np.bincount(drawn) / 20_000 == pytest.approx([0.6, 0.3, 0.1], abs=0.0175)
    assert policy.mode(logits) == [0]


def _episodes(lengths, ended):
    count = sum(lengths)
    return control.Episodes(
        np.arange(count, dtype=np.float32)[:, None],
        np.zeros(count, int),
        np.arange(1.0, count + 1),
        np.array(lengths),
        -np.arange(1.0, len(lengths) + 1)[:, None],
        np.array(ended),
    )


def test_discounted_sums_are_those_of_the_definition():
    values = RANDOM.standard_normal(6)
    expected = [sum(0.9**j * values[i + j] for j in range(6 - i)) for i in range(6)]
    assert control.discounted_sums(values, 0.9) == pytest.approx(expected)


def test_advantages_are_returns_or_errors_and_stay_within_their_episode():
    episodes = _episodes([2, 3], [True, False])
    values, last = np.array([0.5, 1.5, 2.5, 3.5, 4.5]), np.array([100.0, 10.0])
    given = (episodes, episodes.rewards, values, last)
    # The first episode ended; the second was cut off, and its last state is worth 10.
    errors = [1 + 0.5 * 1.5 - 0.5, 2 - 1.5, 3 + 0.5 * 3.5 - 2.5, 4 + 0.5 * 4.5 - 3.5, 5 + 5 - 4.5]
    assert control.advantages(*given, discount=0.5, decay=0.0) == pytest.approx(errors)
    returns = [1 + 0.5 * 2, 2, 3 + 0.5 * (4 + 0.5 * (5 + 0.5 * 10)), 4 + 0.5 * 10, 5 + 5]
    full = control.advantages(*given, discount=0.5, decay=1.0)
    assert full == pytest.approx(np.array(returns) - values)
    ended = control.advantages(*given, discount=0.5, decay=1.0, end_value=8.0)
    assert ended - full == pytest.approx([0.25 * 8, 0.5 * 8, 0, 0, 0])


def test_episodes_know_their_returns_and_what_followed():
    episodes = _episodes([2, 3], [True, False])
    assert list(episodes.returns) == [3.0, 12.0]
    assert list(episodes.starts) == [0, 2]
    assert episodes.next_observations[:, 0].tolist() == [1, -1, 3, 4, -2]


@pytest.mark.parametrize("name", control.ENVIRONMENTS)
def test_collected_episodes_are_whole_and_follow_gymnasium(name):
    spec = control.ENVIRONMENTS[name]
    environments = control.make_environments(spec.gymnasium_id, 3, time_limit=15)

    def actor(observations, random):
        return random.integers(spec.actions, size=len(observations))

    episodes = control.collect(environments, actor, np.random.default_rng(0), episodes=5)
    assert len(episodes.lengths) == len(episodes.last) == len(episodes.ended) == 5
    assert len(episodes.observations) == len(episodes.actions) == episodes.lengths.sum()
    assert (episodes.lengths[~episodes.ended] == 15).all()
    again = control.collect(environments, actor, np.random.default_rng(0), episodes=5)
    assert (again.observations == episodes.observations).all()

    # Each episode again, from its first state, in an environment of its own.
    replay = gymnasium.make(spec.gymnasium_id).unwrapped
    for start, length in zip(episodes.starts, episodes.lengths, strict=True):
        replay.reset()
        first = episodes.observations[start].astype(float)
        if name == "Acrobot":
            first = np.array(
                [np.arctan2(first[1], first[0]), np.arctan2(first[3], first[2]), *first[4:]]
            )
        replay.state = first
        for step in range(start, start + length):
            seen, reward, *_ = replay.step(episodes.actions[step])
            assert seen == pytest.approx(episodes.next_observations[step], abs=1e-4)
            assert reward == episodes.rewards[step]


def test_enough_steps_are_collected():
    environments = control.make_environments("CartPole-v1", 2)
    episodes = control.collect(
        environments, lambda seen, _: np.zeros(len(seen), int), np.random.default_rng(0), steps=60
    )
    # It falls within a dozen steps; the last two were begun before there were enough.
    assert 60 <= episodes.lengths.sum() < 60 + 2 * 12
    assert episodes.ended.all()


def test_a_baseline_learns_values():
    keras.utils.set_random_seed(0)
    states = RANDOM.standard_normal((512, 2)).astype(np.float32)
    targets = 100.0 + 30.0 * states[:, 0]
    baseline = control.Baseline(control.build_network(states, 1, (8,)), seed=0)
    assert not baseline.predict(states).any()
    for _ in range(12):
        baseline.fit(states, targets)
    assert np.abs(baseline.predict(states) - targets).mean() < 15.0


@pytest.mark.parametrize(
    "name, goal, elsewhere",
    [
        ("MountainCar", [0.5, 0.0], [-np.pi / 6, 0.0]),
        # The tip one length above the joint, and hanging.
        ("Acrobot", [-0.5, np.sqrt(0.75), 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
    ],
)
def test_potentials_are_0_at_the_goal_and_lowest_at_rest(name, goal, elsewhere):
    potential = control.ENVIRONMENTS[name].potential
    at_goal, below = potential(np.array([goal, elsewhere]))
    assert at_goal == pytest.approx(0.0, abs=1e-6)
    assert below < -10
