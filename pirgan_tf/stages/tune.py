"""Stage `tune`: a GAN and a PIR estimator in, a better GAN out."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from pirgan_tf import data, estimator, gan, training
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import option
from pirgan_tf.cli.outputs import read_options
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.diversity_options import DiversityOptions
from pirgan_tf.stages.shared.estimator_options import (
    LEAST_TEMPERATURE,
    MOST_TEMPERATURE,
    check_ensemble,
    check_image_size,
    read_temperature,
)
from pirgan_tf.stages.shared.gan_options import GanOptions, count_parameters, dataset_grid
from pirgan_tf.stages.shared.several_workers import ending_together, training_folder
from pirgan_tf.stages.shared.training_options import set_up_devices, train

if TYPE_CHECKING:
    from pirgan_tf.training import TracedTrainers

STAGE = "tune"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TuneOptions(GanOptions, DiversityOptions):
    """Flags of tune; the defaults are the paper's numbers."""

    gan: str = option("GAN folder, from pretrain or tune.", reads=str)
    estimator: str = option("Estimator folder, from train_estimator.", reads=str)
    dataset: str | None = option(
        "Photographs for the discriminator; those of the GAN by default.",
        None,
        reads=data.dataset_folder,
    )
    steps: int = option("Training steps.", 50_000, minimum=1, changes_result=False)
    pir_weight: float = option("w_PIR of section 2.1.4.", 1000.0, minimum=0.0)
    adversarial_weight: float = option(
        "Weight of the adversarial term in the generator's loss; 0 leaves it out.",
        1.0,
        minimum=0.0,
    )
    temperature: float | None = option(
        "Softmax temperature of the estimator; by default that of its options.",
        None,
        minimum=LEAST_TEMPERATURE,
        below=MOST_TEMPERATURE,
    )
    caution: float = option(
        "Tune for the mean estimate less so many standard deviations between the members of an "
        "ensemble (train_estimator --members); 0 is the paper.",
        0.0,
        minimum=0.0,
    )
    generator_learning_rate: float = option("Learning rate of Adam.", 1e-6, above=0.0)
    discriminator_learning_rate: float = option("Learning rate of RMSProp.", 1e-6, above=0.0)
    classes: tuple[str, ...] = option("Classes of the dataset; those of the GAN by default.", ())
    landscapes: int | None = option(
        "Images that --dataset=landscapes draws; as for the GAN by default.", None, minimum=2
    )

    def validate(self) -> None:
        """Checks the numbers, both folders and the dataset."""
        super().validate()
        inherited = _inherit(self)
        read_temperature(self.estimator)
        if not inherited["landscapes"] >= 2:
            raise InputError(
                f"landscapes of a GAN must be at least 2. Received: {inherited['landscapes']} "
                f"in {self.gan}/options.json"
            )
        check_image_size(self.gan, self.estimator)
        if self.caution:
            members = estimator.read_estimator_shape(self.estimator).members
            check_ensemble(f"caution={self.caution:g}", members)
        data.validate_dataset_spec(inherited["dataset"], inherited["classes"])

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Yields what the command reads, the GAN's photographs too."""
        return super(TuneOptions, dataclasses.replace(self, **_inherit(self))).inputs()


@ending_together
def run(options: TuneOptions, trainers: "TracedTrainers | None" = None) -> None:
    """Tunes a GAN so that its images have a higher estimated rate (section 2.1.4).

    Writes what pretrain writes: generator.keras, discriminator.keras, gan.json,
    options.json, stats.jsonl, images/ and summaries/ to the output.

    Args:
        options: the flags.
        trainers: those of earlier runs in this process, whose graphs are used again.
    """
    inherited = _inherit(options)
    options, devices = set_up_devices(dataclasses.replace(options, **inherited))
    print(f"{STAGE}: {devices.reason}", flush=True)
    shape = gan.read_gan_shape(options.gan)
    dataset = data.load_dataset(
        inherited["dataset"],
        classes=inherited["classes"],
        num_landscapes=inherited["landscapes"],
        image_size=shape.image_size,
    )
    with devices.strategy.scope():
        judge = estimator.PirEstimator.load(options.estimator, dtype=devices.dtype)
        optimizers = options.make_optimizers()
    make_trainer: Callable[..., gan.GanTrainer] = gan.GanTrainer
    if options.measure_every:
        make_trainer = functools.partial(
            gan.TuningTrainer,
            features=judge.trunk,
            keep_diversity=options.keep_diversity,
            patience=options.patience,
        )
    trainer = make_trainer(
        gan.load_networks(options.gan, dropout=options.dropout, dtype=devices.dtype),
        options.make_cost(adversarial_weight=options.adversarial_weight),
        options.make_batches(dataset, shape, STAGE),
        optimizers,
        devices,
        rate_function=_rate_function(judge, options.caution, inherited["temperature"]),
        rate_weight=options.pir_weight,
        rate_variables=judge.model.variables,
        stabilizers=options.make_stabilizers(),
    )
    if trainers:
        given: dict[str, Any] = {
            "output": "",
            "gan": "",
            "estimator": "",
            "pir_weight": 0.0,
            "seed": 0,
        }
        settings = shape, judge.shape, dataclasses.replace(options, **given)
        trainer = trainers.reuse(trainer, settings)
    reals = dataset_grid(dataset)
    # The batches hold the images now: a large set must not stay in memory twice.
    del dataset
    with training_folder(STAGE, options, devices.workers) as folder:
        training.save_png(reals, folder / "images/reals.png")
        step = train(
            trainer,
            options,
            folder,
            evaluate_every=options.measure_every,
            images_every=options.images_every,
        )
        if isinstance(trainer, gan.TuningTrainer):
            _restore_best(trainer, options, step)
        gan.save_gan(trainer, shape, folder, dropout=options.dropout)


def dry_run(options: TuneOptions) -> dict:
    """Returns what is taken over from the inputs, and the parameter counts."""
    shape = gan.read_gan_shape(options.gan)
    judge = estimator.PirEstimator.load(options.estimator)
    return {
        "options": options.to_json() | _inherit(options),
        "parameters": {
            **count_parameters(shape),
            # As it was trained: the loaded one has its batch norm folded.
            "estimator": estimator.PirEstimator(judge.shape).model.count_params(),
        },
    }


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, TuneOptions, run, dry_run)


def check_classes(classes: tuple[str, ...], class_names: tuple[str, ...]) -> None:
    """Checks the classes of the photographs, where they are given and the GAN has classes.

    Raises:
        InputError: they are not the GAN's, in their order.
    """
    if class_names and classes not in ((), class_names):
        raise InputError(
            f"classes must be those of the GAN, in their order: {','.join(class_names)}. "
            f"Received: {','.join(classes)}"
        )


def _rate_function(
    judge: "estimator.PirEstimator", caution: float, temperature: float
) -> "gan.trainer.RateFunction":
    if caution:
        return functools.partial(judge.cautious_pir, temperature=temperature, caution=caution)
    return functools.partial(judge.expected_pir, temperature=temperature)


def _restore_best(trainer: "gan.TuningTrainer", options: TuneOptions, last: int) -> None:
    """Goes back to the best step within the constraint, if there is one, and says so."""
    step = trainer.restore_best()
    if step is None:
        return
    if last < options.steps:
        print(
            f"{STAGE}: ends at step {last}, as the estimate no longer rises at a diversity of at "
            f"least {options.keep_diversity:g}",
            flush=True,
        )
    if step:
        print(f"{STAGE}: exports the networks of step {step}", flush=True)
    else:
        print(
            f"{STAGE}: no step has a higher estimate than the untuned GAN at a diversity of at "
            f"least {options.keep_diversity:g}; exports the untuned GAN",
            flush=True,
        )


def _inherit(options: TuneOptions) -> dict[str, Any]:
    """Returns the options that are taken over from the inputs' own, where they are not given."""
    class_names = gan.read_gan_shape(options.gan).class_names
    check_classes(options.classes, class_names)
    inherited = {
        "dataset": options.dataset,
        "classes": options.classes or class_names,
        "landscapes": options.landscapes,
        "temperature": options.temperature,
    }
    if options.temperature is None:
        inherited["temperature"] = read_temperature(options.estimator)
    if options.dataset is None:
        trained = read_options(
            options.gan,
            ("pretrain", "tune"),
            {"dataset": str, "classes": list, "landscapes": int},
        )
        inherited["dataset"] = trained["dataset"]
        inherited["classes"] = inherited["classes"] or tuple(map(str, trained["classes"]))
        inherited["landscapes"] = options.landscapes or trained["landscapes"]
    inherited["landscapes"] = inherited["landscapes"] or data.NUM_LANDSCAPES
    return inherited
