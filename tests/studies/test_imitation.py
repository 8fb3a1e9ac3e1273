"""Imitation: the experts, the adversary and its rewards, cloning, and the study."""

import importlib.util
import json

import gymnasium
import keras
import numpy as np
import pytest

from pirgan_tf.studies import control, imitation
from pirgan_tf.studies.imitation import training

LEVELS = {"CartPole": (200, 200), "MountainCar": (-115, -90), "Acrobot": (-95, -65)}


def test_rewards_have_their_signs_and_the_signed_one_is_the_sum():
    logits = np.linspace(-30, 30, 61)
    positive, negative, signed = (
        imitation.reward(logits, kind) for kind in ("positive", "negative", "signed")
    )
    assert (positive > 0).all()
    assert (negative < 0).all()
    assert signed == pytest.approx(positive + negative)
    # Where the adversary cannot tell: -log(1/2) and log(1/2).
    assert [positive[30], negative[30]] == pytest.approx([np.log(2), -np.log(2)])
    for rewards in (positive, negative, signed):
        assert (np.diff(rewards) > 0).all()


def test_an_end_is_worth_what_the_best_adversary_makes_of_it():
    # The expert's episodes last for a quarter of the limit, the policy's for three quarters.
    logit = imitation.ending_logit(0.25, 0.75)
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(0.75 / (0.75 + 0.25))
    assert imitation.ending_logit(0.4, 0.4) == 0
    # Of shares that are 0, half a step of 200 is left.
    assert imitation.ending_logit(1.0, 0.5) == pytest.approx(np.log(0.0025 / 0.5))


def test_pairs_are_every_so_many_of_the_first_trajectories():
    lengths = np.array([25, 3, 40])
    steps = np.arange(68)
    expert = {
        "observations": np.stack([steps, -steps], 1).astype(np.float32),
        "actions": (steps % 5).astype(np.uint8),
        "lengths": lengths,
        "returns": -lengths,
    }
    firsts = set()
    for seed in range(20):
        pairs = imitation.choose_pairs(expert, 2, 10, seed)
        chosen = pairs.states[:, 0].astype(int)
        assert (pairs.actions == chosen % 5).all()
        assert pairs.lasting == pytest.approx(14 / 200)
        *long, short = chosen
        assert np.diff(long).tolist() == [10] * (len(long) - 1)
        assert long[0] < 10 and long[-1] >= 15 and 25 <= short < 28
        firsts.add(long[0])
    assert len(firsts) > 3
    assert imitation.choose_pairs(expert, 3, 10, 0).states.max() > 27


@pytest.mark.parametrize("name", [*control.ENVIRONMENTS, imitation.BAD])
def test_an_expert_of_the_package_has_played_in_gymnasium(name):
    expert = imitation.read_expert(name)
    assert len(expert["lengths"]) == imitation.NUM_TRAJECTORIES
    assert expert["lengths"].sum() == len(expert["observations"]) == len(expert["actions"])
    low, high = LEVELS.get(name, (8, 12))
    assert low <= expert["returns"].mean() <= high
    if name == "Acrobot":
        # The step that reaches the goal costs nothing.
        assert (expert["returns"] == 1 - expert["lengths"]).all()
        return
    assert (np.abs(expert["returns"]) == expert["lengths"]).all()
    # What followed is what gymnasium makes of state and action, to the precision of float32.
    gymnasium_id = control.ENVIRONMENTS[name.removesuffix("-bad")].gymnasium_id
    replay = gymnasium.make(gymnasium_id).unwrapped
    replay.reset(seed=0)
    for step in range(expert["lengths"][0] - 1):
        replay.state = expert["observations"][step].astype(float)
        seen, *_ = replay.step(int(expert["actions"][step]))
        assert seen == pytest.approx(expert["observations"][step + 1], abs=1e-5)


def test_the_potential_that_helps_an_expert_depends_on_start_and_end_alone(monkeypatch):
    seen = []
    monkeypatch.setattr(control.Learner, "learn", lambda self, *given: seen.append(given))
    monkeypatch.setattr(training, "_EXPERT_ITERATIONS", 1)
    monkeypatch.setattr(training, "_EXPERT_STEPS", 100)
    expert = imitation.train_expert("MountainCar", 0)
    assert len(expert["lengths"]) == imitation.NUM_TRAJECTORIES
    assert expert["lengths"].sum() == len(expert["observations"]) == len(expert["actions"])
    imitation.train_expert(imitation.BAD, 0)
    (episodes, rewards, _), (_, reversed_rewards, _) = seen
    # An untrained policy does not reach the goal: all episodes are cut off.
    assert not episodes.ended.any()
    first = slice(0, episodes.lengths[0])
    discounts = control.DISCOUNT ** np.arange(episodes.lengths[0])
    growth = discounts @ (rewards[first] - episodes.rewards[first])
    ends = np.stack([episodes.last[0], episodes.observations[0]])
    last, start = control.ENVIRONMENTS["MountainCar"].potential(ends)
    assert growth == pytest.approx(control.DISCOUNT ** episodes.lengths[0] * last - start)
    # CartPole has no potential, and the bad expert pays for every step.
    assert (reversed_rewards == -1).all()


def test_an_adversary_begins_undecided_and_learns_to_tell():
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    states = random.standard_normal((60, 2)).astype(np.float32)
    expert = imitation.Pairs(states, (states[:, 0] > 0).astype(np.int64), 1.0)
    others = 1 - expert.actions
    adversary = imitation.Discriminator(expert, 2)
    # -2 log(1/2), less the entropy of two even decisions, weighted by 0.001.
    loss = adversary.fit(states, others)
    assert loss == pytest.approx(2 * np.log(2) * (1 - 1e-3), rel=1e-5)
    for _ in range(30):
        loss = adversary.fit(states, others)
    assert loss < 1.0
    assert (adversary.logits(states, expert.actions) > 0).mean() > 0.9
    assert (adversary.logits(states, others) < 0).mean() > 0.9


def test_cloning_of_whole_trajectories_balances_the_pole(monkeypatch):
    monkeypatch.setattr(training, "_CLONING_STEPS", 300)
    pairs = imitation.choose_pairs(imitation.read_expert("CartPole"), 10, 1, 0)
    assert len(pairs.states) == 2000
    returns = imitation.clone("CartPole", pairs, 0).returns
    assert returns.shape == (50,)
    # An untrained policy falls after nine or ten steps.
    assert returns.mean() > 100


def test_imitation_begins_with_an_untrained_policy_and_is_rewarded_by_the_adversary(monkeypatch):
    pairs = imitation.choose_pairs(imitation.read_expert("CartPole"), 1, 10, 0)
    rewarded = []
    monkeypatch.setattr(
        control.Learner, "learn", lambda self, episodes, rewards, end: rewarded.append(rewards)
    )
    found = imitation.imitate("CartPole", pairs, "negative", iterations=3, steps=300, seed=0)
    # A policy of equal probabilities, and of its most probable actions the first: always left.
    assert found.curve.shape == (3,)
    assert 15 < found.curve.mean() < 30
    assert found.returns.shape == (50,)
    assert set(found.returns) <= {8, 9, 10, 11}
    # As the policy does not learn, the adversary tells it from the expert ever better.
    means = [rewards.mean() for rewards in rewarded]
    assert 0 > means[0] > means[1] > means[2]


def test_the_command_compares_with_cloning_and_with_a_bad_expert(commands, tmp_path, monkeypatch):
    def imitate(name, pairs, kind, *, iterations, steps, seed):
        # The positive reward pays for living, whoever the expert is.
        level = {"CartPole": 200.0, "Acrobot": -80.0}[name]
        if name == "CartPole" and pairs.lasting < 0.1 and kind != "positive":
            level = 10.0
        return imitation.Training(np.full(50, level + seed), np.full(iterations, level))

    def clone(name, pairs, seed):
        return imitation.Training(np.full(50, -150.0), np.zeros(0))

    monkeypatch.setattr(imitation, "imitate", imitate)
    monkeypatch.setattr(imitation, "clone", clone)
    output = tmp_path / "imitation"
    flags = ("--environment=Acrobot,CartPole", "--trajectories=10,1", "--seeds=2")
    result = commands.call("study", "imitation", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"]: finding for finding in found["findings"]}
    name = "CartPole: return of GAIL, 10 trajectories"
    assert figures[name]["seeds"] == {"0": 200.0, "1": 201.0}
    assert figures[name]["paper"] == "200"
    assert figures["Acrobot: return of GAIL, 1 trajectory"]["value"] == -79.5
    assert figures["CartPole: return of cloning, 10 trajectories"]["value"] == -150
    assert figures["CartPole: return of the expert"]["value"] == 200
    bad = "bad expert of CartPole: return of GAIL by the {} reward"
    assert figures[bad.format("positive")]["value"] == 200.5
    assert figures[bad.format("endings")]["value"] == 10.5
    assert "CartPole with 1 trajectory: expert 200.0, GAIL 200.5, cloning -150.0" in found["answer"]
    assert "200.5 by the positive reward, 10.5 by the endings reward" in found["answer"]
    assert set(found["figures"]) == {"returns", "curves", "control"}


@pytest.mark.parametrize(
    "name, flags, words",
    [
        ("imitation", ("--environment=CartPol",), ("did you mean 'CartPole'",)),
        ("imitation", ("--environment=Acrobot,Acrobot",), ("environment", "different")),
        ("imitation", ("--trajectories=1,12",), ("trajectories", "at most 10", "12")),
        ("imitation", ("--trajectories=0",), ("trajectories", "whole numbers from 1")),
        ("imitation", ("--reward=postive",), ("did you mean 'positive'",)),
        ("exploration", ("--environment=CartPole",), ("environment", "MountainCar, Acrobot")),
        ("exploration", ("--weight=0",), ("weight", "above 0")),
        ("exploration", ("--iterations=2",), ("iterations", "at least 5")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, name, flags, words):
    line = commands.call("study", name, *flags, output=nowhere).refusal()
    assert all(word in line for word in words)


@pytest.mark.parametrize("name", ["imitation", "exploration"])
def test_without_gymnasium_one_line_says_how_to_get_it(commands, nowhere, monkeypatch, name):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "gymnasium" else find(name)
    )
    line = commands.call("study", name, output=nowhere).refusal()
    assert "pip install 'pirgan-tf[control]'" in line
