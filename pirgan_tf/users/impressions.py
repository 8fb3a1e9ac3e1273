"""Simulated users: each sees an image once and responds to it, or not, by chance."""

import numbers
from collections.abc import Sequence

import numpy as np
import pandas as pd
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from pirgan_tf.errors import InputError

MAX_SEED = 2**31 - 1


def simulate_impressions(
    rates: ArrayLike, impressions: int, seed: int, *, image_ids: Sequence[str] | None = None
) -> pd.DataFrame:
    """Show every image the same number of times and count positive interactions.

    The count of an image with true rate p is drawn from Binomial(impressions, p)
    (section 2.1.2 of the paper, which has 1000 impressions of 1000 images).

    Args:
        rates: [n] true rates in [0, 1].
        impressions: times each image is shown, at least 1.
        seed: from 0 to 2**31 - 1; the same seed gives the same counts.
        image_ids: [n] texts; img000000, img000001, ... unless given.

    Returns:
        A table of n rows in the order of the rates, with the columns image_id
        (text), impressions and positives (int64) and pir (float64), the observed
        rate of positive interaction positives / impressions.

    Raises:
        InputError: an argument is none of the above.
    """
    rates = np.asarray(rates, np.float64)
    if rates.ndim != 1 or rates.size == 0:
        raise InputError(f"rates must be a list of numbers. Received: shape {list(rates.shape)}")
    wrong = ~((rates >= 0) & (rates <= 1))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(f"rates must lie in [0, 1]. Received: {rates[first]:g} as rate {first}")
    if not isinstance(impressions, numbers.Integral) or impressions < 1:
        raise InputError(f"impressions must be a whole number from 1. Received: {impressions!r}")
    if not isinstance(seed, numbers.Integral) or not 0 <= seed <= MAX_SEED:
        raise InputError(f"seed must be a whole number from 0 to {MAX_SEED}. Received: {seed!r}")
    if image_ids is None:
        image_ids = [f"img{index:06d}" for index in range(len(rates))]
    elif len(image_ids) != len(rates):
        raise InputError(
            f"image_ids must be as many as rates. Received: {len(image_ids)} for {len(rates)}"
        )

    # A pair of numbers makes the draw stateless; the salt keeps it apart from
    # what other stages draw with the same seed.
    stateless = tfp.random.sanitize_seed([0, int(seed)], salt="simulate_impressions")
    binomial = tfp.distributions.Binomial(total_count=np.float64(impressions), probs=rates)
    positives = binomial.sample(seed=stateless).numpy().astype(np.int64)
    return pd.DataFrame(
        {
            "image_id": list(image_ids),
            "impressions": np.full(len(rates), impressions, np.int64),
            "positives": positives,
            "pir": positives / impressions,
        }
    )
