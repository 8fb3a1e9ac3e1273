import types

import numpy as np
import pytest
import tensorflow as tf
from small_steps import RATES, Brightness, train, values_of, variables_of

from pirgan_tf.errors import InputError
from pirgan_tf.gan.sampling import call_generator
from pirgan_tf.training.devices import Devices


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


def test_rate_function_keeps_its_variables(make_trainer):
    rate = Brightness()
    trainer = make_trainer(rate, **RATES)
    trainer.update(trainer.draw_batch(0, 0))
    assert rate.slope.numpy() == 2.0


def test_discriminator_learns_no_class_from_generated_images(make_trainer):
    trainer = make_trainer(real_class_weight=0.0, **RATES)
    heads = {name: trainer.discriminator.get_layer(name) for name in ("class_logits", "source")}
    before = {name: layer.get_weights() for name, layer in heads.items()}
    trainer.update(trainer.draw_batch(0, 0))
    for old, new in zip(before["class_logits"], heads["class_logits"].get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert np.abs(heads["source"].get_weights()[0] - before["source"][0]).max() > 1e-4


def test_pir_weight_raises_the_estimated_rate(make_trainer):
    rate = Brightness()
    trainer = make_trainer(rate, **RATES)
    batch = trainer.draw_batch(0, 0)

    def mean_rate():
        images = call_generator(trainer.generator, batch.latents, batch.fake_labels)
        return float(tf.reduce_mean(rate(images)))

    before = mean_rate()
    for _ in range(3):
        trainer.update(batch)
    assert mean_rate() > before + 1e-3


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


def test_a_family_is_one_module_and_one_entry(make_trainer, tiny_family):
    """As docs/architecture.md says."""
    trainer = make_trainer(family=tiny_family, image_size=32)
    before = values_of(trainer)
    losses = train(trainer, 0, 2)
    assert all(np.isfinite(value) for value in losses.values())
    pairs = zip(values_of(trainer), before, strict=True)
    assert sum(not np.array_equal(a, b) for a, b in pairs) > 6
