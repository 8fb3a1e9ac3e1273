"""What tuning costs: how much less diverse the images are afterwards (section 5.1)."""

import contextlib
import dataclasses

import numpy as np
from numpy.typing import ArrayLike
from prdc import compute_prdc
from scipy.spatial.distance import pdist

from pirgan_tf.analysis.statistics.kid import mean_square, unbiased_kid
from pirgan_tf.errors import InputError

NEAREST_NEIGHBOURS = 5


@dataclasses.dataclass(frozen=True)
class Diversity:
    """Features of the images after tuning against those of the images before.

    Precision and recall are as of Kynkäänniemi et al. (2019), density and coverage
    as of Naeem et al. (2020), all with k = 5 nearest neighbours: an image is within a
    set if it is nearer to one of its images than that image's fifth neighbour is.

    Attributes:
        features: which features these are, for the record.
        num_images: images of each set.
        distance_before, distance_after: mean Euclidean distance of two images of
            a set.
        precision: share of the images after that are within the set before.
        recall: share of the images before that are within the set after.
        density: the images before that are near enough to one after, over k; it
            exceeds 1 where the images after crowd among those before.
        coverage: share of the images before that have one after among their k
            nearest.
        kid: kernel inception distance of the sets (Bińkowski et al. 2018), by the
            unbiased estimate, which may be a little below 0 for equal ones. Features
            are divided by the root mean square of all of them, for its kernel is
            meant for values of about 1.
    """

    features: str
    num_images: int
    distance_before: float
    distance_after: float
    precision: float
    recall: float
    density: float
    coverage: float
    kid: float


def compare_diversity(before: ArrayLike, after: ArrayLike, features: str) -> Diversity:
    """Compare the diversity of images before and after tuning.

    The measures depend on the number of images, so of the larger set only as many
    are used as the smaller has, the first ones.

    Args:
        before, after: [n, d] and [m, d] features, with n and m at least 7.
        features: the features' name, such as "estimator" or "vgg16".

    Raises:
        InputError: the sets are of other shapes, too small or not finite.
    """
    before, after = _checked(before, "before"), _checked(after, "after")
    if before.shape[1] != after.shape[1]:
        raise InputError(
            "features before and after must be of one length. "
            f"Received: {before.shape[1]} and {after.shape[1]}"
        )
    num_images = min(len(before), len(after))
    before, after = before[:num_images], after[:num_images]
    # It prints the sizes.
    with contextlib.redirect_stdout(None):
        shares = compute_prdc(before, after, NEAREST_NEIGHBOURS)
    return Diversity(
        features=features,
        num_images=num_images,
        distance_before=float(pdist(before).mean()),
        distance_after=float(pdist(after).mean()),
        **{name: float(value) for name, value in shares.items()},
        kid=unbiased_kid(before, after, mean_square(np.concatenate([before, after]))),
    )


def _checked(features: ArrayLike, name: str) -> np.ndarray:
    # In double precision: near neighbours of a collapsed set differ by little.
    checked = np.asarray(features, np.float64)
    least = NEAREST_NEIGHBOURS + 2
    if checked.ndim != 2 or len(checked) < least or checked.shape[1] < 1:
        raise InputError(
            f"features {name} must be of at least {least} images, [n, d]. "
            f"Received: shape {list(checked.shape)}"
        )
    if not np.isfinite(checked).all():
        raise InputError(
            f"features {name} must be finite. "
            f"Received: {np.sum(~np.isfinite(checked))} that are not"
        )
    return checked
