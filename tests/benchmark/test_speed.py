import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf import gan
from pirgan_tf.benchmark import speed
from pirgan_tf.kernels import winograd


def count(function, *arguments):
    traced = tf.function(function, autograph=False).get_concrete_function(*arguments)
    return speed.count_operations(traced)


def test_products_are_counted_by_hand():
    images, kernel = tf.zeros([2, 8, 8, 3]), tf.zeros([3, 3, 3, 5])
    # Each of 2 x 4 x 4 x 5 numbers is a sum of 3 x 3 x 3 products.
    convolution = 2 * (2 * 4 * 4 * 5) * 27
    strided = count(lambda: tf.nn.conv2d(images, kernel, 2, "SAME"))
    assert strided == convolution
    transposed = count(
        lambda: tf.nn.conv2d_transpose(tf.zeros([2, 4, 4, 5]), kernel, [2, 8, 8, 3], 2)
    )
    assert transposed == convolution
    depthwise = count(
        lambda: tf.nn.depthwise_conv2d(images, tf.zeros([3, 3, 3, 4]), [1, 2, 2, 1], "SAME")
    )
    assert depthwise == 2 * (2 * 4 * 4 * 12) * 9
    for transpose in (False, True):
        left = tf.zeros([7, 3] if transpose else [3, 7])
        assert count(lambda x=left, t=transpose: tf.matmul(x, tf.zeros([7, 4]), t)) == 2 * 84
        left = tf.zeros([6, 7, 3] if transpose else [6, 3, 7])
        several = count(lambda x=left, t=transpose: tf.matmul(x, tf.zeros([6, 7, 4]), t))
        assert several == 6 * 2 * 84


@pytest.mark.parametrize("wanted, times", [("images", 2), ("kernel", 2), ("both", 3)])
def test_gradients_are_counted_and_what_nobody_needs_is_not(wanted, times):
    images, kernel = tf.ones([2, 8, 8, 3]), tf.ones([3, 3, 3, 5])

    def loss_and_gradient():
        sources = {"images": [images], "kernel": [kernel], "both": [images, kernel]}[wanted]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            tf.matmul(images, images, transpose_b=True, name="unneeded")
            loss = tf.reduce_sum(tf.nn.conv2d(images, kernel, 2, "SAME") ** 2)
        return loss, tape.gradient(loss, sources)

    assert count(loss_and_gradient) == times * 2 * (2 * 4 * 4 * 5) * 27


@pytest.mark.usefixtures("whole_networks")
def test_operations_of_the_papers_step(devices, monkeypatch):
    """Worked out by hand from section 2.1.1, with upsampling and convolution fused.

    Convolutions, and not what computes them with fewer multiplications.

    A convolution's kernel counts 3 x 3, that of a fused pair 4 x 4 on its small image. The
    discriminator goes forward over three batches, and back over two for its weights and
    images (the first layer for weights alone) and one for images alone.
    """
    monkeypatch.setattr(winograd, "LARGEST_SIZE", 0)
    pixels, depths = (32, 32, 16, 16, 8, 8), (3, 16, 32, 64, 128, 256, 512)
    layers = [s * s * b * 9 * a for s, a, b in zip(pixels, depths, depths[1:], strict=False)]
    layers += [8 * 8 * 512 * (1 + 2)]
    discriminator = 6 * sum(layers) + 2 * sum(layers[1:])
    # The class head has no part in the pass over fakes: forward once, back twice less.
    discriminator -= 3 * 8 * 8 * 512 * 2
    sizes = (4, 4, 8, 16, 32)
    generator = [
        s * s * a * b * k
        for s, a, b, k in zip(
            sizes,
            (512, 512, 256, 128, 64),
            (512, 256, 128, 64, 3),
            (9, 16, 16, 16, 16),
            strict=True,
        )
    ]
    dense = (64 + 2) * 4 * 4 * 512
    generator_total = 3 * sum(generator) + 2 * dense
    images = np.zeros((8, 64, 64, 3), np.uint8)
    batches = gan.GanBatches(
        images,
        np.arange(8) % 2,
        num_classes=2,
        batch_size=4,
        latent_size=64,
        seed=0,
        stream="test",
    )
    trainer = gan.GanTrainer(
        gan.build_networks(gan.GanShape(("a", "b"))),
        gan.acgan(),
        batches,
        gan.paper_optimizers(),
        devices,
    )
    counted = count(lambda: trainer.update(trainer.draw_batch(tf.constant(0, tf.int64), 0)))
    assert counted == 2 * 4 * (discriminator + generator_total)


def test_seconds_are_of_one_step():
    ticks = []
    timing = speed.time_steps(lambda steps: ticks.append(steps), steps=4, repetitions=3)
    assert ticks == [4, 4, 4]
    assert len(timing.seconds) == 3
    timing = speed.Timing((2.0, 1.0, 4.0))
    assert (timing.median, timing.spread) == (2.0, 1.5)


def test_the_rate_and_the_memory_are_of_this_machine():
    # Between a slow core and the fastest accelerator.
    assert 1e8 < speed.matrix_rate("float32", 1) < 1e16
    assert 1e8 < speed.peak_memory() < 1e12
