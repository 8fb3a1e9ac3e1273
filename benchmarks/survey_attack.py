"""Sets an attacker with a thousand cookies on a study, beside five honest raters.

    python benchmarks/survey_attack.py
    python benchmarks/survey_attack.py --networks=1000
    python benchmarks/survey_attack.py --mode=page --networks=1000

The attacker does one of three things: it asks for images and keeps them (hold), answers at once
and at random (answer), or sends whatever the server takes, without a pause (flood). Each is
tried on a server and a database of its own. The goals: no honest rater waits longer for an image
than a tenth of an assignment's time and a look of the page at the server; no answer of the
attacker's counts; nothing but as many rows as its cookies allow is stored. Needs aiohttp.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import sqlalchemy as sa
from survey_servers import Log, Server, browser, write_gallery

from pirgan_tf import survey

_ATTACKS = ("hold", "answer", "flood")
_HONEST, _IMAGES, _RATERS_PER_IMAGE = 5, 100, 10
_MINUTES = 5
_THINK = 2.0
# How long the page waits until it looks for images again.
_WAIT = 15.0
# The part of an assignment's time after which its image may go to one more rater.
_PATIENCE = 0.1
# What the browsers of honest raters call themselves, which the server does not know.
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
_ORIGIN = "https://example.org"


def main() -> None:
    """Prints figures for each attack; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120, help="of each attack")
    parser.add_argument("--attacks", nargs="+", default=_ATTACKS, choices=_ATTACKS)
    parser.add_argument("--cookies", type=int, default=1000)
    parser.add_argument("--networks", type=int, default=1, help="from which the attacker comes")
    parser.add_argument("--connections", type=int, default=100, help="of the attacker, at once")
    parser.add_argument("--mode", default="rating", choices=("rating", "page"))
    options = parser.parse_args()
    missed = []
    for attack in options.attacks:
        print(f"\n{attack}: {options.cookies} cookies, {options.networks} networks")
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="survey-attack-")))
            gallery = write_gallery(folder / "gallery", _IMAGES)
            url = f"sqlite:///{folder}/survey.db"
            server = Server(
                folder / "server",
                url,
                f"--gallery={gallery}",
                f"--mode={options.mode}",
                f"--raters_per_image={_RATERS_PER_IMAGE}",
                f"--assignment_minutes={_MINUTES}",
                f"--allowed_origins={_ORIGIN}",
                "--trust_proxy=127.0.0.1",
            )
            stack.callback(server.stop)
            missed += asyncio.run(_Attack(server, attack, options).run())
            missed += _report_study(url, folder)
    for each in missed:
        print(f"MISSED: {each}")
    sys.exit(bool(missed))


class _Rater:
    """A client of a study of mode "rating".

    Args:
        session: a browser of its own.
        log: what it was answered.
    """

    def __init__(self, session: aiohttp.ClientSession, log: Log):
        self._session, self._log = session, log

    async def ask(self, name: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Asks once; returns status and body."""
        method = "GET" if body is None else "POST"
        return await self._log.ask(self._session, name, method, path, json=body)

    async def begin(self) -> bool:
        """Returns whether there is a cookie now."""
        return (await self._log.ask(self._session, "start", "POST", "start"))[0] == 303

    async def take(self, count: int) -> list[int]:
        """Returns assignments."""
        status, body = await self.ask("next", "api/next", {"count": count})
        return [each["id"] for each in json.loads(body)["assignments"]] if status == 200 else []

    async def look(self, assignment: int) -> None:
        """Loads an image."""
        await self.ask("image", f"images/{assignment}.png")

    async def answer(self, assignment: int) -> bool:
        """Answers at random; returns whether that was acknowledged."""
        body = {"assignment": assignment, "value": random.randint(1, 5), "shown_ms": 1500}
        return (await self.ask("rate", "api/rate", body))[0] in (200, 409)

    async def keep(self, assignments: list[int]) -> None:
        """Shows a sign of life without answering."""
        await self.ask("skip", "api/skip", {"assignment": assignments[0]})
        await self.ask("undo", "api/undo", {"assignment": assignments[0]})

    async def flood(self) -> None:
        """Sends what the server takes, once each."""
        taken = await self.take(10)
        await self.ask("done", "done")
        if taken:
            await self.answer(taken[0])
            await self.ask("undo", "api/undo", {"assignment": taken[0]})


class _Visitor(_Rater):
    """A client of a study of mode "page"."""

    _visitor: str | None = None

    async def ask(self, name: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Asks once; returns status and body."""
        return await self._log.ask(self._session, name, "POST", path, data=json.dumps(body))

    async def begin(self) -> bool:
        """Returns whether there is a visitor now."""
        await self.take(1)
        return self._visitor is not None

    async def take(self, count: int) -> list[int]:
        """Returns an assignment, whatever the count."""
        status, body = await self.ask("next", "page/next", {"visitor": self._visitor})
        if status != 200:
            return []
        given = json.loads(body)
        self._visitor = given["visitor"] or self._visitor
        return [] if given["assignment"] is None else [given["assignment"]]

    async def look(self, assignment: int) -> None:
        """Does nothing: the image came along."""

    async def answer(self, assignment: int) -> bool:
        """Sees and perhaps clicks; returns whether that was acknowledged."""
        statuses = [await self._event(assignment, kind) for kind in ("impression", "click")]
        return statuses[0] in (204, 409)

    async def keep(self, assignments: list[int]) -> None:
        """Does nothing: a visitor has one image."""

    async def flood(self) -> None:
        """Sends what the server takes, once each."""
        for assignment in await self.take(1):
            for kind in ("dwell", "click", "share", "impression"):
                await self._event(assignment, kind)

    async def _event(self, assignment: int, kind: str) -> int:
        body = {"visitor": self._visitor, "assignment": assignment, "kind": kind}
        if kind == "dwell":
            body["value"] = random.random()
        return (await self.ask("event", "page/event", body))[0]


class _Attack:
    """An attacker's clients and honest ones, for some seconds."""

    def __init__(self, server: Server, attack: str, options: argparse.Namespace):
        self._server, self._attack, self._options = server, getattr(self, f"_{attack}"), options
        self._honest, self._others = Log(), Log()
        self._kind = {"rating": _Rater, "page": _Visitor}[options.mode]
        self._cookies = self._given = self._empty = 0
        self._longest = 0.0

    async def run(self) -> list[str]:
        """Prints what happened; returns the goals that were missed."""
        self._end = time.monotonic() + self._options.seconds
        before = self._server.megabytes()
        connector = aiohttp.TCPConnector(limit=self._options.connections)
        attackers = [self._spoil(number, connector) for number in range(self._options.cookies)]
        await asyncio.gather(*map(self._be_honest, range(_HONEST)), *attackers)
        await connector.close()
        print("honest raters:")
        self._honest.report()
        print(
            f"  {self._given} answers; found no image {self._empty} times, "
            f"for at most {self._longest:.0f} s"
        )
        print(f"attacker: {self._cookies} cookies")
        self._others.report()
        print(f"memory of the server: {before:.0f}, then {self._server.megabytes():.0f} MB")
        patience = _PATIENCE * 60 * _MINUTES + _WAIT + _THINK
        missed = f"an honest rater found no image for {self._longest:.0f} s"
        return [missed] * (self._longest > patience)

    async def _be_honest(self, number: int) -> None:
        headers = {"x-forwarded-for": f"10.0.{number}.1", "user-agent": _AGENT}
        async with self._browser(None, headers) as session:
            rater = self._kind(session, self._honest)
            while not await rater.begin():
                await self._pause(_WAIT)
            nothing_since = time.monotonic()
            while time.monotonic() < self._end:
                taken = await rater.take(5)
                if not taken:
                    self._empty += 1
                    await self._pause(_WAIT)
                    self._longest = max(self._longest, time.monotonic() - nothing_since)
                for assignment in taken:
                    await rater.look(assignment)
                    await self._pause(random.uniform(0.5, 1.5) * _THINK)
                    is_given = await rater.answer(assignment)
                    self._given += is_given
                    nothing_since = time.monotonic()

    async def _spoil(self, number: int, connector: aiohttp.BaseConnector) -> None:
        network = number % self._options.networks
        address = f"172.{16 + network // 256}.{network % 256}.{1 + number % 250}"
        async with self._browser(connector, {"x-forwarded-for": address}) as session:
            rater = self._kind(session, self._others)
            while not await rater.begin():
                if time.monotonic() > self._end:
                    return
                await self._pause(_WAIT)
            self._cookies += 1
            while time.monotonic() < self._end:
                await self._attack(rater)

    def _browser(
        self, connector: aiohttp.BaseConnector | None, headers: dict[str, str]
    ) -> aiohttp.ClientSession:
        if self._options.mode == "page":
            headers["origin"] = _ORIGIN
        return browser(self._server.link, connector, headers)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(max(min(seconds, self._end - time.monotonic()), 0))

    async def _hold(self, rater: _Rater) -> None:
        if taken := await rater.take(10):
            await rater.keep(taken)
        await self._pause(0.8 * _PATIENCE * 60 * _MINUTES)

    async def _answer(self, rater: _Rater) -> None:
        taken = await rater.take(10)
        for assignment in taken:
            await rater.answer(assignment)
        if not taken:
            await self._pause(_WAIT)

    async def _flood(self, rater: _Rater) -> None:
        await rater.flood()


def _report_study(url: str, folder: Path) -> list[str]:
    """Prints what was stored, and whose answers count; returns the goals that were missed."""
    database = survey.open_database(url)
    with database.read() as session:
        [study] = session.scalars(sa.select(survey.Study))
    # As when its owner looks.
    survey.return_places(database, study)
    with database.read() as session:
        honest = set(
            session.scalars(sa.select(survey.Rater.id).where(survey.Rater.user_agent == _AGENT))
        )
        excluded = set(session.scalars(sa.select(survey.Rater.id).where(survey.Rater.excluded)))
        answers = survey.counted_answers(study).subquery()
        given = dict(
            session.execute(
                sa.select(answers.c.rater, sa.func.count()).group_by(answers.c.rater)
            ).all()
        )
        codes = session.scalars(
            sa.select(survey.Rater.id).where(survey.Rater.completion_code.is_not(None))
        ).all()
        images = session.scalars(sa.select(survey.Image.answered)).all()
        rows = {
            model.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(model))
            for model in (survey.Rater, survey.Assignment, survey.Event)
        }
    database.close()
    counted = {
        name: sum(given.get(rater, 0) for rater in raters - excluded)
        for name, raters in (("honest", honest), ("attacker's", set(given) - honest))
    }
    size = (folder / "survey.db").stat().st_size / 1e6
    full = sum(answered >= _RATERS_PER_IMAGE for answered in images)
    print(f"stored: {rows}, {size:.1f} MB")
    print(
        f"answers that count: {counted}; honest raters left out: {len(honest & excluded)}; "
        f"completion codes: {len(set(codes) & honest)} and {len(set(codes) - honest)}; "
        f"images with all answers: {full} of {_IMAGES}, with {max(images)} at most"
    )
    return [
        f"{counted[name]} answers of the attacker's count"
        for name in counted
        if name != "honest" and counted[name]
    ]


if __name__ == "__main__":
    main()
