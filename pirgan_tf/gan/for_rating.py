"""Sampling of images that are worth people's ratings."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from sklearn.cluster import kmeans_plusplus
from tqdm import tqdm

from pirgan_tf import kernels
from pirgan_tf.errors import InputError
from pirgan_tf.gan.sampling import call_generator, draw_latents, render

_BATCH = 100

JudgeFunction = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def generate_for_rating(
    generator: keras.Model,
    judge_function: JudgeFunction,
    num_images: int,
    seed: int,
    *,
    candidates: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Generates several images for each that is wanted, and keeps uncertain ones that differ.

    What is kept are the first centres of weighted k-means (Zhdanov 2019, "Diverse mini-batch
    Active Learning") as k-means++ draws them (Arthur & Vassilvitskii 2007): one after the other,
    each with a probability proportional to

        s^2 min |f - f'|^2

    of its spread s, and its features f and those f' of the images kept so far; of a few that are
    drawn so, the one that lowers the sum of this over all images most. So of the images of which
    the estimator is unsure, each has one near it that is rated.

    Args:
        generator: as `build_generator` makes it.
        judge_function: from images `[n, size, size, 3]` in [-1, 1] to their spreads `[n]`, above
            0, and features `[n, d]`.
        num_images: how many to keep.
        seed: decides latents, classes and what is kept; the first of the images among which is
            chosen are those of `generate`.
        candidates: images drawn for each that is kept, from 1.

    Returns:
        As `generate`, in the order in which they were chosen.

    Raises:
        InputError: if too few of the images differ.
    """
    frozen = kernels.freeze(generator)
    latents, labels = draw_latents(generator, num_images * candidates, seed)

    @tf.function(reduce_retracing=True, autograph=False)
    def judge(h, c):
        return judge_function(call_generator(frozen, h, c))

    blocks = [
        judge(latents[start:][:_BATCH], labels[start:][:_BATCH])
        for start in tqdm(range(0, len(latents), _BATCH), "for_rating", disable=None)
    ]
    spreads, features = (
        np.concatenate(parts).astype(np.float64) for parts in zip(*blocks, strict=True)
    )
    chosen = kmeans_plusplus(features, num_images, sample_weight=spreads**2, random_state=seed)[1]
    latents, labels = tf.gather(latents, chosen), tf.gather(labels, chosen)
    images = render(generator, latents, labels)
    num_different = len({image.tobytes() for image in images})
    if num_different < num_images:
        raise InputError(
            f"the GAN must draw {num_images} different images to choose. "
            f"Received: {num_different} of {num_images * candidates}"
        )
    return images, latents.numpy(), labels.numpy()
