"""What tuning does to the images of fixed latents, in figures."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from scipy.spatial.distance import pdist

from pirgan_tf.gan.costs import Verdict
from pirgan_tf.gan.networks.families import Networks
from pirgan_tf.gan.sampling import generate
from pirgan_tf.gan.trainer import RateFunction
from pirgan_tf.training.grids import to_float

ESTIMATE, DIVERSITY, P_REAL = "tuning/estimate", "tuning/diversity", "tuning/p_real"

_IMAGES, _BATCH = 256, 64
# No gallery's: images that an estimator has learned from are not new to it.
_SEED = 2**31 - 1


def measure_tuning(
    networks: Networks, rate_function: RateFunction, features: Callable[[tf.Tensor], tf.Tensor]
) -> dict[str, float]:
    """Measures networks by 256 images, always of the same latents and classes.

    Args:
        networks: the two.
        rate_function: from images `[n, size, size, 3]` in [-1, 1] to estimated rates `[n]`.
        features: from the same images to features `[n, d]`.

    Returns:
        "tuning/estimate", the mean estimated rate; "tuning/diversity", the mean Euclidean distance
        of two images' features, as in `analysis.Diversity`; and "tuning/p_real", the mean
        probability of being real that the discriminator gives them.
    """
    images, _, _ = generate(networks.generator, _IMAGES, _SEED)
    parts = []
    for batch in np.split(images, _IMAGES // _BATCH):
        inputs = to_float(batch)
        verdict = Verdict.of(networks.discriminator(inputs, training=False))
        parts.append((rate_function(inputs), features(inputs), tf.sigmoid(verdict.source)))
    estimates, vectors, reals = (
        np.concatenate([np.asarray(array, np.float64) for array in arrays])
        for arrays in zip(*parts, strict=True)
    )
    return {
        ESTIMATE: float(estimates.mean()),
        DIVERSITY: float(pdist(vectors).mean()),
        P_REAL: float(reals.mean()),
    }
