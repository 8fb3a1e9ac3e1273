"""Has many raters rate at once, over HTTP on this machine, and checks what was stored.

    python benchmarks/survey_load.py
    python benchmarks/survey_load.py --postgresql --servers=2
    python benchmarks/survey_load.py --kill

The goals: no vote lost or doubled, completed impressions of any two images within 1 of each
other, no assignment stuck, and 95 % of requests answered within 100 ms (without --kill, which
kills a server with signal 9 in the middle and starts it again). Needs aiohttp.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import numpy as np
import sqlalchemy as sa

from pirgan_tf import survey
from pirgan_tf.data.gallery import Gallery

_ROOT = Path(__file__).resolve().parents[1]
_AHEAD = 5
_GOAL_MS = 100
_ARRIVAL_SECONDS = 5


def main() -> None:
    """Prints latencies and checks; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds for a vote")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--kill", action="store_true", help="kill -9 a server half way through")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="survey-load-")))
        folder.chmod(0o755)
        url = f"sqlite:///{folder}/survey.db"
        if options.postgresql:
            url = stack.enter_context(_postgresql(folder))
        _write_gallery(folder, options.images)
        servers = [_Server(folder, index, url, options.raters) for index in range(options.servers)]
        for server in servers:
            stack.callback(server.kill)
        load = _Load(servers, options)
        asyncio.run(load.run())
        failures = load.report() + _check(url, load.votes)
    for failure in failures:
        print(f"MISSED: {failure}")
    sys.exit(bool(failures))


class _Server:
    """bin/serve in a process of its own, which keeps its port when it is started again."""

    def __init__(self, folder: Path, index: int, url: str, raters: int):
        self._flags = [
            f"--gallery={folder}",
            f"--database={url}",
            f"--output={folder}/server-{index}",
            f"--raters_per_image={raters}",
            "--images_per_rater=100000",
        ]
        self.start(0)
        self.port = int(re.search(r":(\d+)/", self.link)[1])

    def start(self, port: int) -> None:
        command = [sys.executable, str(_ROOT / "bin" / "serve"), *self._flags, f"--port={port}"]
        environment = os.environ | {"PYTHONPATH": str(_ROOT)}
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        )
        for line in self._process.stdout:
            if found := re.match("serve: raters: (.*)", line):
                self.link = found[1]
            if line.startswith("serve: running"):
                return
        raise RuntimeError("serve did not start")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


class _Load:
    """Raters who vote, and keep a vote until the server has acknowledged it.

    Attributes:
        votes: the value of each acknowledged vote, by assignment.
    """

    def __init__(self, servers: list[_Server], options: argparse.Namespace):
        self.votes: dict[int, int] = {}
        self._servers = servers
        self._options = options
        self._milliseconds: dict[str, list[float]] = defaultdict(list)
        self._statuses: Counter = Counter()

    async def run(self) -> None:
        self._end = time.monotonic() + self._options.seconds
        raters = [
            self._rate(self._servers[index % len(self._servers)])
            for index in range(self._options.raters)
        ]
        await asyncio.gather(*raters, *([self._kill()] if self._options.kill else []))

    def report(self) -> list[str]:
        """Prints what happened and returns the goals that were missed."""
        print(f"{len(self.votes)} votes, {len(self.votes) / self._options.seconds:.1f} per second")
        print(f"statuses: {dict(self._statuses)} (0: no answer)")
        missed = []
        for name, values in self._milliseconds.items():
            p50, p95, p99 = np.percentile(values, (50, 95, 99))
            print(
                f"{name:8} {len(values):6} requests: median {p50:.1f}, p95 {p95:.1f}, "
                f"p99 {p99:.1f}, longest {max(values):.1f} ms"
            )
            if p95 > _GOAL_MS and not self._options.kill:
                missed.append(f"p95 of {name} is {p95:.1f} ms")
        return missed

    async def _rate(self, server: _Server) -> None:
        headers = {"user-agent": "Mozilla/5.0 Firefox/140.0"}
        async with aiohttp.ClientSession(
            server.link,
            headers=headers,
            timeout=aiohttp.ClientTimeout(30),
            # Cookies are sent to an address without a name too.
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        ) as client:
            await asyncio.sleep(random.uniform(0, _ARRIVAL_SECONDS))
            await self._request(client, "start", "POST", "start")
            queue: list[dict] = []
            # At the end, what is open is answered.
            while queue or time.monotonic() < self._end:
                if len(queue) < _AHEAD - 2 and time.monotonic() < self._end:
                    body = {"count": _AHEAD}
                    answer = await self._request(client, "next", "POST", "api/next", body)
                    queue = json.loads(answer[1])["assignments"]
                    if not queue:
                        return
                assignment = queue.pop(0)
                await self._request(client, "image", "GET", assignment["image"])
                thought = random.expovariate(1 / self._options.think)
                await asyncio.sleep(min(thought, 5 * self._options.think))
                value = random.randint(1, 5)
                body = {
                    "assignment": assignment["id"],
                    "value": value,
                    "shown_ms": 1000 * thought,
                }
                answer = await self._request(client, "rate", "POST", "api/rate", body)
                # 409: the server was killed after it stored the vote, and before it said so.
                if answer[0] in (200, 409):
                    self.votes[assignment["id"]] = value

    async def _request(
        self,
        client: aiohttp.ClientSession,
        name: str,
        method: str,
        path: str,
        body: object = None,
    ) -> tuple[int, bytes]:
        """Asks until there is an answer, as the page does; returns status and body."""
        while True:
            started = time.perf_counter()
            try:
                async with client.request(method, path, json=body, allow_redirects=False) as answer:
                    status, received = answer.status, await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                status, received = 0, b""
            self._milliseconds[name].append(1000 * (time.perf_counter() - started))
            self._statuses[status] += 1
            if status and status < 500:
                return status, received
            await asyncio.sleep(0.5)

    async def _kill(self) -> None:
        await asyncio.sleep(self._options.seconds / 2)
        server = self._servers[0]
        acknowledged = len(self.votes)
        server.kill()
        await asyncio.to_thread(server.start, server.port)
        print(f"killed a server after {acknowledged} votes, and started it again")


def _check(url: str, votes: dict[int, int]) -> list[str]:
    """Compares the database with what the raters were told."""
    database = survey.open_database(url, read_only=True)
    with database.read() as session:
        events = session.execute(
            sa.select(survey.Event.assignment, survey.Event.value).where(
                survey.Event.kind == "rating"
            )
        ).all()
        images = session.execute(sa.select(survey.Image.answered, survey.Image.open)).all()
        states = Counter(session.scalars(sa.select(survey.Assignment.state)))
        twice = session.execute(
            sa.select(survey.Assignment.rater, survey.Assignment.image)
            .group_by(survey.Assignment.rater, survey.Assignment.image)
            .having(sa.func.count() > 1)
        ).all()
    database.close()
    answered = [image.answered for image in images]
    print(
        f"stored: {len(events)} ratings; impressions {min(answered)} to {max(answered)}; {states}"
    )
    stored = {assignment: value for assignment, value in events}  # noqa: C416
    return [
        text
        for text, missed in {
            "votes were doubled": len(stored) != len(events),
            "acknowledged votes were lost": not votes.keys() <= stored.keys(),
            "votes nobody gave were stored": not stored.keys() <= votes.keys(),
            "votes changed": any(stored.get(key) != value for key, value in votes.items()),
            "impressions differ by more than 1": max(answered) - min(answered) > 1,
            "impressions are not the votes": sum(answered) != len(events),
            "assignments are stuck": states["open"] + sum(image.open for image in images) > 0,
            "a rater had an image twice": bool(twice),
        }.items()
        if missed
    ]


def _write_gallery(folder: Path, count: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)
    ids = np.array([f"img{index:06}" for index in range(count)])
    Gallery(images, np.zeros((count, 1), np.float32), np.zeros(count, np.int32), ids).save(folder)


@contextlib.contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    """Runs a PostgreSQL server, reached by a socket in the folder, and gives its URL."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    if found[0] is None:
        sys.exit("PostgreSQL is missing: apt-get install postgresql")
    programs, data = Path(found[0]).parent, folder / "postgresql"
    data.mkdir()
    # The server refuses to run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(data, "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": data}
    initdb = [programs / "initdb", "-D", data / "db", "-A", "trust", "-U", "survey", "-E", "UTF8"]
    subprocess.run([*as_user, *initdb], **quiet)
    control = [*as_user, programs / "pg_ctl", "-D", data / "db", "-w"]
    listen = f"-k {data} -c listen_addresses=''"
    subprocess.run([*control, "-l", data / "log", "-o", listen, "start"], **quiet)
    try:
        yield f"postgresql://survey@/postgres?host={data}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)


if __name__ == "__main__":
    main()
