import math

import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator

SHAPE = EstimatorShape(image_size=64, depth_multiplier=0.1, num_bins=100)


def random_images(count=2):
    return tf.random.stateless_uniform([count, 64, 64, 3], [1, 2], -1.0, 1.0)


@pytest.fixture(scope="module", params=[None, "mixed_bfloat16"])
def either_precision(request):
    return PirEstimator(SHAPE, build_estimator(SHAPE, request.param))


@pytest.fixture(scope="module")
def built():
    return PirEstimator(SHAPE)


@pytest.fixture
def estimator(built):
    """An estimator whose weights a test may change."""
    weights = built.model.get_weights()
    yield built
    built.model.set_weights(weights)


@pytest.fixture(scope="module")
def saved(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("estimator")
    rng = np.random.default_rng(0)
    built.model.set_weights([w + rng.uniform(0, 0.1, w.shape) for w in built.model.get_weights()])
    built.save(folder)
    return folder


def set_logits(estimator, logits):
    """Makes an estimator give the same logits for every image."""
    kernel, bias = estimator.model.get_layer("logits").weights
    kernel.assign(tf.zeros_like(kernel))
    bias.assign([logits.get(b, -1000.0) for b in range(100)])


def test_expected_pir_at_temperature_one_is_the_mean_of_the_centres(estimator):
    # P = 1/4 and 3/4 of the centres .105 and .505.
    set_logits(estimator, {10: 0.0, 50: math.log(3)})
    rates = estimator.expected_pir(random_images(), temperature=1.0)
    np.testing.assert_allclose(rates, [0.25 * 0.105 + 0.75 * 0.505] * 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("logit", "expected"),
    [
        # 100 times ln 3 / 100: the probabilities are 1/4 and 3/4 again.
        (math.log(3) / 100, 0.25 * 0.105 + 0.75 * 0.505),
        # 100 times ln 3: 3 ** -100 of the other centre.
        (math.log(3), 0.505),
        (0.0, (0.105 + 0.505) / 2),
    ],
)
def test_expected_pir_in_use_divides_logits_by_a_hundredth(estimator, logit, expected):
    set_logits(estimator, {10: 0.0, 50: logit})
    rates = estimator.expected_pir(random_images())
    assert rates.shape == (2,)
    np.testing.assert_allclose(rates, [expected] * 2, rtol=1e-5)


def test_expected_pir_of_a_number_of_bins_uses_their_centres(estimator):
    set_logits(estimator, dict.fromkeys(range(100), 5.0))
    np.testing.assert_allclose(estimator.expected_pir(random_images()), 0.5, rtol=1e-5)


def test_logits_and_rates_are_float32_in_any_precision(either_precision):
    assert either_precision.logits(random_images()).dtype == tf.float32
    assert either_precision.expected_pir(random_images()).dtype == tf.float32


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_gradients_in_use_are_finite_however_large_the_logits(either_precision, scale):
    kernel = either_precision.model.get_layer("logits").kernel
    before = kernel.numpy()
    kernel.assign(scale * before)
    images = random_images()
    with tf.GradientTape() as tape:
        tape.watch(images)
        rates = either_precision.expected_pir(images)
    gradients = tape.gradient(rates, images).numpy()
    largest_logit = np.abs(either_precision.logits(images)).max()
    kernel.assign(before)
    assert np.isfinite(rates).all()
    assert np.isfinite(gradients).all()
    if scale == 1:
        assert np.abs(gradients).max() > 0
    else:
        assert largest_logit / 0.01 > 1e5  # far above what exp can take


def test_tuning_a_gan_leaves_the_estimator_as_it_is(built, devices):
    """Not even an estimator which nobody froze changes: no weight and no statistic."""
    assert built.model.trainable
    before = built.model.get_weights()
    batches = gan.GanBatches(
        np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8),
        np.zeros(4, np.int32),
        num_classes=0,
        batch_size=4,
        latent_size=64,
        seed=0,
        stream="tune",
    )
    trainer = gan.GanTrainer(
        gan.build_networks(gan.GanShape(width=1 / 16)),
        gan.acgan(),
        batches,
        gan.paper_optimizers(),
        devices,
        rate_function=built.expected_pir,
    )
    tuned = trainer.generator.get_weights()
    for step in range(2):
        losses = trainer.update(trainer.draw_batch(step, 0))
        assert 0 < losses["loss/pir"] < 1
    for old, new in zip(before, built.model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert not np.array_equal(trainer.generator.get_weights()[0], tuned[0])


def test_a_frozen_estimator_has_lost_what_save_writes(saved, tmp_path):
    with pytest.raises(ValueError, match="must have weights"):
        PirEstimator.load(saved).save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_loaded_estimator_is_frozen_and_gives_the_saved_ones_logits(built, saved):
    loaded = PirEstimator.load(saved)
    assert loaded.shape == SHAPE
    assert not loaded.model.trainable_variables
    expected = built.logits(random_images()).numpy()
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(loaded.logits(random_images()), expected, rtol=1e-4, atol=1e-5)
