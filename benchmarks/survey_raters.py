"""Rates a study over HTTP as people would who like blue images, with a few bots among them.

    bin/serve --gallery=GALLERY --output=SURVEY --raters_per_image=6
    python benchmarks/survey_raters.py --link=http://127.0.0.1:8000/s/KEY/

Each person gives more stars the bluer an image is, in comparison to all that this person has
seen so far, with a bias and noise of their own. Three bots come too: one that answers at once
and at random, one that always gives five stars, and one whose browser calls itself a crawler.
Needs aiohttp.
"""

import argparse
import asyncio
import io
import json
import random
import time
from collections import Counter

import aiohttp
import numpy as np
import PIL.Image

from pirgan_tf import users

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_CRAWLER = "Mozilla/5.0 (compatible; examplebot/1.0)"
_BLUE = users.parse_objective("color:blue")


def main() -> None:
    """Prints how many answers were given, and the seconds that it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--link", required=True, help="the raters' link, which serve printed")
    parser.add_argument("--people", type=int, default=57)
    parser.add_argument("--think", type=float, default=1.5, help="mean seconds for an answer")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    raters = [
        _Person(random.Random(f"{options.seed}-{number}")) for number in range(options.people)
    ]
    started = time.monotonic()
    stars = asyncio.run(_rate_all([*raters, _Fast(), _Same(), _Crawler()], options))
    print(f"{sum(stars.values())} answers in {time.monotonic() - started:.0f} s; stars: {stars}")


class _Person:
    agent = _FIREFOX

    def __init__(self, chance: random.Random):
        self._chance = chance
        self._bias = chance.gauss(0, 0.4)
        self._noise = chance.uniform(0.3, 1.0)
        self._seen: list[float] = []

    def think(self, mean: float) -> float:
        return max(0.8, self._chance.gauss(mean, mean / 4))

    def stars(self, blue: float) -> int:
        self._seen.append(blue)
        # Nobody knows at first what the others will look like.
        middle = np.mean([*self._seen, 0.58])
        spread = max(np.std(self._seen), 0.03)
        liking = 3 + (blue - middle) / spread + self._bias
        return round(min(max(self._chance.gauss(liking, self._noise), 1), 5))


class _Crawler(_Person):
    agent = _CRAWLER

    def __init__(self) -> None:
        super().__init__(random.Random(type(self).__name__))

    def stars(self, blue: float) -> int:
        return self._chance.randint(1, 5)


class _Fast(_Crawler):
    agent = _FIREFOX

    def think(self, mean: float) -> float:
        return 0.05


class _Same(_Crawler):
    agent = _FIREFOX

    def stars(self, blue: float) -> int:
        return 5


async def _rate_all(raters: list[_Person], options: argparse.Namespace) -> Counter:
    stars: Counter = Counter()
    await asyncio.gather(*(_rate(rater, options, stars) for rater in raters))
    return Counter(dict(sorted(stars.items())))


async def _rate(rater: _Person, options: argparse.Namespace, stars: Counter) -> None:
    session = aiohttp.ClientSession(
        options.link,
        headers={"user-agent": rater.agent},
        # Less than the server's, which closes a connection that is idle for longer.
        connector=aiohttp.TCPConnector(keepalive_timeout=1),
        # Cookies are sent to an address without a name too.
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        raise_for_status=True,
    )
    async with session:
        # Not all of them at the same moment.
        await asyncio.sleep(10 * random.random())
        await session.post("start")
        while given := json.loads(await _post(session, "api/next", {"count": 5}))["assignments"]:
            for assignment in given:
                async with session.get(assignment["image"]) as answer:
                    blue = _blueness(await answer.read())
                seconds = rater.think(options.think)
                await asyncio.sleep(seconds)
                value = rater.stars(blue)
                body = {"assignment": assignment["id"], "value": value, "shown_ms": 1000 * seconds}
                await _post(session, "api/rate", body)
                stars[value] += 1


async def _post(session: aiohttp.ClientSession, path: str, body: dict) -> bytes:
    for pause in (1, 2, 4, 8, 16):
        async with session.post(path, json=body, raise_for_status=False) as answer:
            # Too busy: the page asks again, too.
            if answer.status != 503:
                answer.raise_for_status()
                return await answer.read()
        await asyncio.sleep(pause)
    raise SystemExit(f"the server must answer. Received: 503 for {path}, five times")


def _blueness(png: bytes) -> float:
    pixels = np.asarray(PIL.Image.open(io.BytesIO(png)))
    return float(_BLUE.measure(pixels[None])[0][0])


if __name__ == "__main__":
    main()
