"""Stage `simulate`: a gallery in, the interactions of simulated users out."""

import dataclasses
from typing import NoReturn

from pirgan_tf import users
from pirgan_tf.stages.command import run_command
from pirgan_tf.stages.gallery import read_gallery
from pirgan_tf.stages.options import Options, option
from pirgan_tf.stages.outputs import output_folder

STAGE = "simulate"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulateOptions(Options):
    """Flags of simulate."""

    gallery: str = option("Gallery, from sample.")
    objective: str = option("What the users like, such as color:red or color:red-blue.")
    impressions: int = option("How often each image is shown.", 1000, minimum=1)
    seed: int = option("Seed of the users' chance.", 0, minimum=0, below=2**31)

    def validate(self) -> None:
        """Checks the numbers, the objective and the gallery."""
        super().validate()
        users.parse_objective(self.objective)
        read_gallery(self.gallery)


def run(options: SimulateOptions) -> None:
    """Shows each image to simulated users (section 2.1.2 of the paper).

    Writes interactions.csv (image_id, impressions, positives, pir) and
    options.json to the output.
    """
    gallery = read_gallery(options.gallery)
    rates, undefined = users.parse_objective(options.objective).measure(gallery.images)
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
