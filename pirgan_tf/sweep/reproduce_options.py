"""The options of `reproduce`: its own, and every stage's with the stage's name before them."""

import dataclasses
import importlib.util
import math
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pirgan_tf import data, gan, users
from pirgan_tf.cli.options import option
from pirgan_tf.cli.outputs import read_options
from pirgan_tf.cli.paths import check_apart, check_writable
from pirgan_tf.errors import InputError
from pirgan_tf.stages import evaluate, pretrain, sample, simulate, train_estimator, tune
from pirgan_tf.stages.shared.estimator_options import check_ensemble
from pirgan_tf.stages.shared.objective_options import check_objectives, vgg16_weights_option
from pirgan_tf.stages.shared.rated_galleries import LEAST_HELDOUT
from pirgan_tf.stages.shared.train_estimator_options import check_initial, check_labels
from pirgan_tf.stages.shared.training_options import DeviceOptions
from pirgan_tf.stages.shared.vgg16_features import check_photographs

_STAGE_OPTIONS = {
    "pretrain": pretrain.PretrainOptions,
    "sample": sample.SampleOptions,
    "simulate": simulate.SimulateOptions,
    "estimator": train_estimator.TrainEstimatorOptions,
    "tune": tune.TuneOptions,
    "evaluate": evaluate.EvaluateOptions,
}
# What the run itself decides: the inputs of its stages, and that its galleries are of the prior.
_GIVEN = {
    *("gan", "gallery", "interactions", "estimator", "objective", "before", "after"),
    *("sampler", "strength", "sample_steps", "candidates"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _RunOptions(DeviceOptions):
    """Flags of reproduce that are its own, or common to several stages."""

    objectives: str = option(
        "What the users like: objectives separated by spaces, or a file with one per line, as "
        "list_objectives writes it.",
        changes_result=False,
        reads=users.objective_file,
    )
    gan: str | None = option("GAN folder to use instead of pretraining one.", None, reads=str)
    vgg16_weights: str = vgg16_weights_option()
    rounds: int = option("Rounds of users, estimator and tuning (section 4.3.3).", 1, minimum=1)
    budget: int | None = option(
        "Impressions of each objective in all rounds together, each image as many, in place of "
        "--simulate_impressions.",
        None,
        minimum=1,
    )
    tune_pir_weight: tuple[str, ...] = option(
        "w_PIR of section 2.1.4; with several, the generator is tuned with each.", ("1000",)
    )
    evaluate_num_images: int | None = option(
        "Images of each tuned GAN to evaluate; by default as many as of the first GAN.",
        None,
        # What diversity takes: five neighbours, the image itself, and one that is none.
        minimum=7,
    )
    jobs: int = option("Objectives at once.", 1, minimum=1, below=1025, changes_result=False)
    executor: str = option(
        "Where they run: processes of this machine, or a Ray cluster that shares the output's "
        "file system (a running one, such as that of RAY_ADDRESS, or else a new one here).",
        "local",
        choices=("local", "ray"),
        changes_result=False,
    )

    def validate(self) -> None:
        """Checks the numbers, the objectives, the inputs, and what the stages would refuse."""
        super().validate()
        if self.executor == "ray" and importlib.util.find_spec("ray") is None:
            raise InputError(
                "executor=ray needs Ray: pip install 'pirgan-tf[cluster]'. Received: no such module"
            )
        check_objectives(self.objective_texts, self.vgg16_weights)
        weights = self.pir_weights
        if len(weights) > 1 and self.rounds > 1:
            raise InputError(
                "several values of tune_pir_weight and several rounds cannot be combined. "
                f"Received: {len(weights)} and {self.rounds}"
            )
        # What a later stage would refuse must not wait until the earlier ones are done.
        options = vars(self)
        if self.rounds > 1 and options["simulate_rescale"]:
            raise InputError(
                "simulate_rescale is of one gallery's rates, and cannot be combined with several "
                f"rounds. Received: {self.rounds} rounds"
            )
        if self.budget and self.budget % self.num_rated:
            raise InputError(
                f"budget must be a multiple of the {self.num_rated} images that are rated, so that "
                f"each is shown equally often. Received: {self.budget} for {self.rounds} rounds"
            )
        if self.gan:
            shape = gan.read_gan_shape(self.gan)
            image_size, class_names = shape.image_size, shape.class_names
            made_with = read_options(
                self.gan, ("pretrain", "tune"), {"dataset": str, "classes": list}
            )
            dataset, classes = made_with["dataset"], tuple(map(str, made_with["classes"]))
        else:
            stage_options("pretrain", self, output=self.output).validate()
            dataset, classes = options["pretrain_dataset"], options["pretrain_classes"]
            image_size = options["pretrain_image_size"] or data.IMAGE_SIZE
            class_names = classes if options["pretrain_conditional"] else ()
        tune.check_classes(options["tune_classes"], class_names)
        data.validate_dataset_spec(
            options["tune_dataset"] or dataset, options["tune_classes"] or classes
        )
        check_initial(options["estimator_slim_checkpoint"], options["estimator_initial"])
        if options["tune_caution"]:
            check_ensemble(
                f"tune_caution={options['tune_caution']:g}", options["estimator_members"]
            )
        evaluate.check_features(options["evaluate_features"], self.vgg16_weights)
        if options["evaluate_photographs"]:
            sampled = options["sample_num_images"]
            check_photographs(
                options["evaluate_photographs"],
                self.vgg16_weights,
                min(sampled, self.evaluate_num_images or sampled),
            )
        check_labels(
            options["estimator_head"],
            options["estimator_labels"],
            options["estimator_fit_temperature"],
        )
        for stage in ("estimator", "tune"):
            self.check_replicas(options[f"{stage}_batch_size"])
        for name in ("sample_num_images", "evaluate_num_images"):
            sample.check_gallery_fits(options[name] or 0, image_size)
        _check_gallery(
            options["sample_num_images"],
            options["estimator_heldout"],
            options["estimator_num_train"],
            options["estimator_batch_size"],
            bool(options["estimator_patience"]) or options["estimator_fit_temperature"],
        )

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Yields what the command reads, the GAN's photographs too."""
        yield from super().inputs()
        if self.gan:
            dataset = read_options(self.gan, ("pretrain", "tune"), {"dataset": str})["dataset"]
            if folder := data.dataset_folder(dataset):
                yield "gan", folder

    def check_output(self) -> None:
        """Checks that the folder can be written; it may be there already."""
        check_apart(Path(self.output), self.inputs())
        check_writable(Path(self.output))

    @property
    def objective_texts(self) -> list[str]:
        """The objectives, in their order."""
        return users.parse_objective_list(self.objectives)

    @property
    def num_rated(self) -> int:
        """Images that users see: the first gallery, and in later rounds what was evaluated."""
        first = vars(self)["sample_num_images"]
        return first + (self.rounds - 1) * (self.evaluate_num_images or first)

    @property
    def impressions(self) -> int:
        """How often each image is shown."""
        if self.budget:
            return self.budget // self.num_rated
        return vars(self)["simulate_impressions"]

    @property
    def pir_weights(self) -> tuple[float, ...]:
        """The values of w_PIR, in their order."""
        try:
            # -0 becomes 0: they would be two folders of one weight.
            weights = tuple(float(text) + 0.0 for text in self.tune_pir_weight)
        except ValueError:
            weights = ()
        # They name folders in this form.
        names = {f"{weight:g}" for weight in weights if math.isfinite(weight) and weight >= 0}
        if not weights or len(names) < len(weights):
            raise InputError(
                "tune_pir_weight must be one or several numbers from 0 that differ in 6 digits. "
                f"Received: {','.join(self.tune_pir_weight)}"
            )
        return weights


def _stage_fields() -> list[tuple[str, Any, Any]]:
    """Returns each stage's own options, with the stage's name before theirs."""
    given = {field.name for field in dataclasses.fields(_RunOptions)} | _GIVEN
    return [
        (name, hints[field.name], _copy(field))
        for stage, options_class in _STAGE_OPTIONS.items()
        for hints in [typing.get_type_hints(options_class)]
        for field in dataclasses.fields(options_class)
        for name in [f"{stage}_{field.name}"]
        if field.name not in given and name not in given
    ]


def _copy(field: dataclasses.Field) -> Any:
    metadata = dict(field.metadata)
    # A stage of the run that is finished would not make further steps.
    metadata["changes_result"] |= field.name == "steps"
    return dataclasses.field(default=field.default, metadata=metadata)


ReproduceOptions = dataclasses.make_dataclass(
    "ReproduceOptions", _stage_fields(), bases=(_RunOptions,), frozen=True, kw_only=True
)
# Where pickle finds it, for objectives that run in other processes.
ReproduceOptions.__module__ = __name__


def stage_options(stage: str, options: Any, **given: Any) -> Any:
    """Returns a stage's options: those given, the common ones and the stage's own."""
    options_class = _STAGE_OPTIONS[stage]
    values = {
        field.name: getattr(options, name)
        for field in dataclasses.fields(options_class)
        for name in (f"{stage}_{field.name}", field.name)
        if hasattr(options, name)
    }
    return options_class(**(values | {"overwrite": False, "dry_run": False} | given))


def _check_gallery(
    num_images: int, heldout: float, num_train: int | None, batch_size: int, halved: bool
) -> None:
    num_heldout = round(heldout * num_images)
    left = num_images - num_heldout
    # Where something is chosen, as many again choose it.
    least = LEAST_HELDOUT * (2 if halved else 1)
    if num_heldout < least or min(left, num_train or left) < batch_size:
        raise InputError(
            "sample_num_images, estimator_heldout and estimator_num_train must leave the estimator "
            f"at least {least} images to hold out and its estimator_batch_size, {batch_size}, to "
            f"train on. Received: {num_heldout} and {min(left, num_train or left)}"
        )
