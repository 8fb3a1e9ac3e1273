"""Many tests at once."""

import numpy as np
from numpy.typing import ArrayLike

from pirgan_tf.errors import InputError


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return p-values corrected for their number by Holm's method (1979).

    With m tests, the chance that any of those with a corrected p below a threshold
    is a false alarm is below that threshold.

    Args:
        p_values: [n] in [0, 1]; NaN, where a test is not defined, stays NaN and
            does not count.

    Raises:
        InputError: one of them is not in [0, 1].
    """
    corrected = np.array(p_values, np.float64)
    defined = ~np.isnan(corrected)
    wrong = corrected[defined & ~((corrected >= 0) & (corrected <= 1))]
    if len(wrong):
        raise InputError(f"p-values must lie in [0, 1]. Received: {wrong[0]:g}")
    # The function of statsmodels collects garbage each time, which takes a second in a process
    # that holds TensorFlow's graphs.
    ascending = np.sort(corrected[defined])
    times_left = ascending * np.arange(len(ascending), 0, -1)
    ranks = np.argsort(np.argsort(corrected[defined], kind="stable"))
    corrected[defined] = np.minimum(np.maximum.accumulate(times_left), 1)[ranks]
    return corrected
