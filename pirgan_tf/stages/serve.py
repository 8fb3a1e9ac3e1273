"""Stage `serve`: a gallery in, a web server on which people rate its images."""

import contextlib
import dataclasses
import ipaddress
import re
import socket
from pathlib import Path
from typing import Any, NoReturn

from pirgan_tf import survey
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import run_folder
from pirgan_tf.cli.paths import check_apart, check_writable
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.mixed_galleries import mix_galleries
from pirgan_tf.survey.listening import listen

STAGE = "serve"
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
        for name in ("practice_images", "repeated_images"):
            value = getattr(self, name)
            if value and self.mode == "page":
                raise InputError(f"{name} must be 0 in mode page. Received: {value}")
            if value >= most:
                raise InputError(
                    f"{name} must be below images_per_rater. Received: {value} of {most}"
                )

    def check_output(self) -> None:
        """Checks that the folder can be written; it may be there already."""
        check_apart(Path(self.output), self.inputs())
        check_writable(Path(self.output))


def run(options: ServeOptions) -> None:
    """Serves a gallery to people until it is stopped (section 2.1.2 of the paper).

    Images of several galleries are mixed: each rater sees equally many of each, and cannot
    tell which is which.

    Prints the raters' link, and once, when the study begins, the token of its owner's
    page; export_interactions writes the interactions.csv that train_estimator takes.
    Started again, it resumes the same study. Other studies in the same database,
    such as earlier rounds, are served too.
    """
    try:
        import uvicorn

        from pirgan_tf.survey import app, open_database, web
    except ModuleNotFoundError as error:
        raise InputError(
            "the survey's libraries must be installed (pip install 'pirgan-tf[survey]'). "
            f"Received: no module {error.name}"
        ) from error
    # What is refused here leaves no folder behind.
    elsewhere = open_database(options.database) if options.database else None
    listening = listen(options.host, options.port)
    with listening, run_folder(STAGE, options, is_finished=lambda folder: False) as folder:
        database = elsewhere or open_database(f"sqlite:///{folder.resolve()}/survey.db")
        # uvicorn ends by raising the signal that stopped it.
        with contextlib.closing(database):
            _announce(options, listening, *_study(options, database))
            server = uvicorn.Server(
                uvicorn.Config(
                    app.create_app(database, web.WebConfig(options.allowed_origins)),
                    log_level="warning",
                    # No address of a rater is written anywhere.
                    access_log=False,
                    server_header=False,
                    proxy_headers=bool(options.trust_proxy),
                    forwarded_allow_ips=list(options.trust_proxy),
                )
            )
            server.run(sockets=[listening])


def main() -> NoReturn:
    """Runs the stage from the command line."""
    run_command(STAGE, ServeOptions, run, uses_tensorflow=False)


def _study(options: ServeOptions, database: "survey.Database") -> tuple["survey.Study", str | None]:
    mixed = mix_galleries(options.gallery)
    study, token = survey.create_study(
        database,
        mixed.images,
        mixed.image_ids,
        galleries=mixed.places,
        name=mixed.names[0] if len(mixed.names) == 1 else "images",
        mode=options.mode,
        raters_per_image=options.raters_per_image,
        images_per_rater=options.images_per_rater,
        assignment_seconds=60 * options.assignment_minutes,
        settings={
            "validity": survey.parse_validity(options.validity),
            "practice": options.practice_images,
            "repeats": options.repeated_images,
            "galleries": mixed.fingerprints,
        },
        presentation=options.settings() or None,
        changes={
            name: value
            for name in ("name", "question")
            if (value := getattr(options, name)) is not None
        },
    )
    if options.renew_token and token is None:
        token = survey.renew_token(database, study)
    return study, token


def _announce(
    options: ServeOptions, listening: socket.socket, study: "survey.Study", token: str | None
) -> None:
    everywhere = options.host in ("0.0.0.0", "::")
    host = socket.gethostname() if everywhere else options.host
    base = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    lines = [
        f"raters: {base}/s/{study.key}/"
        if study.mode == "rating"
        else f'pages: <script src="{base}/s/{study.key}/embed.js" async></script>, '
        f"as in {base}/demo/{study.key}",
        f"owner: {base}/owner/{study.key}/",
    ]
    if token:
        lines.append(f"token: {token} (of the owner's page; it is not shown again)")
    lines.append("running; Ctrl-C stops it, and the same command resumes it")
    for line in lines:
        print(f"{STAGE}: {line}", flush=True)
