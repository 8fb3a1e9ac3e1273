"""What every request and answer passes through: origins, sizes and headers."""

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 16 * 1024

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # The link is the key to the study. With "no-referrer", forms would have no origin either.
    "referrer-policy": "same-origin",
}


class Guard:
    """ASGI middleware that limits bodies to 16 kB and adds the headers of security."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; its body is counted as it comes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        left = MAX_BODY

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"The request is longer than {MAX_BODY} bytes.")
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # Files are asked for again, and sent only if they have changed.
                headers.setdefault("cache-control", "no-cache" if "etag" in headers else "no-store")
            await send(message)

        await self.app(scope, limited, guarded)


async def refuse_other_sites(request: Request) -> None:
    """Lets only pages of this server post, whatever cookies a browser would send along.

    Links to its pages may stand anywhere.

    Raises:
        HTTPException: 403 for a post from a page of another site.
    """
    if request.method == "POST" and _is_cross_origin(request):
        raise HTTPException(403, "This request came from a page of another site.")


def allowed_origin(request: Request, allowed: tuple[str, ...]) -> dict[str, str] | None:
    """Returns the headers that let a page of an allowed origin read the answer.

    None stands for a page of this server, which is the demonstration.

    Raises:
        HTTPException: 403 for any other origin, or none: browsers tell it with every post.
    """
    origin = request.headers.get("origin", "")
    if origin in allowed:
        return {"access-control-allow-origin": origin, "vary": "Origin"}
    if not origin or _is_cross_origin(request):
        raise HTTPException(403, "Pages of this origin may not show the study's images.")
    return None


def _is_cross_origin(request: Request) -> bool:
    # A browser that sends the first knows best; over plain HTTP it sends only the second.
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    # "null", and what is no URL, end with no host.
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")
