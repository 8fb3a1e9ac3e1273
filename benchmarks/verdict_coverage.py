"""How often the interval of the verdict of people holds the true change. See docs/people.md.

    python benchmarks/verdict_coverage.py

Simulates mixed studies of two galleries: stars of raters who differ in severity and in what
they think of the change, for images that differ in quality. Prints for several sizes the share
of studies whose 95 % interval of the change holds that of all raters and images. Takes 40 s
on one core.
"""

import numpy as np
import pandas as pd

from pirgan_tf import analysis

# Raters, images of each gallery, and ratings per image.
SIZES = ((6, 100, 3), (10, 100, 5), (30, 200, 5), (100, 500, 6))
STUDIES = 400
CHANGE = 0.05
# Standard deviations: of raters' severity and taste, of images, and of a rating.
SEVERITY, TASTE, QUALITY, RATING = 0.15, 0.05, 0.1, 0.25


def main() -> None:
    """Prints a row for each size."""
    # Stars end at 1 and 5, which makes the change of rates smaller.
    before, after = simulate(np.random.default_rng(9), 4000, 4000, 20)
    truth = after["rate"].mean() - before["rate"].mean()
    print(f"true change {truth:.4f}")
    for raters, images, each in SIZES:
        rng = np.random.default_rng(0)
        found = [
            analysis.compare_by_raters(*simulate(rng, raters, images, each)).comparison
            for _ in range(STUDIES)
        ]
        held = np.mean([study.ci_low <= truth <= study.ci_high for study in found])
        width = np.mean([study.ci_high - study.ci_low for study in found])
        size = f"{raters:4} raters {images:4} images {each:2} ratings"
        print(f"{size}: {held:.1%}, width {width:.3f}")


def simulate(
    rng: np.random.Generator, raters: int, images: int, each: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns ratings of both galleries; every rater sees equally many images of each."""
    severity, taste = rng.normal(0, SEVERITY, raters), rng.normal(CHANGE, TASTE, raters)
    rater = np.arange(each * images) * raters // (each * images)
    parts = []
    for change in (np.zeros(raters), taste):
        seen = np.concatenate([rng.permutation(images) for _ in range(each)])
        rate = 0.5 + rng.normal(0, QUALITY, images)[seen] + (severity + change)[rater]
        stars = np.clip(np.rint(4 * (rate + rng.normal(0, RATING, len(seen)))), 0, 4)
        parts.append(pd.DataFrame({"rater": rater, "image_id": seen, "rate": stars / 4}))
    return parts[0], parts[1]


if __name__ == "__main__":
    main()
