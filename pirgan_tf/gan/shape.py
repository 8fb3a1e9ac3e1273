"""gan.json: how the networks of a GAN folder were built."""

import dataclasses
from pathlib import Path

from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Fields, check_object, read_json
from pirgan_tf.gan.networks.families import FAMILIES, GENERATOR_NORMS, NORMALIZED_FAMILIES
from pirgan_tf.gan.networks.sizes import check_image_size

MAX_LATENT_SIZE = 2**16
MAX_WIDTH = 16.0
MAX_MINIBATCH_FEATURES = 2**12
_FIELDS: Fields = {
    "class_names": list,
    "latent_size": int,
    "width": float,
    "family": str,
    "image_size": int,
    "minibatch_features": int,
    "generator_norm": str,
}
# Of files from before there was a choice.
_DEFAULTS = {
    "family": "paper",
    "image_size": 64,
    "minibatch_features": 0,
    "generator_norm": "batch",
}


@dataclasses.dataclass(frozen=True)
class GanShape:
    """What gan.json holds: how the networks of the folder were built.

    Attributes:
        class_names: the classes; none for a plain GAN.
        latent_size: units of the latent.
        width: scales the depths of both networks.
        family: one of `FAMILIES`.
        image_size: height and width of the images, in pixels.
        minibatch_features: features of `MinibatchFeatures` in the discriminator.
        generator_norm: one of `GENERATOR_NORMS`.

    Raises:
        InputError: for what no GAN has.
    """

    class_names: tuple[str, ...] = ()
    latent_size: int = 64
    width: float = 1.0
    family: str = "paper"
    image_size: int = 64
    minibatch_features: int = 0
    generator_norm: str = "batch"

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
        if self.family not in FAMILIES:
            raise InputError(
                f"family must be one of {', '.join(FAMILIES)}. Received: {self.family!r}"
            )
        check_image_size(self.image_size)
        if not 0 <= self.minibatch_features <= MAX_MINIBATCH_FEATURES:
            raise InputError(
                f"minibatch_features must be from 0 to {MAX_MINIBATCH_FEATURES}. "
                f"Received: {self.minibatch_features}"
            )
        check_generator_norm(self.generator_norm, self.family)

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 is a plain GAN."""
        return len(self.class_names)


def check_generator_norm(norm: str, family: str) -> None:
    """Checks that the generator of a family can have a normalisation.

    Raises:
        InputError: if it cannot.
    """
    if norm not in GENERATOR_NORMS:
        raise InputError(
            f"generator_norm must be one of {', '.join(GENERATOR_NORMS)}. Received: {norm!r}"
        )
    if norm != "batch" and family not in NORMALIZED_FAMILIES:
        raise InputError(
            f"generator_norm must be batch with the family {family}, whose generator has no batch "
            f"normalisation. Received: {norm}"
        )


def read_gan_shape(folder: str | Path) -> GanShape:
    """Reads gan.json; one of before families and image sizes is of the paper's, at 64x64.

    Raises:
        InputError: if the folder or the file is missing, or holds something else.
    """
    path = Path(folder) / "gan.json"
    wanted = "GAN folder must hold gan.json, as pretrain and tune write it"
    content = check_object(_DEFAULTS | read_json(path, wanted=wanted), _FIELDS, path, wanted)
    try:
        return GanShape(
            tuple(content["class_names"]),
            content["latent_size"],
            float(content["width"]),
            content["family"],
            content["image_size"],
            content["minibatch_features"],
            content["generator_norm"],
        )
    except InputError as error:
        raise InputError(f"{error} in {path}") from None
