"""gan.json: how the networks of a GAN folder were built."""

import dataclasses
from pathlib import Path

from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Fields, read_json

MAX_LATENT_SIZE = 2**16
MAX_WIDTH = 16.0


@dataclasses.dataclass(frozen=True)
class GanShape:
    """What gan.json holds: how the networks of the folder were built.

    Raises:
        InputError: for what no GAN has.
    """

    class_names: tuple[str, ...]
    latent_size: int
    width: float

    def __post_init__(self) -> None:
        names = self.class_names
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(
            names
        ):
            raise InputError(f"class_names must be different texts. Received: {list(names)}")
        if not 1 <= self.latent_size <= MAX_LATENT_SIZE:
            raise InputError(
                f"latent_size must be from 1 to {MAX_LATENT_SIZE}. Received: {self.latent_size}"
            )
        if not 0 < self.width <= MAX_WIDTH:
            raise InputError(
                f"width must be above 0 and at most {MAX_WIDTH:g}. Received: {self.width}"
            )

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 is a plain GAN."""
        return len(self.class_names)


def read_gan_shape(folder: str | Path) -> GanShape:
    """Reads gan.json.

    Raises:
        InputError: if the folder or the file is missing, or holds something else.
    """
    path = Path(folder) / "gan.json"
    fields: Fields = {"class_names": list, "latent_size": int, "width": float}
    wanted = "GAN folder must hold gan.json, as pretrain and tune write it"
    content = read_json(path, fields, wanted)
    try:
        return GanShape(
            tuple(content["class_names"]), content["latent_size"], float(content["width"])
        )
    except InputError as error:
        raise InputError(f"{error} in {path}") from None
