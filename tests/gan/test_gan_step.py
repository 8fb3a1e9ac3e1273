import numpy as np
import pytest
import tensorflow as tf
from small_steps import RATES, Brightness, values_of, variables_of
from step_reference import ReferenceGan

from pirgan_tf import kernels
from pirgan_tf.kernels import winograd, winograd_layers

pytestmark = pytest.mark.usefixtures("whole_networks")


def weights_of(network):
    # Keras numbers the paths of a second network of the same name.
    return {"/".join(v.path.split("/")[-2:]): v.numpy() for v in network.weights}


def dropout_masks(discriminator, batch):
    """What the dropout layers make of ones, which is their masks, for each pass of a step."""

    def of_pass(seed):
        with kernels.dropout_seed(seed):
            return [
                layer(tf.ones([len(batch.latents), *layer.output.shape[1:]]), training=True)
                for layer in discriminator.layers
                if "dropout" in layer.name
            ]

    names = ("dropout_real", "dropout_fake", "dropout_fools")
    return {name: of_pass(getattr(batch, name)) for name in names}


def assert_same_change(after, before, expected, learning_rate):
    assert after.keys() == expected.keys()
    for path, value in after.items():
        error = np.abs(value - expected[path])
        moved = np.abs(value - before[path])
        if "moving" in path:
            np.testing.assert_allclose(value, expected[path], rtol=1e-4, atol=1e-5, err_msg=path)
            assert moved.max() > 1e-4, path
            continue
        assert moved.max() > 0.1 * learning_rate, path
        # Rounding can put a unit of a leaky ReLU on the other side of 0, and Adam divides a
        # gradient of nearly 0 by its size; a mistake would show in almost every weight.
        assert np.quantile(error, 0.75) < 0.02 * learning_rate, path
        assert error.mean() < 0.05 * learning_rate, path


@pytest.mark.parametrize(
    ("make_rate", "settings"),
    # Made in the test: a variable would start TensorFlow while pytest collects.
    [
        (lambda: None, {}),
        (lambda: None, {"num_classes": 0}),
        (Brightness, {}),
        (Brightness, {"adversarial_weight": 0.0}),
    ],
    ids=["classes", "no classes", "PIR", "PIR without adversary"],
)
def test_step_equals_the_reference(make_trainer, make_rate, settings):
    """Two steps, because the second one also depends on the optimizers' averages."""
    rate_function = make_rate()
    trainer = make_trainer(rate_function, **RATES, **settings)
    networks = trainer.generator, trainer.discriminator
    reference = ReferenceGan(*map(weights_of, networks), trainer.settings, rate_function)
    for step in range(2):
        before = [weights_of(network) for network in networks]
        batch = trainer.draw_batch(step, 0)
        losses = trainer.update(batch)
        expected = reference.step(batch, dropout_masks(trainer.discriminator, batch))

        assert set(losses) == set(expected) == set(trainer.loss_names)
        for name, value in expected.items():
            # The first step's optimizers divide gradients of nearly 0 by their size, and so
            # rounding is larger in the second.
            tolerance = {"rtol": 1e-4, "atol": 1e-5} if step == 0 else {"rtol": 2e-3}
            np.testing.assert_allclose(losses[name], value, **tolerance, err_msg=name)
        assert_same_change(weights_of(networks[0]), before[0], reference.generator, 1e-3)
        assert_same_change(
            weights_of(networks[1]),
            before[1],
            reference.discriminator | reference.statistics,
            1e-3,
        )


def test_five_steps_are_those_of_keras_own_layers(make_trainer, monkeypatch):
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
    # Not by `train`: to trace both steps takes longer than to make some.
    for step in range(5):
        losses, expected = (t.update(t.draw_batch(step, 0)) for t in (fast, plain))
        for name, value in losses.items():
            np.testing.assert_allclose(value, expected[name], rtol=1e-3, err_msg=name)
    for variable, before, ours, theirs in zip(
        variables_of(fast), begin, values_of(fast), values_of(plain), strict=True
    ):
        way = np.abs(ours - before).mean()
        assert np.abs(ours - theirs).mean() <= 0.02 * way, variable.path
