"""The options of serve."""

import dataclasses
import ipaddress
import re
from pathlib import Path
from typing import Any

from pirgan_tf import survey
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.paths import check_apart, check_writable
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.mixed_galleries import mix_galleries

_ORIGIN = re.compile(r"https?://[^/\s*]+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServeOptions(Options):
    """Flags of serve."""

    output: str = option("Folder of the survey; the same command resumes it.", changes_result=False)
    gallery: tuple[str, ...] = option(
        "Gallery, from sample; or several, with commas, whose images are shown mixed.", reads=str
    )
    mode: str = option(
        "What people see: images one by one, to give stars, or one behind a page of your own.",
        "rating",
        choices=("rating", "page"),
    )
    database: str | None = option(
        "sqlite:///PATH or postgresql://USER@HOST/NAME, with the password in PGPASSWORD or "
        "~/.pgpass, for options.json holds this; by default survey.db in the output.",
        None,
    )
    study: str | None = option(
        "JSON file of what raters read and see (docs/people.md); without it the study keeps "
        "what it has, at first texts of ours in English.",
        None,
        changes_result=False,
        reads=str,
    )
    name: str | None = option(
        "Title of the raters' pages, in place of the study file's; by default the name of the "
        "gallery's folder, or 'images' where there are several.",
        None,
        changes_result=False,
    )
    question: str | None = option(
        "What raters are asked of each image, in place of the study file's question, and in "
        "its language.",
        None,
        changes_result=False,
    )
    raters_per_image: int = option(
        "Raters who answer for each image.", 10, minimum=1, changes_result=False
    )
    images_per_rater: int | None = option(
        "Images that a rater is shown at most, in place of the study file's number; by default "
        f"{survey.DEFAULT_IMAGES_PER_RATER}.",
        None,
        minimum=1,
        changes_result=False,
    )
    assignment_minutes: float = option(
        "Minutes after which an image assigned to a rater who left goes to another.",
        10.0,
        above=0,
        below=1e6,
        changes_result=False,
    )
    practice_images: int = option(
        "Images that each rater begins with, whose ratings do not count.",
        0,
        minimum=0,
        changes_result=False,
    )
    repeated_images: int = option(
        "Images that each rater sees a second time, for the rule 'consistency'; 3 to 5 are enough.",
        0,
        minimum=0,
        changes_result=False,
    )
    invitations: int = option(
        "One-use links that there are to be, listed in invitations.csv in the output; then the "
        "study takes nobody else.",
        0,
        minimum=0,
        maximum=100_000,
        changes_result=False,
    )
    validity: tuple[str, ...] = option(
        "Parameters of the rules of validity, such as burst.per_minute=60,same_star.share=.9.",
        (),
        changes_result=False,
    )
    allowed_origins: tuple[str, ...] = option(
        "Origins whose pages may show images in mode page, such as https://example.org.",
        (),
        changes_result=False,
    )
    host: str = option("Address to listen on; 0.0.0.0 for all.", "127.0.0.1", changes_result=False)
    port: int = option(
        "Port to listen on; 0 for any.", 8000, minimum=0, below=65536, changes_result=False
    )
    trust_proxy: tuple[str, ...] = option(
        "Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        (),
        changes_result=False,
    )

    renew_token: bool = option(
        "Print a new token for the owner's page, in place of a lost one.",
        False,
        changes_result=False,
    )

    def validate(self) -> None:
        """Checks the numbers, the origins, the study file and the gallery."""
        super().validate()
        if self.overwrite:
            raise InputError(
                "output must be another, for serve never deletes answers. "
                f"Received: --overwrite of {self.output}"
            )
        for origin in self.allowed_origins:
            if not _ORIGIN.fullmatch(origin):
                raise InputError(
                    "allowed_origins must be like https://example.org, without a path. "
                    f"Received: {origin!r}"
                )
        for address in self.trust_proxy:
            try:
                everybody = ipaddress.ip_network(address).prefixlen == 0
            except ValueError:
                everybody = True
            if everybody:
                raise InputError(
                    "trust_proxy must be addresses or networks, such as 10.0.0.1 or 10.0.0.0/8. "
                    f"Received: {address!r}"
                )
        self._check_study()
        mix_galleries(self.gallery)

    def settings(self) -> dict[str, Any]:
        """Returns what the study file sets."""
        return survey.read_study_file(self.study) if self.study else {}

    def _check_study(self) -> None:
        survey.parse_validity(self.validity)
        most = (
            self.images_per_rater
            or self.settings().get("images_per_rater")
            or survey.DEFAULT_IMAGES_PER_RATER
        )
        for name in ("practice_images", "repeated_images", "invitations"):
            value = getattr(self, name)
            if value and self.mode == "page":
                raise InputError(f"{name} must be 0 in mode page. Received: {value}")
            if value >= most and name != "invitations":
                raise InputError(
                    f"{name} must be below images_per_rater. Received: {value} of {most}"
                )

    def check_output(self) -> None:
        """Checks that the folder can be written; it may be there already."""
        check_apart(Path(self.output), self.inputs())
        check_writable(Path(self.output))
