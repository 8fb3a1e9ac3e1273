"""Stage `pretrain`: photographs in, a GAN out."""

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from pirgan_tf import data, gan, training
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.dataset_options import DatasetOptions
from pirgan_tf.stages.shared.gan_options import GanOptions, count_parameters, dataset_grid
from pirgan_tf.stages.shared.kid_options import KID, KidOptions
from pirgan_tf.stages.shared.several_workers import ending_together, training_folder
from pirgan_tf.stages.shared.training_options import set_up_devices, train

if TYPE_CHECKING:
    from pirgan_tf.data import ImageDataset
    from pirgan_tf.gan import GanShape

STAGE = "pretrain"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainOptions(GanOptions, DatasetOptions, KidOptions):
    """Flags of pretrain; the defaults are the paper's numbers."""

    conditional: bool = option("Train an ACGAN on the classes; without, a plain GAN.", True)
    steps: int = option("Training steps.", 1_100_000, minimum=1, changes_result=False)
    family: str = option(
        "Networks: the paper's, DCGAN's, or fully connected ones with maxout units.",
        "paper",
        choices=tuple(gan.FAMILIES),
    )
    latent_size: int = option("Size of the latent.", 64, minimum=1, below=2**16)
    width: float = option(
        "Scales the depths of both networks; 1 is the paper.", 1.0, above=0.0, below=16.0
    )
    minibatch_features: int = option(
        "Features of the discriminator that tell how close an image is to the others of its "
        "batch; 0 is none.",
        0,
        minimum=0,
        below=2**12,
    )
    generator_norm: str = option(
        "Statistics of the generator's batch normalisation (dcgan): batch, those of a fixed "
        "reference batch, or virtual, those of that batch and the image itself.",
        "batch",
        choices=gan.GENERATOR_NORMS,
    )
    generator_learning_rate: float = option("Learning rate of Adam.", 1e-5, above=0.0)
    discriminator_learning_rate: float = option("Learning rate of RMSProp.", 1e-5, above=0.0)

    def validate(self) -> None:
        """Checks the numbers, the dataset and that every layer keeps a channel."""
        super().validate()
        gan.check_width(self.width)
        gan.check_generator_norm(self.generator_norm, self.family)
        if self.image_size is not None:
            gan.check_image_size(self.image_size)
        if self.dataset == "landscapes" and self.batch_size > self.landscapes:
            raise InputError(
                f"batch_size must be at most the number of landscapes, {self.landscapes}. "
                f"Received: {self.batch_size}"
            )


@ending_together
def run(options: PretrainOptions) -> None:
    """Trains a GAN on photographs (section 2.1.1 and appendix A of the paper).

    Writes generator.keras, discriminator.keras, gan.json, options.json, stats.jsonl,
    images/ and summaries/ (for TensorBoard) to the output.
    """
    options, devices = set_up_devices(options)
    print(f"{STAGE}: {devices.reason}", flush=True)
    dataset = _load(options, options.landscapes)
    shape = _shape(options, dataset)
    with devices.strategy.scope():
        optimizers = options.make_optimizers()
    make_trainer: Callable[..., gan.GanTrainer] = gan.GanTrainer
    if options.kid_every:
        make_trainer = functools.partial(
            gan.WatchedGanTrainer,
            measure=options.make_measure(shape.image_size, options.seed),
            rank=(lambda figures: -figures[KID]) if options.keep == "best" else None,
        )
    trainer = make_trainer(
        gan.build_networks(shape, dropout=options.dropout, dtype=devices.dtype),
        options.make_cost(),
        options.make_batches(dataset, shape, STAGE),
        optimizers,
        devices,
        stabilizers=options.make_stabilizers(),
    )
    reals = dataset_grid(dataset)
    # The batches hold the images now: a large set must not stay in memory twice.
    del dataset
    with training_folder(STAGE, options, devices.workers) as folder:
        training.save_png(reals, folder / "images/reals.png")
        train(
            trainer,
            options,
            folder,
            evaluate_every=options.kid_every,
            images_every=options.images_every,
        )
        if isinstance(trainer, gan.WatchedGanTrainer) and (step := trainer.restore_best()):
            print(f"{STAGE}: exports the networks of step {step}", flush=True)
        gan.save_gan(trainer, shape, folder, dropout=options.dropout)


def dry_run(options: PretrainOptions) -> dict:
    """Returns the parameter counts, which depend on the number of classes."""
    shape = _shape(options, _load(options, num_landscapes=2))
    return {"parameters": {"num_classes": shape.num_classes, **count_parameters(shape)}}


def _load(options: PretrainOptions, num_landscapes: int) -> "ImageDataset":
    dataset = data.load_dataset(
        options.dataset,
        classes=options.classes,
        num_landscapes=num_landscapes,
        image_size=options.image_size,
    )
    if dataset.image_size not in gan.IMAGE_SIZES:
        raise InputError(
            f"images of a dataset must be {', '.join(map(str, gan.IMAGE_SIZES))} pixels wide. "
            f"Received: {dataset.image_size} in {options.dataset}"
        )
    return dataset


def _shape(options: PretrainOptions, dataset: "ImageDataset") -> "GanShape":
    return gan.GanShape(
        dataset.class_names if options.conditional else (),
        options.latent_size,
        options.width,
        options.family,
        dataset.image_size,
        options.minibatch_features,
        options.generator_norm,
    )


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, PretrainOptions, run, dry_run)
