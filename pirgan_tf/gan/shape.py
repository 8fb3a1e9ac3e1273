"""gan.json: how the networks of a GAN folder were built."""

import dataclasses
import json
from pathlib import Path

from pirgan_tf.errors import InputError


@dataclasses.dataclass(frozen=True)
class GanShape:
    """What gan.json holds: how the networks of the folder were built."""

    class_names: tuple[str, ...]
    latent_size: int
    width: float

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
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return GanShape(
            tuple(map(str, content["class_names"])),
            int(content["latent_size"]),
            float(content["width"]),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"GAN folder must hold gan.json, as pretrain and tune write it. Received: {folder}"
        ) from error
