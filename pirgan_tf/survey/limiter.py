"""How often one client may ask: in memory, so each server process counts for itself."""

from fastapi import HTTPException, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

# A class or an office may begin at once behind one address; ten answers per second are no person's.
LIMITS = {"begin": "300/minute", "answer": "600/minute", "login": "10/minute"}


class Limiter:
    """Counts requests over the last minute; addresses are forgotten with them."""

    def __init__(self) -> None:
        self._limits: dict[str, RateLimitItem] = {
            name: parse(text) for name, text in LIMITS.items()
        }
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def check(self, name: str, client: str) -> None:
        """Counts a request.

        Args:
            name: which of `LIMITS`.
            client: who asks.

        Raises:
            HTTPException: 429 if it is one too many.
        """
        if not self._window.hit(self._limits[name], name, client):
            raise HTTPException(
                429, "Too many requests; try again in a minute.", {"retry-after": "60"}
            )


def address(request: Request) -> str:
    """Returns the client's address, which is never stored."""
    return request.client.host if request.client else ""
