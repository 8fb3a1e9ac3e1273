"""Stage `pretrain`: photographs in, a GAN out."""

import dataclasses
from typing import NoReturn

from pirgan_tf import data, gan, training
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.dataset_options import DatasetOptions
from pirgan_tf.stages.shared.gan_options import GanOptions, dataset_grid
from pirgan_tf.stages.shared.training_options import set_up_devices, train

STAGE = "pretrain"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainOptions(GanOptions, DatasetOptions):
    """Flags of pretrain; the defaults are the paper's numbers."""

    conditional: bool = option("Train an ACGAN on the classes; without, a plain GAN.", True)
    steps: int = option("Training steps.", 1_100_000, minimum=1, changes_result=False)
    latent_size: int = option("Units of the latent.", 64, minimum=1, below=2**16)
    width: float = option(
        "Scales the depths of both networks; 1 is the paper.", 1.0, above=0.0, below=16.0
    )
    generator_learning_rate: float = option("Learning rate of Adam.", 1e-5, above=0.0)
    discriminator_learning_rate: float = option("Learning rate of RMSProp.", 1e-5, above=0.0)

    def validate(self) -> None:
        """Checks the numbers, the dataset and that every layer keeps a channel."""
        super().validate()
        gan.width.scale_depth(gan.width.SMALLEST_DEPTH, self.width)
        if self.dataset == "landscapes" and self.batch_size > self.landscapes:
            raise InputError(
                f"batch_size must be at most the number of landscapes, {self.landscapes}. "
                f"Received: {self.batch_size}"
            )


def run(options: PretrainOptions) -> None:
    """Trains a GAN on photographs (section 2.1.1 and appendix A of the paper).

    Writes generator.keras, discriminator.keras, gan.json, options.json, stats.jsonl,
    images/ and summaries/ (for TensorBoard) to the output.
    """
    options, devices = set_up_devices(options)
    print(f"{STAGE}: {devices.reason}", flush=True)
    dataset = data.load_dataset(
        options.dataset, classes=options.classes, num_landscapes=options.landscapes
    )
    class_names = dataset.class_names if options.conditional else ()
    shape = gan.GanShape(class_names, options.latent_size, options.width)
    trainer = gan.GanTrainer(
        options.settings(shape),
        devices,
        dataset.images,
        dataset.labels,
        seed=options.seed,
        stream=STAGE,
    )
    with output_folder(STAGE, options, resumable=True) as folder:
        training.save_png(dataset_grid(dataset), folder / "images/reals.png")
        train(trainer, options, folder, images_every=options.images_every)
        gan.save_gan(trainer, class_names, folder)


def dry_run(options: PretrainOptions) -> dict:
    """Returns the parameter counts, which depend on the number of classes."""
    num_classes = 0
    if options.conditional:
        dataset = data.load_dataset(options.dataset, classes=options.classes, num_landscapes=2)
        num_classes = len(dataset.class_names)
    return {
        "parameters": {
            "num_classes": num_classes,
            "generator": gan.build_generator(
                num_classes, options.latent_size, options.width
            ).count_params(),
            "discriminator": gan.build_discriminator(num_classes, options.width).count_params(),
        }
    }


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, PretrainOptions, run, dry_run)
