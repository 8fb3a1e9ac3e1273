"""Tuning that is measured, and keeps the images diverse: the trainer alone, of one layer each."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import analysis, gan
from pirgan_tf.errors import InputError
from pirgan_tf.gan.tuning_figures import measure_tuning
from pirgan_tf.training.loop import Schedule, run

PHOTOGRAPHS = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)


def networks(seed):
    keras.utils.set_random_seed(seed)
    latents, images = keras.Input((4,)), keras.Input((8, 8, 3))
    x = keras.layers.Dense(192, "tanh")(latents)
    source = keras.layers.Dense(1)(keras.layers.Flatten()(images))
    return gan.Networks(
        keras.Model(latents, keras.layers.Reshape((8, 8, 3))(x)), keras.Model(images, source)
    )


def redness(images):
    return tf.sigmoid(tf.reduce_mean(images[..., 0], axis=[1, 2]))


def pixels(images):
    return tf.reshape(images, [-1, 192])


def fading(images):
    """Features that are the nearer to each other the redder the images are."""
    return pixels(images) * (1 - redness(images))[:, None] ** 4


@pytest.fixture
def make(devices):
    def make(keep_diversity=None, patience=0, seed=0, pair=None, **settings):
        batches = gan.GanBatches(
            PHOTOGRAPHS,
            np.zeros(9),
            num_classes=0,
            batch_size=4,
            latent_size=4,
            seed=seed,
            stream="test",
        )
        return gan.TuningTrainer(
            pair or networks(seed),
            gan.acgan(),
            batches,
            gan.paper_optimizers(1e-2, 0.5, 1e-2),
            devices,
            rate_function=redness,
            features=fading,
            keep_diversity=keep_diversity,
            patience=patience,
            **settings,
        )

    return make


@pytest.fixture
def scripted(make, monkeypatch):
    """Makes a trainer whose images have these estimates and diversities, the untuned first."""

    def scripted(figures, **settings):
        rows = iter(figures)

        def measure(*_, **__):
            estimate, diversity = next(rows)
            return {"tuning/estimate": estimate, "tuning/diversity": diversity}

        monkeypatch.setattr("pirgan_tf.gan.tuning_trainer.measure_tuning", measure)
        return make(**settings)

    return scripted


def follow(trainer, count):
    """Evaluates after each change of the weights; returns the weights and figures by step."""
    weights, figures = [trainer.generator.get_weights()], []
    for step in range(1, count + 1):
        trainer.generator.set_weights([value + step for value in weights[0]])
        weights.append(trainer.generator.get_weights())
        figures.append(trainer.evaluate(step))
    return weights, figures


def assert_same(left, right):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def test_figures_are_of_the_same_latents_and_of_the_measure_that_evaluate_has(make):
    seen = []

    def features(images):
        seen.append(images.numpy())
        return pixels(images)

    generator = networks(0).generator
    before = measure_tuning(generator, redness, features)
    images = [np.concatenate(seen)]
    generator.set_weights([0.3 * value for value in generator.get_weights()])
    seen.clear()
    after = measure_tuning(generator, redness, features)
    images.append(np.concatenate(seen))
    expected = analysis.compare_diversity(*(pixels(array) for array in images), "pixels")
    assert before["tuning/diversity"] == pytest.approx(expected.distance_before)
    assert after["tuning/diversity"] == pytest.approx(expected.distance_after)
    # Images of one latent are alike but for their contrast.
    assert np.corrcoef(images[0].ravel(), images[1].ravel())[0, 1] > 0.9
    for figures, array in zip((before, after), images, strict=True):
        assert figures["tuning/estimate"] == pytest.approx(redness(array).numpy().mean())


def test_diversity_is_told_as_a_share_and_changes_nothing_by_itself(scripted):
    trainer = scripted([(0.5, 8.0), (0.6, 4.0), (0.4, 9.0)])
    _, figures = follow(trainer, 2)
    assert [row["tuning/diversity"] for row in figures] == [0.5, 1.125]
    assert [row["tuning/pir_weight"] for row in figures] == [1000.0] * 2
    assert not trainer.is_finished()
    assert trainer.restore_best() is None


def test_the_weight_follows_the_violation_between_its_first_value_and_a_thousandth(scripted):
    diversities = [2.0, 1.6, 1.7, 1.9, 2.0, 2.2, 1.78, 0.2, 1.6]
    trainer = scripted(
        [(0.5, diversity) for diversity in diversities], keep_diversity=0.9, rate_weight=100.0
    )
    _, figures = follow(trainer, 8)
    # Of shares 0.8, 0.85, 0.95, 1, 1.1, 0.89, 0.1 and 0.8: ten times what they lack of 0.9.
    multipliers = [1.0, 1.5, 1.0, 0.0, 0.0, 0.1, math.log(1000), math.log(1000)]
    np.testing.assert_allclose(
        [row["tuning/pir_weight"] for row in figures], 100 * np.exp(-np.array(multipliers)), 1e-5
    )


def test_the_highest_estimate_inside_the_constraint_is_restored(scripted):
    trainer = scripted(
        [(0.5, 1.0), (0.6, 0.95), (0.9, 0.5), (0.7, 0.9), (0.65, 1.0), (0.8, 0.89)],
        keep_diversity=0.9,
    )
    weights, _ = follow(trainer, 5)
    assert trainer.restore_best() == 3
    assert_same(trainer.generator.get_weights(), weights[3])


def test_without_a_better_step_inside_the_constraint_the_untuned_networks_are_restored(scripted):
    trainer = scripted([(0.5, 1.0), (0.9, 0.8), (0.4, 1.0)], keep_diversity=0.9)
    weights, _ = follow(trainer, 2)
    assert trainer.restore_best() == 0
    assert_same(trainer.generator.get_weights(), weights[0])


def test_patience_counts_the_measures_since_the_best(scripted):
    rows = [(0.5, 1.0), (0.4, 1.0), (0.6, 1.0), (0.9, 0.1), (0.6, 1.0), (0.5, 1.0)]
    trainer = scripted(rows, keep_diversity=0.9, patience=2)
    finished = []
    for step in range(1, 6):
        trainer.evaluate(step)
        finished.append(trainer.is_finished())
    assert finished == [False, False, False, True, True]


def test_a_step_tells_how_probably_real_the_discriminator_thought_its_images(make):
    pair = networks(0)
    pair.discriminator.set_weights([np.zeros([192, 1]), np.array([math.log(3)])])
    trainer = make(pair=pair)
    losses = trainer.update(trainer.draw_batch(0, 0))
    assert "loss/p_real" in trainer.loss_names
    assert float(losses["loss/p_real"]) == pytest.approx(0.75)


def test_images_that_are_all_alike_are_refused(make):
    pair = networks(0)
    pair.generator.set_weights([0 * value for value in pair.generator.get_weights()])
    with pytest.raises(InputError, match=r"must differ from each other.* a diversity of 0"):
        make(pair=pair)


def _train(trainer, folder, steps):
    schedule = Schedule(
        steps, log_every=2, evaluate_every=2, checkpoint_every=3, checkpoint_minutes=0.0
    )
    folder.mkdir(exist_ok=True)
    run(trainer, schedule, folder)
    step = trainer.restore_best()
    rows = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    figures = [
        {name: value for name, value in row.items() if name.split("/")[0] in ("tuning", "loss")}
        for row in rows
    ]
    return step, figures, [value.numpy() for value in trainer.state()]


def test_a_run_after_another_that_is_stopped_and_resumed_is_a_straight_run(make, tmp_path):
    constraint = {"keep_diversity": 0.96, "patience": 4, "rate_weight": 30.0}
    trainer = make(**constraint)
    step, figures, values = _train(trainer, tmp_path / "straight", 8)
    assert step == 2
    assert [row["tuning/diversity"] < 0.96 for row in figures] == [False, True, True, True]
    assert [row["tuning/pir_weight"] < 30.0 for row in figures] == [False, True, True, True]

    # For another objective, from another state.
    trainer.begin_as(make(seed=1, **constraint))
    _train(trainer, tmp_path / "other", 2)
    new = make(**constraint)
    trainer.begin_as(new)
    _train(trainer, tmp_path / "stopped", 5)
    trainer.begin_as(new)
    again = _train(trainer, tmp_path / "stopped", 8)
    assert trainer.train.experimental_get_tracing_count() == 1
    assert again[0] == step
    for ours, theirs in zip(again[1], figures, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    for ours, theirs in zip(again[2], values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
