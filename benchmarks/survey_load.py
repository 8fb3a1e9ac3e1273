"""Has many raters rate at once, over HTTP on this machine, and checks what was stored.

    python benchmarks/survey_load.py --kill --seconds=600
    python benchmarks/survey_load.py --kill --seconds=600 --postgresql
    python benchmarks/survey_load.py --postgresql --servers=2

The goals: no vote lost or doubled, completed impressions of any two images within 1 of each
other, no assignment stuck, and 95 % of answers within 100 ms. With --kill the first server is
ended by signal 9 after a third of the time and by SIGTERM after two thirds, and started again
each time. Needs aiohttp.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa
from survey_servers import Log, Server, browser, postgresql, write_gallery

from pirgan_tf import survey

_AHEAD = 5
_GOAL_MS = 100
_ARRIVAL_SECONDS = 5
# What a server has loaded after so many seconds under load is not memory that grows.
_WARM_SECONDS = 20


def main() -> None:
    """Prints latencies and checks; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds for a vote")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--kill", action="store_true", help="end a server twice in between")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="survey-load-")))
        folder.chmod(0o755)
        url = f"sqlite:///{folder}/survey.db"
        if options.postgresql:
            url = stack.enter_context(postgresql(folder))
        gallery = write_gallery(folder / "gallery", options.images)
        flags = (
            f"--gallery={gallery}",
            f"--raters_per_image={options.raters}",
            "--images_per_rater=100000",
        )
        servers = [
            Server(folder / f"server-{index}", url, *flags) for index in range(options.servers)
        ]
        for server in servers:
            stack.callback(server.stop)
        load = _Load(servers, options)
        asyncio.run(load.run())
        failures = load.report() + _check(url, load.votes)
    for failure in failures:
        print(f"MISSED: {failure}")
    sys.exit(bool(failures))


class _Load:
    """Raters who vote, and keep a vote until the server has acknowledged it.

    Attributes:
        votes: the value of each acknowledged vote, by assignment.
    """

    def __init__(self, servers: list[Server], options: argparse.Namespace):
        self.votes: dict[int, int] = {}
        self._servers = servers
        self._options = options
        self._log = Log()

    async def run(self) -> None:
        started = time.monotonic()
        self._end = started + self._options.seconds
        raters = [
            self._rate(self._servers[index % len(self._servers)])
            for index in range(self._options.raters)
        ]
        await asyncio.gather(*raters, self._watch(started))
        load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
        print(f"load average of the machine in the last 1, 5 and 15 minutes: {load}")

    def report(self) -> list[str]:
        """Prints what happened and returns the goals that were missed."""
        print(f"{len(self.votes)} votes, {len(self.votes) / self._options.seconds:.1f} per second")
        return [
            f"p95 of {name} is {p95:.1f} ms"
            for name, p95 in self._log.report().items()
            if p95 > _GOAL_MS
        ]

    async def _rate(self, server: Server) -> None:
        async with browser(server.link) as client:
            await asyncio.sleep(random.uniform(0, _ARRIVAL_SECONDS))
            await self._insist(client, "start", "POST", "start")
            queue: list[dict] = []
            # At the end, what is open is answered.
            while queue or time.monotonic() < self._end:
                if len(queue) < _AHEAD - 2 and time.monotonic() < self._end:
                    body = {"count": _AHEAD}
                    answer = await self._insist(client, "next", "POST", "api/next", body)
                    queue = json.loads(answer[1])["assignments"]
                    if not queue:
                        return
                assignment = queue.pop(0)
                await self._insist(client, "image", "GET", assignment["image"])
                thought = random.expovariate(1 / self._options.think)
                await asyncio.sleep(min(thought, 5 * self._options.think))
                value = random.randint(1, 5)
                body = {
                    "assignment": assignment["id"],
                    "value": value,
                    "shown_ms": 1000 * thought,
                }
                answer = await self._insist(client, "rate", "POST", "api/rate", body)
                # 409: the server was killed after it stored the vote, and before it said so.
                if answer[0] in (200, 409):
                    self.votes[assignment["id"]] = value

    async def _insist(
        self, client, name: str, method: str, path: str, body: object = None
    ) -> tuple[int, bytes]:
        """Asks until there is an answer, as the page does; returns status and body."""
        while True:
            status, received = await self._log.ask(client, name, method, path, json=body)
            if status and status < 500:
                return status, received
            await asyncio.sleep(0.5)

    async def _watch(self, started: float) -> None:
        """Ends the first server now and then, and prints the memory of each of its processes."""
        server, seconds = self._servers[0], self._options.seconds
        ends = [("the end", seconds, None)]
        if self._options.kill:
            ends = [
                ("kill -9", seconds / 3, signal.SIGKILL),
                ("SIGTERM", 2 * seconds / 3, signal.SIGTERM),
                *ends,
            ]
        for name, when, signum in ends:
            await asyncio.sleep(_WARM_SECONDS)
            before = server.megabytes()
            await asyncio.sleep(max(started + when - time.monotonic(), 0))
            print(f"memory until {name}: {before:.0f}, then {server.megabytes():.0f} MB")
            if signum is not None:
                votes, stopped = len(self.votes), time.monotonic()
                await asyncio.to_thread(server.stop, signum)
                await asyncio.to_thread(server.start)
                print(f"{name} after {votes} votes; {time.monotonic() - stopped:.1f} s until ready")


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


if __name__ == "__main__":
    main()
