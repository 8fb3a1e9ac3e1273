import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.gan import discriminator
from pirgan_tf.gan import trainer as gan_trainer
from pirgan_tf.gan.generator import build_generator
from pirgan_tf.gan.trainer import GanSettings, GanTrainer
from pirgan_tf.kernels import winograd
from pirgan_tf.training.devices import Devices


def variables_of(trainer):
    return [v for item in trainer.checkpoint_items().values() for v in item.variables]


def values_of(trainer):
    return [variable.numpy() for variable in variables_of(trainer)]


def train(trainer, first, count):
    sums = trainer.train(tf.constant(first, tf.int64), tf.constant(count, tf.int64))
    return {name: value.numpy() for name, value in sums.items()}


@pytest.fixture(scope="module")
def traced(make_trainer):
    """A trainer after its first step, which has traced `train`, and its values then."""
    trainer = make_trainer()
    train(trainer, 0, 1)
    return trainer, values_of(trainer)


@pytest.fixture
def trainer(traced):
    trainer, values = traced
    for variable, value in zip(variables_of(trainer), values, strict=True):
        variable.assign(value)
    return trainer


def test_two_steps_in_one_call_equal_two_calls_bit_for_bit(trainer, traced):
    together = train(trainer, 1, 2)
    after = values_of(trainer)
    for variable, value in zip(variables_of(trainer), traced[1], strict=True):
        variable.assign(value)
    apart = [train(trainer, step, 1) for step in (1, 2)]
    for left, right in zip(values_of(trainer), after, strict=True):
        np.testing.assert_array_equal(left, right)
    for name, value in together.items():
        assert value == np.float32(apart[0][name]) + np.float32(apart[1][name])


def test_fifty_steps_are_those_of_keras_own_layers_and_optimizer(make_trainer, monkeypatch):
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
    fast = make_trainer()
    monkeypatch.setattr(
        gan_trainer,
        "build_generator",
        lambda *args, fused, **kwargs: build_generator(*args, **kwargs),
    )
    monkeypatch.setattr(discriminator, "FusedBatchNormalization", keras.layers.BatchNormalization)
    monkeypatch.setattr(discriminator, "WinogradConv2D", keras.layers.Conv2D)
    monkeypatch.setattr(gan_trainer, "FusedAdam", keras.optimizers.Adam)
    plain = make_trainer()
    packages = {layer.__module__.split(".")[0] for layer in plain.generator.layers}
    assert packages == {layer.__module__.split(".")[0] for layer in plain.discriminator.layers}
    assert packages == {plain.generator_optimizer.__module__.split(".")[0]} == {"keras"}
    plain.generator.set_weights(fast.generator.get_weights())
    plain.discriminator.set_weights(fast.discriminator.get_weights())
    begin = values_of(fast)
    losses, expected = train(fast, 0, 50), train(plain, 0, 50)
    for name, value in losses.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-3, err_msg=name)
    for variable, before, ours, theirs in zip(
        variables_of(fast), begin, values_of(fast), values_of(plain), strict=True
    ):
        way = np.abs(ours - before).mean()
        assert np.abs(ours - theirs).mean() <= 0.02 * way, variable.path


def test_every_variable_but_the_learning_rates_moves(trainer, traced):
    train(trainer, 1, 1)
    still = [
        variable.path.split("/")[-1]
        for variable, before in zip(variables_of(trainer), traced[1], strict=True)
        if np.array_equal(variable.numpy(), before)
    ]
    assert still == ["learning_rate"] * 2


def test_losses_are_the_papers_sums_of_terms(trainer):
    losses = train(trainer, 1, 1)
    assert set(losses) == set(trainer.loss_names)
    np.testing.assert_allclose(
        losses["loss/discriminator"],
        -losses["loss/fake"] - losses["loss/real"] - losses["loss/real_class"],
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        losses["loss/generator"], -losses["loss/fools"] - 1.5 * losses["loss/fake_class"], rtol=1e-5
    )


def test_train_uses_the_batch_of_its_step(trainer, traced):
    other = train(trainer, 2, 1)
    for variable, value in zip(variables_of(trainer), traced[1], strict=True):
        variable.assign(value)
    assert train(trainer, 1, 1) != other


def test_defaults_are_the_papers_numbers():
    settings = GanSettings()
    assert (settings.generator_learning_rate, settings.adam_beta_1) == (1e-5, 0.5)
    assert settings.discriminator_learning_rate == 1e-5
    assert (settings.fake_class_weight, settings.real_class_weight) == (1.5, 1.0)
    assert settings.pir_weight == 1000.0


@pytest.mark.parametrize("num_classes", [0, 2])
def test_drawn_images_are_a_grid_of_four_rows_a_class(make_trainer, num_classes):
    trainer = make_trainer(num_classes=num_classes)
    grid = trainer.draw_images()
    rows = 4 * max(num_classes, 1)
    assert grid.shape == (rows * 66 + 2, 8 * 66 + 2, 3)
    assert grid.dtype == np.uint8
    np.testing.assert_array_equal(trainer.draw_images(), grid)


def test_a_batch_larger_than_the_set_is_refused(make_trainer):
    with pytest.raises(InputError, match=r"at most the number of images to train on, 9.* 10"):
        make_trainer(batch_size=10)


def test_a_batch_that_replicas_cannot_share_is_refused(photographs):
    three = Devices(types.SimpleNamespace(num_replicas_in_sync=3), "float32", False, "")
    with pytest.raises(InputError, match=r"multiple of the 3 replicas.* 4"):
        GanTrainer(GanSettings(batch_size=4), three, *photographs, seed=0, stream="test")
