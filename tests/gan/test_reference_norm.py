"""Reference and virtual batch norm, and the generators that have it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan
from pirgan_tf.gan.folder import load_generator, save_gan
from pirgan_tf.gan.networks.reference_norm import ReferenceBatchNormalization
from pirgan_tf.gan.reference import Reference


def _layer_and_images(virtual):
    layer = ReferenceBatchNormalization(3, virtual=virtual, epsilon=1e-2)
    images = np.random.default_rng(0).normal(2, 3, size=(5, 2, 4, 2)).astype(np.float32)
    layer.build(images.shape)
    layer.gamma.assign([2.0, 0.5])
    layer.beta.assign([0.0, -1.0])
    return layer, images


@pytest.mark.parametrize("virtual", [False, True])
def test_the_layer_is_that_of_a_slow_loop(virtual):
    layer, images = _layer_and_images(virtual)
    expected = np.zeros(images.shape)
    for i, image in enumerate(images):
        members = [*images[:3], image] if virtual and i >= 3 else images[:3]
        for channel in range(2):
            values = np.concatenate([member[..., channel].ravel() for member in members])
            normal = (image[..., channel] - values.mean()) / np.sqrt(values.var() + 1e-2)
            expected[i, ..., channel] = (2.0, 0.5)[channel] * normal + (0.0, -1.0)[channel]
    np.testing.assert_allclose(layer(images, training=True), expected, rtol=1e-4, atol=1e-5)
    # Afterwards the statistics are kept, and no reference batch is needed.
    np.testing.assert_allclose(layer(images[3:]), expected[3:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("virtual", [False, True])
def test_images_do_not_depend_on_each_other_and_gradients_pass_the_statistics(virtual):
    layer, images = _layer_and_images(virtual)
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(layer(images, training=True)[3] ** 3)
    slopes = tape.gradient(loss, images).numpy()
    assert np.abs(slopes[:4]).reshape(4, -1).max(1).min() > 1e-3
    assert not slopes[4].any()


@pytest.mark.parametrize("norm", ["reference", "virtual"])
def test_what_is_exported_makes_the_images_of_training(norm, tmp_path, make_trainer):
    trainer = make_trainer(
        family="dcgan",
        image_size=32,
        generator_norm=norm,
        generator_learning_rate=1e-2,
        stabilizers=gan.Stabilizers(average_decay=0.5),
    )
    for step in range(2):
        trainer.update(trainer.draw_batch(step, 0))
    save_gan(trainer, trainer.settings.shape, tmp_path)
    latents, labels = tf.random.stateless_normal([5, 8], [1, 2]), tf.range(5) % 2
    raw = keras.models.load_model(tmp_path / "generator_raw.keras")
    for exported, trained in (
        (raw, trainer.generator),
        (load_generator(tmp_path), trainer.averaged_generator()),
    ):
        images = Reference(trained).generate(trained, latents, labels)
        again = exported([latents, tf.one_hot(labels, 2)])
        np.testing.assert_allclose(again, images, rtol=1e-4, atol=1e-5)
        assert np.std(images) > 1e-3
