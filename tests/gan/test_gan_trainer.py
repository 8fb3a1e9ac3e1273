import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import kernels
from pirgan_tf.errors import InputError
from pirgan_tf.gan.networks.families import FAMILIES
from pirgan_tf.kernels import winograd, winograd_layers
from pirgan_tf.training.devices import Devices

pytestmark = pytest.mark.usefixtures("whole_networks")


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
        assert value == sum(np.float64(part[name]) for part in apart)


def test_twenty_steps_are_those_of_keras_own_layers(make_trainer, monkeypatch):
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
    # Keras's dropout draws from a state of its own.
    fast = make_trainer(dropout=0.0)
    monkeypatch.setattr(kernels, "accelerate", lambda network, synchronized: network)
    plain = make_trainer(dropout=0.0)
    for network in (plain.generator, plain.discriminator):
        assert {layer.__module__.split(".")[0] for layer in network.layers} == {"keras"}
    assert any(
        isinstance(layer, winograd_layers.WinogradConv2D) for layer in fast.discriminator.layers
    )
    begin = values_of(fast)
    losses, expected = train(fast, 0, 20), train(plain, 0, 20)
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
        # Keras's dropout has a generator, which is not used here.
        if np.array_equal(variable.numpy(), before) and "seed_generator" not in variable.path
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


def test_a_batch_that_replicas_cannot_share_is_refused(make_trainer):
    three = Devices(types.SimpleNamespace(num_replicas_in_sync=3), "float32", False, "")
    with pytest.raises(InputError, match=r"multiple of the 3 replicas.* 4"):
        make_trainer(devices=three)


def test_a_family_is_one_module_and_one_entry(make_trainer, monkeypatch):
    """As docs/architecture.md says; the networks here have nothing but what a family must."""

    def build_generator(num_classes, latent_size, width, image_size, *, dtype):
        inputs = [keras.Input((latent_size,)), keras.Input((num_classes,))]
        x = keras.layers.Concatenate()(inputs)
        x = keras.layers.Dense(image_size**2 * 3, "tanh", dtype="float32")(x)
        return keras.Model(inputs, keras.layers.Reshape((image_size, image_size, 3))(x))

    def build_discriminator(num_classes, width, image_size, *, dtype):
        images = keras.Input((image_size, image_size, 3))
        x = keras.layers.Flatten()(images)
        return keras.Model(images, [keras.layers.Dense(n)(x) for n in (1, num_classes)])

    module = types.ModuleType("tiny_family")
    module.build_generator, module.build_discriminator = build_generator, build_discriminator
    monkeypatch.setitem(sys.modules, "tiny_family", module)
    monkeypatch.setitem(FAMILIES, "tiny", "tiny_family")
    trainer = make_trainer(family="tiny", image_size=32)
    before = values_of(trainer)
    losses = train(trainer, 0, 2)
    assert all(np.isfinite(value) for value in losses.values())
    pairs = zip(values_of(trainer), before, strict=True)
    assert sum(not np.array_equal(a, b) for a, b in pairs) > 6
