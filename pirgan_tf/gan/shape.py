"""gan.json: how the networks of a GAN folder were built."""

import dataclasses
import json
from pathlib import Path

from pirgan_tf.errors import InputError
from pirgan_tf.gan.networks.families import FAMILIES
from pirgan_tf.gan.networks.sizes import IMAGE_SIZES


@dataclasses.dataclass(frozen=True)
class GanShape:
    """What gan.json holds: how the networks of the folder were built.

    Attributes:
        class_names: the classes; none for a plain GAN.
        latent_size: units of the latent.
        width: scales the depths of both networks.
        family: one of `FAMILIES`.
        image_size: height and width of the images, in pixels.
    """

    class_names: tuple[str, ...] = ()
    latent_size: int = 64
    width: float = 1.0
    family: str = "paper"
    image_size: int = 64

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 is a plain GAN."""
        return len(self.class_names)


def read_gan_shape(folder: str | Path) -> GanShape:
    """Reads gan.json; one of before families and image sizes is of the paper's, at 64x64.

    Raises:
        InputError: if the folder or the file is missing, or holds something else.
    """
    path = Path(folder) / "gan.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        shape = GanShape(
            tuple(map(str, content["class_names"])),
            int(content["latent_size"]),
            float(content["width"]),
            content.get("family", "paper"),
            content.get("image_size", 64),
        )
        known = shape.family in FAMILIES and shape.image_size in IMAGE_SIZES
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"GAN folder must hold gan.json, as pretrain and tune write it. Received: {folder}"
        ) from error
    if not known:
        raise InputError(
            f"gan.json must name a known family ({', '.join(FAMILIES)}) and image size "
            f"({', '.join(map(str, IMAGE_SIZES))}). Received: {shape.family!r} and "
            f"{shape.image_size!r} in {path}"
        )
    return shape
