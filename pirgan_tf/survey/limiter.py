"""How often one client may ask: in memory, so each server process counts for itself."""

import ipaddress
import math
import threading
import time
from collections import Counter

from fastapi import HTTPException, Request

# How many requests in how many seconds. A class or an office may begin at once behind one
# address; ten answers per second are no person's.
LIMITS = {
    "begin": (300, 60),
    "answer": (600, 60),
    "login": (10, 60),
    # Of a network: those who come without a link that was made for them alone.
    "rater": (300, 3600),
    "visitor": (100, 3600),
    # Of a study, not of a client: how often its raters are judged.
    "judgement": (1, 30),
}
# With more clients at once, the one who came first is forgotten.
MAX_CLIENTS = 10_000


class Limiter:
    """Counts requests in windows of time, after which all clients are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in LIMITS}
        self._ends = dict.fromkeys(LIMITS, 0.0)

    def check(self, name: str, client: str) -> None:
        """Counts a request.

        Args:
            name: which of `LIMITS`.
            client: who asks: an `address`, or the id of a rater who is known.

        Raises:
            HTTPException: 429 if it is one too many.
        """
        if left := self.excess(name, client):
            raise HTTPException(
                429, "Too many requests; try again later.", {"retry-after": str(left)}
            )

    def excess(self, name: str, client: str) -> int:
        """Counts a request; returns 0, or if it is one too many the seconds to wait."""
        most, seconds = LIMITS[name]
        counts = self._counts[name]
        with self._lock:
            now = time.monotonic()
            if now >= self._ends[name]:
                counts.clear()
                self._ends[name] = now + seconds
            if client not in counts and len(counts) >= MAX_CLIENTS:
                del counts[next(iter(counts))]
            counts[client] += 1
            return math.ceil(self._ends[name] - now) if counts[client] > most else 0


def address(request: Request, *, wide: bool = False) -> str:
    """Returns the client's address, which is never stored.

    Args:
        request: the client's.
        wide: whether its neighbours count as the same client: 256 addresses, or in IPv6 the
            2**80 of a site. Otherwise IPv6 gives the 2**64 of a household.
    """
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    bits = {4: (32, 24), 6: (64, 48)}[found.version][wide]
    return str(ipaddress.ip_network((found, bits), strict=False))
