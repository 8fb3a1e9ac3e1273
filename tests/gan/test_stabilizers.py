import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan
from pirgan_tf.gan.average import MovingAverage
from pirgan_tf.gan.folder import load_generator, save_gan

RATES = {"generator_learning_rate": 1e-3, "discriminator_learning_rate": 1e-3}


def test_the_moving_average_is_that_of_a_slow_loop():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    average = MovingAverage(network, 0.5)
    expected = network.get_weights()
    rng = np.random.default_rng(0)
    for step in range(12):
        network.set_weights([rng.normal(size=value.shape) for value in expected])
        average.update(tf.constant(step))
        # 1/10, 2/11, 3/12 and so on until the decay itself.
        decay = min(0.5, (1 + step) / (10 + step))
        expected = [
            decay * old + (1 - decay) * new
            for old, new in zip(expected, network.get_weights(), strict=True)
        ]
    average.copy_to(network)
    for value, wanted in zip(network.get_weights(), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-5)


@pytest.mark.parametrize("family", ["paper", "dcgan", "maxout"])
def test_minibatch_features_are_those_of_a_slow_loop(family):
    shape = gan.GanShape((), 8, 1 / 16, family, 32, minibatch_features=3)
    discriminator = gan.build_networks(shape).discriminator
    layer = discriminator.get_layer("minibatch_features")
    features = np.random.default_rng(0).normal(size=(5, layer.input.shape[1])).astype(np.float32)
    vectors = (features @ layer.kernel.numpy()).reshape(5, 3, 5)
    expected = np.zeros((5, 3))
    for i in range(5):
        for j in set(range(5)) - {i}:
            for b in range(3):
                expected[i, b] += np.exp(-sum(abs(vectors[i, b] - vectors[j, b])))
    np.testing.assert_allclose(layer(features), expected, rtol=1e-4, atol=1e-6)
    plain = gan.build_networks(gan.GanShape((), 8, 1 / 16, family, 32)).discriminator
    more = layer.input.shape[1] * 15 + 3
    assert discriminator.count_params() == plain.count_params() + more


def test_r1_is_half_the_weight_times_the_squared_gradient_at_photographs(make_trainer, monkeypatch):
    """Of a discriminator that is linear, the gradient is its kernel."""

    def linear(shape, **_):
        images = keras.Input((64, 64, 3))
        source = keras.layers.Dense(1)(keras.layers.Flatten()(images))
        return gan.Networks(gan.build_generator(0, 8, 1 / 16), keras.Model(images, source))

    monkeypatch.setattr(gan, "build_networks", linear)
    trainer = make_trainer(stabilizers=gan.Stabilizers(r1_weight=3.0), num_classes=0, **RATES)
    kernel = trainer.discriminator.get_weights()[0]
    losses = trainer.update(trainer.draw_batch(0, 0))
    np.testing.assert_allclose(losses["loss/r1"], tf.reduce_sum(kernel**2), rtol=1e-5)
    np.testing.assert_allclose(
        losses["loss/discriminator"],
        -losses["loss/real"] - losses["loss/fake"] + 1.5 * losses["loss/r1"],
        rtol=1e-5,
    )


def test_the_discriminator_is_updated_k_times_with_batches_of_its_own(make_trainer):
    trainer = make_trainer(stabilizers=gan.Stabilizers(discriminator_steps=3), **RATES)
    batch = trainer.draw_batch(0, 0)
    latents = [one.latents.numpy() for one in (batch, *batch.earlier)]
    assert len(latents) == 3
    assert not any(np.array_equal(latents[i], latents[i - 1]) for i in range(3))
    # The last one's is what a step with one update draws.
    np.testing.assert_array_equal(latents[0], make_trainer().draw_batch(0, 0).latents)
    trainer.update(batch)
    items = trainer.checkpoint_items()
    assert int(items["discriminator_optimizer"].iterations) == 3
    assert int(items["generator_optimizer"].iterations) == 1


@pytest.mark.parametrize("family", ["paper", "dcgan"])
def test_unrolling_changes_the_generators_update_and_not_the_discriminators(make_trainer, family):
    plain, ahead = (
        make_trainer(
            stabilizers=gan.Stabilizers(unroll_steps=steps), family=family, image_size=32, **RATES
        )
        for steps in (0, 1)
    )
    for trainer in (plain, ahead):
        trainer.update(trainer.draw_batch(0, 0))
    pairs = zip(
        plain.discriminator.trainable_variables,
        ahead.discriminator.trainable_variables,
        strict=True,
    )
    assert all(np.allclose(one, two, atol=1e-6) for one, two in pairs)
    assert any(
        not np.allclose(one, two, atol=1e-4)
        for one, two in zip(plain.generator.weights, ahead.generator.weights, strict=True)
    )


def test_the_average_is_what_is_exported_beside_the_raw_weights(make_trainer, tmp_path):
    trainer = make_trainer(stabilizers=gan.Stabilizers(average_decay=0.9), **RATES)
    trainer.update(trainer.draw_batch(0, 0))
    save_gan(trainer, trainer.settings.shape, tmp_path)
    raw = keras.models.load_model(tmp_path / "generator_raw.keras").get_weights()
    averaged = trainer.averaged_generator().get_weights()
    for value, expected in zip(raw, trainer.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)
    exported = load_generator(tmp_path).get_weights()
    for value, expected, other in zip(exported, averaged, raw, strict=True):
        np.testing.assert_array_equal(value, expected)
        assert not np.array_equal(value, other)
