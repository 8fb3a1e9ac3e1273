import numpy as np
import pytest
import tensorflow as tf
from step_reference import ReferenceGan

from pirgan_tf import kernels
from pirgan_tf.gan.sampling import call_generator

pytestmark = pytest.mark.usefixtures("whole_networks")

# Far above the paper's, so that a step is large beside the rounding of float32 weights
# and the generator can tell the updated discriminator from the old one.
RATES = {"generator_learning_rate": 1e-3, "discriminator_learning_rate": 1e-3}


class Brightness:
    """A differentiable rate with a variable of its own: how bright and red an image is."""

    def __init__(self):
        self.slope = tf.Variable(2.0)

    def __call__(self, images):
        slope = tf.cast(self.slope, images.dtype)
        return tf.reduce_mean(tf.sigmoid(slope * images[..., 0] + images[..., 1]), [1, 2])


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
