"""Stage `serve`: a gallery in, a web server on which people rate its images."""

import contextlib
import csv
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pirgan_tf import survey
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.outputs import run_folder
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.mixed_galleries import mix_galleries
from pirgan_tf.stages.shared.serve_options import ServeOptions
from pirgan_tf.survey.listening import listen

STAGE = "serve"


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
            study, token = _study(options, database)
            base = _base(options, listening)
            codes = survey.make_invitations(database, study, options.invitations)
            if codes:
                _write_invitations(folder, f"{base}/s/{study.key}/", codes)
            _announce(base, study, token)
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


def _base(options: ServeOptions, listening: socket.socket) -> str:
    everywhere = options.host in ("0.0.0.0", "::")
    host = socket.gethostname() if everywhere else options.host
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _write_invitations(folder: Path, link: str, codes: Sequence[str]) -> None:
    with (folder / "invitations.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["invitation", "link"])
        writer.writerows((code, f"{link}?{survey.OWN_PARAMETER}={code}") for code in codes)


def _announce(base: str, study: "survey.Study", token: str | None) -> None:
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
