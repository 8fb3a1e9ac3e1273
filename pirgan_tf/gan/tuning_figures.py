"""What tuning does to the images of fixed latents, in figures."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from scipy.spatial.distance import pdist

from pirgan_tf.gan.sampling import generate
from pirgan_tf.gan.trainer import RateFunction
from pirgan_tf.training.grids import to_float

ESTIMATE, DIVERSITY = "tuning/estimate", "tuning/diversity"

_IMAGES, _BATCH = 256, 64
# No gallery's: images that an estimator has learned from are not new to it.
_SEED = 2**31 - 1


def measure_tuning(
    generator: keras.Model,
    rate_function: RateFunction,
    features: Callable[[tf.Tensor], tf.Tensor],
) -> dict[str, float]:
    """Measures a generator by 256 images, always of the same latents and classes.

    Args:
        generator: as `build_generator` makes it.
        rate_function: from images `[n, size, size, 3]` in [-1, 1] to estimated rates `[n]`.
        features: from the same images to features `[n, d]`.

    Returns:
        "tuning/estimate", the mean estimated rate, and "tuning/diversity", the mean Euclidean
        distance of two images' features, as in `analysis.Diversity`.
    """
    images, _, _ = generate(generator, _IMAGES, _SEED)
    parts = []
    for batch in np.split(images, _IMAGES // _BATCH):
        inputs = to_float(batch)
        parts.append((rate_function(inputs), features(inputs)))
    estimates, vectors = (
        np.concatenate([np.asarray(array, np.float64) for array in arrays])
        for arrays in zip(*parts, strict=True)
    )
    return {ESTIMATE: float(estimates.mean()), DIVERSITY: float(pdist(vectors).mean())}
