"""Stage `evaluate`: galleries before and after tuning in, statistics out."""

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from pirgan_tf import analysis, estimator, training, users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder, write_json
from pirgan_tf.data.gallery import Gallery, gallery_folder, read_gallery
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.estimator_options import read_learned_galleries, read_temperature
from pirgan_tf.stages.shared.measured_rates import rates_by_objective, rates_by_people, read_people
from pirgan_tf.stages.shared.objective_options import check_objectives, vgg16_weights_option
from pirgan_tf.stages.shared.tuning_course import find_grids, rates_by_step
from pirgan_tf.stages.shared.vgg16_features import (
    check_photographs,
    photograph_features,
    photographs_option,
)

if TYPE_CHECKING:
    from pirgan_tf.estimator import PirEstimator
    from pirgan_tf.stages.shared.measured_rates import MeasuredRates

STAGE = "evaluate"
FEATURES = ("none", "estimator", "vgg16")
_GRID_IMAGES = 32
_BATCH = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateOptions(Options):
    """Flags of evaluate."""

    before: str = option(
        "Gallery of the GAN before tuning, best one that the estimator did not learn from.",
        reads=str,
    )
    after: str = option("Gallery of the tuned GAN, from another seed.", reads=str)
    objective: str | None = option(
        "What the users like, such as color:red-blue or vgg16:pool2:17.", None
    )
    interactions: str | None = option(
        "In place of an objective: what people gave images of both galleries in one study, from "
        "export_interactions.",
        None,
        reads=str,
    )
    vgg16_weights: str = vgg16_weights_option()
    estimator: str | None = option(
        "Estimator folder, to compare its estimate of the change with the truth.",
        None,
        reads=str,
    )
    features: str = option(
        "Features in which diversity is measured: the estimator's last layer before its output, "
        "or the norms of VGG16's filters in pool5.",
        "none",
        choices=FEATURES,
    )
    photographs: str | None = photographs_option()
    gan: str | None = option(
        "Folder of the tuned GAN, to follow the objective's true rate, and the estimated one, by "
        "step in the grids of images that tune left there.",
        None,
        reads=str,
    )

    def validate(self) -> None:
        """Checks the objective, both galleries and the estimator's folder."""
        super().validate()
        if (self.objective is None) == (self.interactions is None):
            raise InputError(
                "exactly one of objective and interactions must be given. "
                f"Received: {'neither' if self.objective is None else 'both'}"
            )
        if self.objective:
            check_objectives([self.objective], self.vgg16_weights)
        check_features(self.features, self.vgg16_weights)
        if self.gan:
            if not self.objective:
                raise InputError(f"gan must be given with objective. Received: {self.gan}")
            find_grids(self.gan)
        before, after = read_gallery(self.before), read_gallery(self.after)
        if before.fingerprint == after.fingerprint:
            raise InputError(
                "before and after must be galleries of different GANs or seeds. "
                f"Received: the same images in {self.before} and {self.after}"
            )
        if self.interactions:
            read_people(self.interactions, before, after)
        if self.photographs:
            least = min(len(before.images), len(after.images))
            check_photographs(self.photographs, self.vgg16_weights, least)
        sizes = [before.image_size, after.image_size]
        if self.estimator:
            read_temperature(self.estimator)
            read_learned_galleries(self.estimator)
            sizes.append(estimator.read_estimator_shape(self.estimator).image_size)
        elif self.features == "estimator":
            raise InputError("features=estimator needs --estimator. Received: none")
        if len(set(sizes)) > 1:
            raise InputError(
                f"galleries and estimator must be of images of one size. Received: {sizes}"
            )


def run(options: EvaluateOptions) -> None:
    """Compares the true rates of two galleries as section 4 of the paper does.

    Writes evaluation.json, before.png, after.png and options.json to the output.
    The test assumes independent images: sample both galleries with different seeds.
    The paper estimates the rate before tuning from new images (section 2.1.4). Where
    `before` is a gallery that the estimator learned from, its own estimate flatters
    it; evaluation.json and the report say so. With `interactions` the rates are those
    that people gave, and the test allows for other people as well as for other images
    (`analysis.compare_by_raters`).
    """
    training.configure(strategy="one", replicas=0, precision="float32", jit="off", seed=0)
    before, after = read_gallery(options.before), read_gallery(options.after)
    measured = (
        rates_by_objective(
            users.parse_objective(options.objective, options.vgg16_weights),
            {options.before: before, options.after: after},
        )
        if options.objective
        else rates_by_people(str(options.interactions), before, after)
    )
    comparison = measured.comparison
    photographs = None
    if options.photographs:
        most = max(len(before.images), len(after.images))
        photographs = photograph_features(
            options.photographs, options.vgg16_weights, before.image_size, most
        )
    judge = estimator.PirEstimator.load(options.estimator) if options.estimator else None
    diversity = None
    if options.features != "none":
        diversity = analysis.compare_diversity(
            _features(options, judge, options.before, before),
            _features(options, judge, options.after, after),
            options.features,
        )
    content = {
        **measured.as_json(),
        "estimated": _estimate(judge, options, before, after, measured) if judge else None,
        "diversity": diversity and dataclasses.asdict(diversity),
        "kid": None if photographs is None else _kid(options, photographs, before, after),
        "by_step": _by_step(options, judge) if options.gan else None,
    }
    with output_folder(STAGE, options) as folder:
        write_json(folder / "evaluation.json", content)
        for name, gallery in (("before", before), ("after", after)):
            grid = training.image_grid(gallery.images[:_GRID_IMAGES])
            training.save_png(grid, folder / f"{name}.png")
    test = "Welch t" if options.objective else "t"
    print(
        f"{STAGE}: {measured.objective}: mean rate {comparison.mean_before:.4f} -> "
        f"{comparison.mean_after:.4f}, Cohen's d {comparison.cohens_d:.2f}, "
        f"{test} {comparison.t:.1f}, p {analysis.format_p(comparison.p)}"
    )


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, EvaluateOptions, run)


def check_features(features: str, vgg16_weights: str) -> None:
    """Checks that VGG16's weights suffice for the features, if these are of VGG16.

    Raises:
        InputError: if they cannot.
    """
    if features == "vgg16":
        analysis.check_vgg16_features(vgg16_weights)


def _features(
    options: EvaluateOptions, judge: "PirEstimator | None", path: str, gallery: Gallery
) -> np.ndarray:
    if judge and options.features == "estimator":
        return _in_batches(judge.trunk, gallery)
    return analysis.vgg16_features(gallery.images, options.vgg16_weights, gallery_folder(path))


def _kid(
    options: EvaluateOptions, photographs: np.ndarray, before: Gallery, after: Gallery
) -> dict[str, str | dict]:
    """Returns how far both galleries are from the photographs."""
    distances = {}
    for name, path, gallery in (
        ("before", options.before, before),
        ("after", options.after, after),
    ):
        features = analysis.vgg16_features(
            gallery.images, options.vgg16_weights, gallery_folder(path)
        )
        distances[name] = dataclasses.asdict(analysis.estimate_kid(features, photographs))
    return {"photographs": str(options.photographs), **distances}


def _estimate(
    judge: "PirEstimator",
    options: EvaluateOptions,
    before: Gallery,
    after: Gallery,
    measured: "MeasuredRates",
) -> dict[str, Any]:
    folder = str(options.estimator)
    temperature = read_temperature(folder)
    logits = [_in_batches(judge.model, gallery) for gallery in (before, after)]
    estimates = [judge.expectation(of_gallery, temperature).numpy() for of_gallery in logits]
    means = [float(of_gallery.mean()) for of_gallery in estimates]
    learned = read_learned_galleries(folder)
    content: dict[str, Any] = {
        "before": means[0],
        "after": means[1],
        "change": means[1] - means[0],
        "learned_before": None if learned is None else before.fingerprint in learned,
    }
    if judge.shape.members > 1:
        for name, of_gallery in zip(("spread_before", "spread_after"), logits, strict=True):
            content[name] = float(judge.spread(of_gallery, temperature).numpy().mean())
    # People have rated some of the images, and not necessarily all.
    if options.objective:
        pairs = estimates[0], measured.rates_before, estimates[1], measured.rates_after
        slopes = {
            "slope": analysis.change_slope(*pairs),
            "slope_before": analysis.calibration_slope(*pairs[:2]),
            "slope_after": analysis.calibration_slope(*pairs[2:]),
        }
        content |= {name: slope and dataclasses.asdict(slope) for name, slope in slopes.items()}
    return content


def _by_step(options: EvaluateOptions, judge: "PirEstimator | None") -> list[dict]:
    objective = users.parse_objective(str(options.objective), options.vgg16_weights)
    estimate = None
    if judge:
        temperature = read_temperature(str(options.estimator))
        estimate = functools.partial(judge.expected_pir, temperature=temperature)
    return rates_by_step(str(options.gan), objective, estimate)


def _in_batches(model, gallery: Gallery) -> np.ndarray:
    """Returns a network's output for each image of a gallery."""
    blocks = np.array_split(gallery.images, -(-len(gallery.images) // _BATCH))
    return np.concatenate([model(training.to_float(block), training=False) for block in blocks])
