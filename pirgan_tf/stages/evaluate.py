"""Stage `evaluate`: galleries before and after tuning in, statistics out."""

import dataclasses
from typing import NoReturn

import numpy as np

from pirgan_tf import analysis, estimator, training, users
from pirgan_tf.stages.command import run_command
from pirgan_tf.stages.gallery import Gallery, read_gallery
from pirgan_tf.stages.options import Options, option
from pirgan_tf.stages.outputs import output_folder, read_options, write_json

STAGE = "evaluate"
_GRID_IMAGES = 32
_BATCH = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateOptions(Options):
    """Flags of evaluate."""

    before: str = option("Gallery of the GAN before tuning.")
    after: str = option("Gallery of the tuned GAN, from another seed.")
    objective: str = option("What the users like, such as color:red or color:red-blue.")
    estimator: str | None = option(
        "Estimator folder, to compare its estimate of the change with the truth.", None
    )

    def validate(self) -> None:
        """Checks the objective, both galleries and the estimator's folder."""
        super().validate()
        users.parse_objective(self.objective)
        read_gallery(self.before)
        read_gallery(self.after)
        if self.estimator:
            read_options(self.estimator, ("train_estimator",), ("temperature",))


def run(options: EvaluateOptions) -> None:
    """Compares the true rates of two galleries as section 4 of the paper does.

    Writes evaluation.json, before.png, after.png and options.json to the output.
    The test assumes independent images: sample both galleries with different seeds.
    """
    training.configure(strategy="one", replicas=0, precision="float32", jit="off", seed=0)
    before, after = read_gallery(options.before), read_gallery(options.after)
    objective = users.parse_objective(options.objective)
    rates_before, undefined_before = objective.measure(before.images)
    rates_after, undefined_after = objective.measure(after.images)
    comparison = analysis.compare(rates_before, rates_after)
    content = {
        "objective": objective.text,
        "family": objective.family,
        "num_before": len(before.images),
        "num_after": len(after.images),
        "undefined_before": int(undefined_before.sum()),
        "undefined_after": int(undefined_after.sum()),
        "comparison": comparison.as_dict(),
        "estimated": _estimate(options.estimator, before, after) if options.estimator else None,
        "rates_before": rates_before.tolist(),
        "rates_after": rates_after.tolist(),
    }
    with output_folder(STAGE, options) as folder:
        write_json(folder / "evaluation.json", content)
        for name, gallery in (("before", before), ("after", after)):
            grid = training.image_grid(gallery.images[:_GRID_IMAGES])
            training.save_png(grid, folder / f"{name}.png")
    print(
        f"{STAGE}: {objective.text}: mean rate {comparison.mean_before:.4f} -> "
        f"{comparison.mean_after:.4f}, Cohen's d {comparison.cohens_d:.2f}, "
        f"Welch t {comparison.t:.1f}, p {analysis.format_p(comparison.p)}"
    )


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, EvaluateOptions, run)


def _estimate(folder: str, before: Gallery, after: Gallery) -> dict[str, float]:
    temperature = read_options(folder, ("train_estimator",), ("temperature",))["temperature"]
    judge = estimator.PirEstimator.load(folder)
    means = []
    for gallery in (before, after):
        estimates = [
            judge.expected_pir(batch / np.float32(127.5) - 1, temperature).numpy()
            for batch in np.array_split(gallery.images, -(-len(gallery.images) // _BATCH))
        ]
        means.append(float(np.concatenate(estimates).mean()))
    return {"before": means[0], "after": means[1], "change": means[1] - means[0]}
