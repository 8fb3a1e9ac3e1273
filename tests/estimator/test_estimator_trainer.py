import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.labels import hard_labels, soft_labels
from pirgan_tf.estimator.pir_estimator import EstimatorShape
from pirgan_tf.estimator.trainer import EstimatorTrainer, RatedImages
from pirgan_tf.training.devices import Devices

SIZE, TEMPERATURE, BATCH = 16, 0.5, 8


def grey_images(count):
    """Images of one value each, all different, rated the better the brighter they are."""
    values = np.linspace(0, 255, count).round().astype(np.uint8)
    images = np.broadcast_to(values[:, None, None, None], (count, SIZE, SIZE, 3))
    return RatedImages(np.array(images), np.full(count, 100), np.int64(values) * 100 // 255)


def make_trainer(devices, train, heldout, **changes):
    settings = {
        "batch_size": BATCH,
        "learning_rate": 0.01,
        "patience": 2,
        "temperature": TEMPERATURE,
        "seed": 4,
    }
    shape = changes.pop("shape", EstimatorShape(SIZE, 0.1, 20))
    return EstimatorTrainer(shape, devices, train, heldout, **settings | changes)


@pytest.fixture(scope="module")
def built(devices, small_network):
    keras.utils.set_random_seed(0)
    # More held-out images than are judged at once.
    return make_trainer(devices, grey_images(30), grey_images(120))


def variables_of(trainer):
    return [v for item in trainer.checkpoint_items().values() for v in item.variables]


@pytest.fixture
def trainer(built):
    """A trainer which a test may train."""
    before = [variable.numpy() for variable in variables_of(built)]
    yield built
    for variable, value in zip(variables_of(built), before, strict=True):
        variable.assign(value)


def rows_of(trainer, steps, replica=0):
    """The rows of the training images that these steps draw."""
    values = grey_images(30).images[:, 0, 0, 0]
    rows = []
    for step in steps:
        images, labels = trainer.draw_batch(tf.constant(step, tf.int64), replica)
        drawn = np.rint((images.numpy()[:, 0, 0, 0] + 1) * 127.5)
        rows += [int(np.flatnonzero(values == value)[0]) for value in drawn]
        bins = [min(20 * (int(value) * 100 // 255) // 100, 19) for value in drawn]
        np.testing.assert_array_equal(labels, np.eye(20)[bins])
    return rows


def estimates_of(trainer):
    """The estimates of the images held out, at the temperature of use."""
    logits, _ = trainer.judge(grey_images(120))
    return trainer.estimator.expectation(logits, TEMPERATURE).numpy()


def test_split_is_disjoint_complete_and_seeded():
    rated = grey_images(20)
    train, heldout = rated.split(0.25, seed=1)
    assert (len(train), len(heldout)) == (15, 5)

    def rows(part):
        columns = part.images, part.impressions, part.positives
        return [(i.tobytes(), n, k) for i, n, k in zip(*columns, strict=True)]

    assert sorted(rows(train) + rows(heldout)) == sorted(rows(rated))
    again, other = rated.split(0.25, seed=1)[1], rated.split(0.25, seed=2)[1]
    np.testing.assert_array_equal(again.images, heldout.images)
    assert not np.array_equal(other.images, heldout.images)


def test_learning_from_fewer_images_holds_out_the_same():
    train, heldout = grey_images(20).split(0.25, seed=1)
    few, same = grey_images(20).split(0.25, seed=1, num_train=4)
    np.testing.assert_array_equal(same.images, heldout.images)
    assert len(few) == 4
    values, all_values = few.images[:, 0, 0, 0], train.images[:, 0, 0, 0]
    assert set(values) <= set(all_values)


def test_joined_images_keep_their_counts_and_order():
    left, right = grey_images(3), grey_images(2)
    both = left + right
    np.testing.assert_array_equal(both.images, np.concatenate([left.images, right.images]))
    assert both.positives.tolist() == [*left.positives, *right.positives]
    assert both.impressions.tolist() == [100] * 5


def test_nothing_is_held_out_of_a_split_at_zero():
    train, heldout = grey_images(5).split(0.0, seed=1)
    assert (len(train), len(heldout)) == (5, 0)


def test_rates_are_positives_by_impressions():
    rated = RatedImages(np.zeros((2, 1, 1, 3)), np.array([4, 10]), np.array([1, 5]))
    assert rated.rates.tolist() == [0.25, 0.5]


def test_every_image_is_drawn_once_an_epoch_across_batches_of_two_epochs(built):
    # 15 batches of 8 are four epochs of 30; the ends of epochs fall into batches.
    rows = rows_of(built, range(15))
    epochs = [rows[30 * e : 30 * (e + 1)] for e in range(4)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(30))
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_every_epoch_is_shuffled_well(built):
    """As `RandomIndexShuffle` is not with its default number of rounds."""
    rows = np.array(rows_of(built, range(30 * 60 // BATCH))).reshape(60, 30)
    in_order = np.mean(np.diff(rows) == 1, axis=1)
    at_home = np.mean(rows == np.arange(30), axis=1)
    # By chance one in thirty; of 60 epochs the worst has a fifth.
    assert in_order.max() < 0.3
    assert at_home.max() < 0.3
    places = [stats.spearmanr(row, np.arange(30)).statistic for row in rows]
    assert np.std(places) == pytest.approx(1 / np.sqrt(29), rel=0.3)


def test_a_draw_depends_on_step_and_seed_alone(built, devices):
    assert rows_of(built, [7]) == rows_of(built, [7])
    other = types.SimpleNamespace(**vars(built))
    other._stream = built._stream + 1
    other.draw_batch = types.MethodType(EstimatorTrainer.draw_batch, other)
    assert rows_of(other, range(3)) != rows_of(built, range(3))


def test_measured_figures_are_those_worked_out_by_hand(built):
    heldout = grey_images(120)
    logits = built.estimator.logits(heldout.images / np.float32(127.5) - 1).numpy().astype(float)
    bins = np.minimum(heldout.positives * 20 // 100, 19)
    log_likelihood = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    weights = np.exp(logits / TEMPERATURE)
    estimates = (weights / weights.sum(1, keepdims=True)) @ ((np.arange(20) + 0.5) / 20)
    ranks = stats.rankdata(estimates), stats.rankdata(heldout.positives)

    figures = built.measure()
    assert figures["heldout/loss"] == pytest.approx(
        -np.mean(log_likelihood[np.arange(120), bins]), rel=1e-4
    )
    assert figures["heldout/mae"] == pytest.approx(
        np.mean(np.abs(estimates - heldout.positives / 100)), rel=1e-4
    )
    assert figures["heldout/spearman"] == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=0.01)
    np.testing.assert_allclose(estimates_of(built), estimates, rtol=1e-4)


def test_constant_estimates_correlate_with_nothing(trainer):
    kernel, bias = trainer.estimator.model.get_layer("logits").weights
    kernel.assign(tf.zeros_like(kernel))
    bias.assign(tf.zeros_like(bias))
    figures = trainer.measure()
    assert figures["heldout/spearman"] == 0.0
    assert figures["heldout/loss"] == pytest.approx(np.log(20), rel=1e-5)
    rates = grey_images(120).rates
    assert figures["heldout/mae"] == pytest.approx(np.abs(rates - 0.5).mean(), rel=1e-5)


@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_the_held_out_loss_is_cross_entropy_to_the_labels(devices, small_network, labels):
    trainer = make_trainer(devices, grey_images(10), grey_images(10), labels=labels)
    heldout = grey_images(10)
    logits = trainer.estimator.logits(heldout.images / np.float32(127.5) - 1).numpy().astype(float)
    log_likelihood = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    make = {"hard": hard_labels, "soft": soft_labels}[labels]
    wanted = -(make(heldout.positives, heldout.impressions, 20) * log_likelihood).sum(1).mean()
    assert trainer.measure()["heldout/loss"] == pytest.approx(wanted, rel=1e-4)


def test_the_scalar_head_learns_rates_by_least_squares(devices, small_network):
    shape = EstimatorShape(SIZE, 0.1, 20, head="scalar")
    trainer = make_trainer(devices, grey_images(16), grey_images(16), shape=shape)
    images, labels = trainer.draw_batch(tf.constant(0, tf.int64), 0)
    values = np.rint((images.numpy()[:, 0, 0, 0] + 1) * 127.5)
    np.testing.assert_allclose(labels[:, 0], values * 100 // 255 / 100, rtol=1e-6)
    heldout = grey_images(16)
    logits, losses = trainer.judge(heldout)
    estimates = trainer.estimator.expectation(logits).numpy()
    np.testing.assert_allclose(losses, (estimates - heldout.rates) ** 2, rtol=1e-4, atol=1e-7)
    assert trainer.measure()["heldout/loss"] == pytest.approx(
        np.mean((estimates - heldout.rates) ** 2), rel=1e-4
    )
    trainer.train(tf.constant(0, tf.int64), tf.constant(60, tf.int64))
    assert trainer.measure()["heldout/loss"] != pytest.approx(
        np.mean((estimates - heldout.rates) ** 2), rel=0.1
    )


def test_training_learns_and_updates_the_statistics(trainer):
    statistics = [v.numpy() for v in trainer.estimator.model.non_trainable_variables]
    means = []
    for start, count in ((0, 20), (20, 200), (220, 20)):
        sums = trainer.train(tf.constant(start, tf.int64), tf.constant(count, tf.int64))
        means.append(float(sums["loss/train"]) / count)
    assert means[2] < 0.8 * means[0]
    for old, new in zip(statistics, trainer.estimator.model.non_trainable_variables, strict=True):
        assert not np.array_equal(old, new)


def script(trainer, monkeypatch, losses):
    """Evaluates once a loss, with other weights each time; returns the weights of each."""
    bias = trainer.estimator.model.get_layer("logits").bias
    weights = []
    for step, loss in enumerate(losses, start=1):
        bias.assign(tf.fill(bias.shape, float(step)))
        monkeypatch.setattr(trainer, "measure", lambda loss=loss: {"heldout/loss": loss})
        assert trainer.evaluate(10 * step) == {"heldout/loss": loss}
        weights.append(trainer.estimator.model.get_weights())
    return weights


def assert_equal(left, right):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def test_early_stopping_waits_and_returns_to_the_best_step(trainer, monkeypatch):
    weights = script(trainer, monkeypatch, [3.0, 2.0, 2.5])
    assert not trainer.is_finished()
    script(trainer, monkeypatch, [2.0])  # as good is not better
    assert trainer.is_finished()
    trainer.restore_best()
    assert_equal(trainer.estimator.model.get_weights(), weights[1])
    assert trainer.chosen_step == 20


def test_a_better_evaluation_starts_the_waiting_again(trainer, monkeypatch):
    script(trainer, monkeypatch, [3.0, 4.0, 2.0, 2.5])
    assert not trainer.is_finished()
    assert trainer.chosen_step == 30


def test_a_loss_that_is_not_a_number_is_never_the_best(trainer, monkeypatch):
    weights = script(trainer, monkeypatch, [3.0, float("nan"), float("nan")])
    assert trainer.is_finished()
    trainer.restore_best()
    assert_equal(trainer.estimator.model.get_weights(), weights[0])


def test_early_stopping_survives_a_checkpoint(trainer, monkeypatch, tmp_path):
    weights = script(trainer, monkeypatch, [3.0, 2.0, 2.5])
    path = tf.train.Checkpoint(**trainer.checkpoint_items()).write(str(tmp_path / "ckpt"))
    script(trainer, monkeypatch, [1.0, 4.0, 4.0])
    assert trainer.chosen_step == 10
    assert trainer.is_finished()
    tf.train.Checkpoint(**trainer.checkpoint_items()).read(path).assert_consumed()
    assert trainer.chosen_step == 20
    assert not trainer.is_finished()
    assert_equal(trainer.estimator.model.get_weights(), weights[2])
    script(trainer, monkeypatch, [2.2])
    assert trainer.is_finished()
    trainer.restore_best()
    assert_equal(trainer.estimator.model.get_weights(), weights[1])


def test_without_patience_training_never_stops_early(devices, small_network, monkeypatch):
    trainer = make_trainer(devices, grey_images(10), grey_images(10), patience=0)
    weights = script(trainer, monkeypatch, [1.0, 2.0, 3.0, 4.0])
    assert not trainer.is_finished()
    trainer.restore_best()
    assert_equal(trainer.estimator.model.get_weights(), weights[3])
    assert trainer.chosen_step is None
    assert "best" not in trainer.checkpoint_items()


def test_too_few_images_to_measure_on_are_refused(devices):
    with pytest.raises(InputError, match=r"at least 3 images to measure on.* 2 of 12"):
        make_trainer(devices, grey_images(10), grey_images(2))


def test_a_batch_that_does_not_fit_is_refused(devices):
    with pytest.raises(InputError, match=r"at most the number of images to train on, 7.* 8"):
        make_trainer(devices, grey_images(7), grey_images(5))
    three = Devices(types.SimpleNamespace(num_replicas_in_sync=3), "float32", False, "")
    with pytest.raises(InputError, match="multiple of the 3 replicas"):
        make_trainer(three, grey_images(10), grey_images(5))
