"""Servers for the tests of the survey's pages: within the process, and real ones."""

import dataclasses
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs pip install 'pirgan-tf[survey]'")

import sqlalchemy as sa
import uvicorn
from fastapi.testclient import TestClient

from pirgan_tf import survey
from pirgan_tf.data.gallery import Gallery
from pirgan_tf.survey import app, web

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_START_SECONDS = 60


def gallery_images(count: int) -> np.ndarray:
    """Returns plain images, each of another colour, [count, 64, 64, 3] uint8."""
    colors = np.random.default_rng(0).integers(0, 256, (count, 1, 1, 3), np.uint8)
    return np.tile(colors, (1, 64, 64, 1))


@dataclasses.dataclass
class Site:
    """A study that is served within this process."""

    database: survey.Database
    study: survey.Study
    token: str
    client: TestClient
    path: Path

    @property
    def link(self) -> str:
        return f"/s/{self.study.key}/"

    @property
    def owner(self) -> str:
        return f"/owner/{self.study.key}/"

    def visitor(self, **headers: str) -> TestClient:
        """Returns another browser."""
        return TestClient(
            self.client.app,
            base_url="http://survey.test",
            headers={"user-agent": _FIREFOX, **headers},
            follow_redirects=False,
        )

    def rater(self, **headers: str) -> TestClient:
        """Returns another browser, which has begun to rate."""
        client = self.visitor(**headers)
        assert client.post(f"{self.link}start").status_code == 303
        return client

    def next(self, client: TestClient, count: int = 5) -> list[dict]:
        answer = client.post(f"{self.link}api/next", json={"count": count})
        assert answer.status_code == 200, answer.text
        given = answer.json()["assignments"]
        with self.database.write() as session:
            # As if they had been on the page for a while.
            made = sa.update(survey.Assignment).where(
                survey.Assignment.id.in_([each["id"] for each in given])
            )
            session.execute(made.values(created_at=survey.Assignment.created_at - 1))
        return given

    def rate(self, client: TestClient, assignment: int, value: object = 4, shown_ms: float = 900):
        body = {"assignment": assignment, "value": value, "shown_ms": shown_ms}
        return client.post(f"{self.link}api/rate", json=body)

    def events(self) -> list[tuple]:
        """Returns kind, value and image of everything that happened."""
        with self.database.read() as session:
            found = survey.stream_events(session, self.study)
            return [(event["kind"], event["value"], event["image_id"]) for event in found]


@pytest.fixture
def make_site(quick_folder) -> Iterator[Callable[..., Site]]:
    opened = []

    def make(mode: str = "rating", images: int = 12, **choices) -> Site:
        path = quick_folder / f"{mode}.db"
        database = survey.open_database(f"sqlite:///{path}")
        opened.append(database)
        config = web.WebConfig(choices.pop("allowed_origins", ()))
        study, token = survey.create_study(
            database,
            gallery_images(images),
            [f"img{index:06}" for index in range(images)],
            name="Mountains",
            mode=mode,
            settings=choices.pop("settings", {}),
            **{"raters_per_image": 3, "images_per_rater": 10, "assignment_seconds": 600} | choices,
        )
        client = TestClient(
            app.create_app(database, config),
            base_url="http://survey.test",
            headers={"user-agent": _FIREFOX},
            follow_redirects=False,
        )
        return Site(database, study, token, client, path)

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def site(make_site) -> Site:
    """A study of 12 images for 3 raters each, of which a rater sees 10."""
    return make_site()


@pytest.fixture(scope="session")
def gallery(tmp_path_factory) -> Path:
    """A gallery of 30 images."""
    folder = tmp_path_factory.mktemp("galleries") / "mountains"
    folder.mkdir()
    images = gallery_images(30)
    ids = np.array([f"img{index:06}" for index in range(30)])
    Gallery(images, np.zeros((30, 2), np.float32), np.zeros(30, np.int32), ids).save(folder)
    return folder


class Server:
    """bin/serve in a process of its own.

    Attributes:
        lines: what it printed, by its first word: raters or pages, owner, token.
    """

    def __init__(self, helpers, *flags: str):
        self._process = subprocess.Popen(
            [sys.executable, str(helpers.repository / "bin" / "serve"), *flags],
            env=helpers.environment(poisoned=True),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: dict[str, str] = {}
        watchdog = threading.Timer(_START_SECONDS, self._process.kill)
        watchdog.start()
        for line in self._process.stdout:
            name, _, text = line.removeprefix("serve: ").partition(": ")
            if name.startswith("running"):
                break
            self.lines[name] = text.strip()
        else:
            pytest.fail(f"serve did not begin to run: {self.lines}")
        watchdog.cancel()
        self.base = re.search(r"http://[^/]+/", self.lines["owner"])[0]

    @property
    def token(self) -> str:
        return self.lines["token"].split()[0]

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Ends the server and returns its status."""
        self._process.send_signal(signum)
        self._process.communicate(timeout=_START_SECONDS)
        return self._process.returncode


@pytest.fixture
def serve(helpers) -> Iterator[Callable[..., Server]]:
    started = []

    def start(*flags: str) -> Server:
        started.append(Server(helpers, *flags))
        return started[-1]

    yield start
    for server in started:
        server.stop(signal.SIGKILL)


@dataclasses.dataclass
class LiveSite:
    """A study that is served at an address, for real browsers."""

    site: Site
    base: str

    @property
    def link(self) -> str:
        return self.base + self.site.link

    @property
    def owner(self) -> str:
        return self.base + self.site.owner


@pytest.fixture
def make_live_site(make_site) -> Iterator[Callable[..., LiveSite]]:
    running = []

    def make(mode: str = "rating", **choices) -> LiveSite:
        site = make_site(mode, **choices)
        server = uvicorn.Server(uvicorn.Config(site.client.app, log_level="error"))
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        running.append((server, thread, listening))
        return LiveSite(site, f"http://127.0.0.1:{listening.getsockname()[1]}")

    yield make
    for server, thread, listening in running:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """Debian's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install playwright")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no browser here: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium) -> Iterator[Callable]:
    """Opens pages in a browser of their own, none of which may complain."""
    contexts, complaints = [], []

    def open_page(url: str, **device):
        contexts.append(chromium.new_context(user_agent=_FIREFOX, **device))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(message, complaints))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note(message, complaints: list[str]) -> None:
    # Chromium itself reports each refused request, which some tests ask for.
    expected = "Failed to load resource" in message.text or "CORS policy" in message.text
    if message.type in ("error", "warning") and not expected:
        complaints.append(message.text)
