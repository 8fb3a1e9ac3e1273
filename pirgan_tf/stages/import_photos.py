"""Stage `import_photos`: a folder of photographs in, a dataset folder out."""

import dataclasses
from pathlib import Path
from typing import NoReturn

from pirgan_tf import data, gan
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError

STAGE = "import_photos"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportPhotosOptions(Options):
    """Flags of import_photos."""

    photos: str = option("Folder with one subfolder of photographs per class.", reads=str)
    size: int = option("Width and height of the images: 32, 64 or 128 pixels.", data.IMAGE_SIZE)

    def validate(self) -> None:
        """Checks the size, and that the folder of photographs is there."""
        super().validate()
        if self.size not in gan.IMAGE_SIZES:
            raise InputError(f"size must be 32, 64 or 128. Received: {self.size}")
        if not Path(self.photos).is_dir():
            raise InputError(f"photos must be a folder. Received: {self.photos}")


def run(options: ImportPhotosOptions) -> None:
    """Crops and resizes photographs to --size and says in manifest.csv what became of each.

    Writes CLASS/NAME.png, manifest.csv and options.json to the output, which
    `--dataset=folder:OUTPUT` then names.
    """
    with output_folder(STAGE, options) as folder:
        rows = data.import_photos(Path(options.photos), folder, image_size=options.size)
    accepted = sum(row.accepted for row in rows)
    print(
        f"{STAGE}: {accepted} photographs accepted, {len(rows) - accepted} files rejected "
        f"(see {options.output}/manifest.csv)"
    )


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ImportPhotosOptions, run, uses_tensorflow=False)
