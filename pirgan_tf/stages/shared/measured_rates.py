"""The rates of two galleries' images, by an objective or by people, for `evaluate`."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pirgan_tf import analysis, users
from pirgan_tf.data.gallery import Gallery, gallery_folder
from pirgan_tf.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class MeasuredRates:
    """The rates of two galleries; the fields of evaluation.json.

    Attributes:
        objective, family, layer: of the objective; "people", "people" and None of people.
        undefined_before, undefined_after: images for which the objective has no rate of its own.
        comparison: how the rates changed.
        people: num_raters and num_ratings, or None.
        rates_before, rates_after: by image.
    """

    objective: str
    family: str
    layer: str | None
    undefined_before: int
    undefined_after: int
    comparison: "analysis.Comparison"
    people: dict[str, int] | None
    rates_before: list[float]
    rates_after: list[float]

    def as_json(self) -> dict[str, Any]:
        """Returns the fields as JSON has them."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        counts = {
            "num_before": self.comparison.num_before,
            "num_after": self.comparison.num_after,
        }
        return fields | counts | {"comparison": self.comparison.as_dict()}


def rates_by_objective(
    objective: "users.Objective", galleries: Mapping[str, Gallery]
) -> MeasuredRates:
    """Measures the true rates of two galleries.

    Args:
        objective: what the users like.
        galleries: before and after, by path; tables of VGG16's activations are kept there.
    """
    (rates_before, undefined_before), (rates_after, undefined_after) = (
        objective.measure(gallery.images, keep_in=gallery_folder(path))
        for path, gallery in galleries.items()
    )
    return MeasuredRates(
        objective.text,
        objective.family,
        objective.layer,
        int(undefined_before.sum()),
        int(undefined_after.sum()),
        analysis.compare(rates_before, rates_after),
        None,
        rates_before.tolist(),
        rates_after.tolist(),
    )


def rates_by_people(interactions: str, before: Gallery, after: Gallery) -> MeasuredRates:
    """Compares what people gave images of two galleries in one study.

    Args:
        interactions: folder with the ratings, from export_interactions.
        before, after: the galleries.

    Raises:
        InputError: as `read_people`, or the ratings are too few.
    """
    found = analysis.compare_by_raters(*read_people(interactions, before, after))
    return MeasuredRates(
        analysis.PEOPLE,
        analysis.PEOPLE,
        None,
        0,
        0,
        found.comparison,
        {"num_raters": found.num_raters, "num_ratings": found.num_ratings},
        found.rates_before,
        found.rates_after,
    )


def read_people(interactions: str, before: Gallery, after: Gallery) -> list["pd.DataFrame"]:
    """Reads what people gave images of each of two galleries.

    Args:
        interactions: folder with the ratings, from export_interactions.
        before, after: the galleries.

    Returns:
        The ratings of both, as `users.read_ratings` gives them.

    Raises:
        InputError: the ratings cannot be understood, or are not of both galleries.
    """
    ratings, galleries = users.read_ratings(interactions)
    names = {fingerprint: name for name, fingerprint in galleries.items()}
    parts = []
    for when, gallery in (("before", before), ("after", after)):
        name = names.get(gallery.fingerprint)
        if name is None:
            raise InputError(
                f"interactions must be of a study of both galleries. Received: {interactions}, of "
                f"{' and '.join(galleries)}, without the images of {when}"
            )
        part = ratings[ratings["gallery"] == name]
        unknown = set(part["image_id"]) - set(gallery.ids.tolist())
        if unknown:
            raise InputError(
                f"rated images must be in the gallery. Received: {min(unknown)!r} of {name} in "
                f"{interactions}"
            )
        parts.append(part)
    return parts
