"""One objective of `reproduce`: users, estimator, tuning and evaluation, once or in rounds."""

import dataclasses
import functools
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pirgan_tf import training, users
from pirgan_tf.cli.outputs import write_json
from pirgan_tf.errors import InputError, TrainingError
from pirgan_tf.files.json import read_json
from pirgan_tf.stages import evaluate, sample, simulate, train_estimator, tune
from pirgan_tf.sweep.reproduce_options import stage_options

FAILURE_FILE = "failure.json"
BEFORE = "before"
"""Gallery of the GAN before tuning that no estimator learns from."""


@functools.cache
def _trainers() -> "training.TracedTrainers":
    """Returns what all objectives of this process share."""
    return training.TracedTrainers()


_RUNS: dict[str, Callable] = {
    "simulate": simulate.run,
    "estimator": lambda options: train_estimator.run(options, _trainers()),
    "tune": lambda options: tune.run(options, _trainers()),
    "sample": sample.run,
    "evaluate": evaluate.run,
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How an objective ended.

    Attributes:
        objective: its text.
        failure: stage and reason, in one line, if it failed.
        seconds: what it took now; nearly 0 where all had been done before.
    """

    objective: str
    failure: str | None = None
    seconds: float = 0.0


def run_objective(text: str, options: Any, folder: Path) -> Outcome:
    """Does all that a run does for one objective, and that is not done yet.

    A failure is recorded in failure.json and does not stop the others; the next attempt
    begins where it happened.

    Args:
        text: the objective.
        options: the run's `ReproduceOptions`.
        folder: the run folder, which has the first gallery and that of before tuning.
    """
    started = time.monotonic()
    chain = _Chain(text, options, folder)
    try:
        chain.run()
    # A defect of ours, too, must not take the other objectives' results with it.
    except Exception as error:
        if isinstance(error, InputError | TrainingError):
            return record_failure(text, options, folder, chain.stage, str(error))
        reason = f"{type(error).__name__}: {error}"
        trace = traceback.format_exc()
        return record_failure(text, options, folder, chain.stage, reason, trace)
    (objective_folder(text, options, folder) / FAILURE_FILE).unlink(missing_ok=True)
    return Outcome(text, seconds=time.monotonic() - started)


def record_failure(
    text: str, options: Any, folder: Path, stage: str, reason: str, trace: str | None = None
) -> Outcome:
    """Writes failure.json, by which the run knows that it is not finished.

    Args:
        text: the objective.
        options: the run's `ReproduceOptions`.
        folder: the run folder.
        stage: where it happened.
        reason: why.
        trace: the traceback of a defect.
    """
    objective = users.parse_objective(text, options.vgg16_weights)
    failure = {
        "objective": objective.text,
        "family": objective.family,
        "layer": objective.layer,
        "stage": stage,
        "reason": " ".join(reason.split()),
        "traceback": trace,
    }
    write_json(objective_folder(text, options, folder) / FAILURE_FILE, failure)
    return Outcome(text, f"{stage}: {failure['reason']}")


def objective_folder(text: str, options: Any, folder: Path) -> Path:
    """Returns the folder of an objective in a run folder, made if need be."""
    place = folder / "objectives" / users.parse_objective(text, options.vgg16_weights).slug
    place.mkdir(parents=True, exist_ok=True)
    return place


class _Chain:
    """The stages of one objective, one after the other.

    Attributes:
        stage: the stage that runs, or ran last.
    """

    def __init__(self, text: str, options: Any, folder: Path):
        self.stage = "simulate"
        self._objective = text
        self._options = options
        self._place = objective_folder(text, options, folder)
        self._first_gallery = folder / "gallery"
        self._before = folder / BEFORE
        self._first_gan = Path(options.gan) if options.gan else folder / "gan"

    def run(self) -> None:
        galleries, interactions = [self._first_gallery], []
        gan, estimator = self._first_gan, None
        for number in range(1, self._options.rounds + 1):
            place = self._place if number == 1 else self._place / f"round-{number}"
            interactions.append(place / "interactions")
            self._simulate(galleries[-1], interactions[-1], number)
            self._train_estimator(galleries, interactions, place / "estimator", estimator)
            estimator = place / "estimator"
            weights = self._options.pir_weights
            for weight in weights:
                branch = place if len(weights) == 1 else place / f"weight-{weight:g}"
                self._tune(gan, estimator, branch, weight, number)
            galleries.append(place / "gallery")
            gan = place / "gan"
        if self._options.rounds > 1:
            self._keep_best([gallery.parent / "evaluation" for gallery in galleries[1:]])

    def _simulate(self, gallery: Path, output: Path, number: int) -> None:
        self._run(
            "simulate",
            output,
            gallery=str(gallery),
            objective=self._objective,
            impressions=self._options.impressions,
            seed=self._options.seed + number - 1,
        )

    def _train_estimator(
        self, galleries: list[Path], interactions: list[Path], output: Path, earlier: Path | None
    ) -> None:
        given: dict[str, Any] = {
            "gallery": tuple(map(str, galleries)),
            "interactions": tuple(map(str, interactions)),
        }
        if earlier:
            given |= {"initial": str(earlier), "slim_checkpoint": None}
        self._run("estimator", output, **given)

    def _tune(self, gan: Path, estimator: Path, branch: Path, weight: float, number: int) -> None:
        self._run(
            "tune",
            branch / "gan",
            gan=str(gan),
            estimator=str(estimator),
            pir_weight=weight,
            seed=self._options.seed + number - 1,
        )
        self._run(
            "sample",
            branch / "gallery",
            gan=str(branch / "gan"),
            num_images=self._options.evaluate_num_images or self._options.sample_num_images,
            # Another than the first gallery's: Welch's test is of independent images.
            seed=self._options.seed + number,
        )
        measured = self._options.tune_keep_diversity or self._options.tune_diversity_every
        self._run(
            "evaluate",
            branch / "evaluation",
            before=str(self._before),
            after=str(branch / "gallery"),
            objective=self._objective,
            estimator=str(estimator),
            # Where tuning was measured by step, the true rates are as well.
            gan=str(branch / "gan") if measured else None,
        )

    def _keep_best(self, evaluations: list[Path]) -> None:
        """Names the round whose images its own estimator likes best, which never saw them.

        Each generator was tuned to please that very estimator, so all are too high.
        """
        contents = [read_json(folder / "evaluation.json") for folder in evaluations]
        estimates = [content["estimated"]["after"] for content in contents]
        best = estimates.index(max(estimates)) + 1
        gan = "gan" if best == 1 else f"round-{best}/gan"
        write_json(
            self._place / "best_round.json", {"round": best, "gan": gan, "estimates": estimates}
        )

    def _run(self, stage: str, output: Path, **given: Any) -> None:
        self.stage = stage
        if output.exists():
            return
        options = stage_options(stage, self._options, output=str(output), **given)
        options.validate()
        started = time.monotonic()
        try:
            _RUNS[stage](options)
        finally:
            self._add_seconds(str(output.relative_to(self._place)), time.monotonic() - started)

    def _add_seconds(self, output: str, seconds: float) -> None:
        """Adds to seconds.json, also for a stage that did not come to its end."""
        path = self._place / "seconds.json"
        spent = read_json(path) if path.exists() else {}
        write_json(path, spent | {output: round(spent.get(output, 0.0) + seconds, 3)})
