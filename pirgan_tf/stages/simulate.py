"""Stage `simulate`: a gallery in, the interactions of simulated users out."""

import dataclasses
from typing import NoReturn

from pirgan_tf import training, users
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.data.gallery import gallery_folder, read_gallery
from pirgan_tf.stages.shared.objective_options import check_objectives, vgg16_weights_option

STAGE = "simulate"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulateOptions(Options):
    """Flags of simulate."""

    gallery: str = option("Gallery, from sample.", reads=str)
    objective: str = option("What the users like, such as color:red-blue or vgg16:pool2:17.")
    vgg16_weights: str = vgg16_weights_option()
    impressions: int = option("How often each image is shown.", 1000, minimum=1)
    rescale: bool = option(
        "Rescale the true rates to mean 0.5 and standard deviation 0.25 (section 5.2).", False
    )
    seed: int = option("Seed of the users' responses.", 0, minimum=0, below=2**31)

    def validate(self) -> None:
        """Checks the numbers, the objective and the gallery."""
        super().validate()
        check_objectives([self.objective], self.vgg16_weights)
        read_gallery(self.gallery)


def run(options: SimulateOptions) -> None:
    """Shows each image to simulated users (section 2.1.2 of the paper).

    Writes interactions.csv (image_id, impressions, positives, pir) and
    options.json to the output.
    """
    training.configure(
        strategy="one", replicas=0, precision="float32", jit="off", seed=options.seed
    )
    gallery = read_gallery(options.gallery)
    objective = users.parse_objective(options.objective, options.vgg16_weights)
    rates, undefined = objective.measure(gallery.images, keep_in=gallery_folder(options.gallery))
    if options.rescale:
        rates = users.rescale_rates(rates)
    table = users.simulate_impressions(
        rates, options.impressions, options.seed, image_ids=gallery.ids.tolist()
    )
    with output_folder(STAGE, options) as folder:
        users.write_interactions(table, folder / "interactions.csv")
    print(
        f"{STAGE}: {options.objective}, {len(rates)} images, true rate {rates.mean():.4f} +- "
        f"{rates.std():.4f}, observed {table.pir.mean():.4f}; {undefined.sum()} without a rate"
    )


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, SimulateOptions, run)
