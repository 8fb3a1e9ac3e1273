"""estimator.json: how the networks of an estimator folder were built."""

import dataclasses
import json
from pathlib import Path

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.bins import NUM_BINS
from pirgan_tf.files.json import OPTIONAL_NUMBER, Fields, check_object, read_json

HEADS = ("softmax", "scalar")
_FIELDS: Fields = {
    "image_size": int,
    "depth_multiplier": float,
    "num_bins": int,
    "head": str,
    "members": int,
    "temperature": OPTIONAL_NUMBER,
}
# What folders of earlier versions do not tell.
_EARLIER = {"members": 1, "temperature": None}
MOST_MEMBERS = 100
# Inclusive, by field; far above what is of use, and what a machine can hold.
_BOUNDS = {
    "image_size": (1, 1024),
    "depth_multiplier": (1e-3, 16),
    "num_bins": (2, 10_000),
    "members": (1, MOST_MEMBERS),
}


@dataclasses.dataclass(frozen=True)
class EstimatorShape:
    """What estimator.json holds: how the networks were built.

    Attributes:
        image_size: width and height of the images, in pixels.
        depth_multiplier: scales the depths of Inception v2.
        num_bins: bins of the rate, of the softmax head.
        head: "softmax" over bins, or "scalar", one sigmoid unit (the version that
            section 2.1.3 found to do worse).
        members: networks of an ensemble, not from the paper; 1 is the paper.
        temperature: of the softmax in use, where it was fitted to interactions; None where
            it is that of the options.

    Raises:
        InputError: for what no estimator has.
    """

    image_size: int = 64
    depth_multiplier: float = 1.0
    num_bins: int = NUM_BINS
    head: str = "softmax"
    members: int = 1
    temperature: float | None = None

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise InputError(
                    f"{name} must be from {least:g} to {most:g}. Received: {getattr(self, name)}"
                )
        if self.head not in HEADS:
            raise InputError(f"head must be {' or '.join(HEADS)}. Received: {self.head!r}")

    @property
    def num_outputs(self) -> int:
        """Units of a network's output layer."""
        return self.num_bins if self.head == "softmax" else 1

    @property
    def files(self) -> list[str]:
        """Names of the networks' files."""
        return [network_file(member) for member in range(1, self.members + 1)]

    def save(self, folder: Path) -> None:
        """Writes estimator.json."""
        content = json.dumps(dataclasses.asdict(self), indent=2)
        (folder / "estimator.json").write_text(content + "\n", encoding="utf-8")


def network_file(member: int) -> str:
    """Returns the name of a network's file; the first is that of an estimator of one."""
    return "estimator.keras" if member == 1 else f"estimator-{member}.keras"


def read_estimator_shape(folder: str | Path) -> EstimatorShape:
    """Reads estimator.json.

    Raises:
        InputError: if the folder or the file is missing, or holds something else.
    """
    path = Path(folder) / "estimator.json"
    wanted = "estimator folder must hold estimator.json, as train_estimator writes it"
    content = check_object(_EARLIER | read_json(path, wanted=wanted), _FIELDS, path, wanted)
    try:
        return EstimatorShape(**{name: content[name] for name in _FIELDS})
    except InputError as error:
        raise InputError(f"{error} in {path}") from None
