"""Headers for browsers on every answer, and the scheme of a request behind a proxy that ends TLS."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import reply_problem

_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_NOSNIFF: Final = b"x-content-type-options", b"nosniff"
_CSP: Final = b"content-security-policy"
#: Of answers that are no pages: opened as one they load nothing, and stand in no frame.
_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"


class BrowserHeadersMiddleware:
    """Adds `nosniff` and a policy to every answer that has none.

    Takes the scheme of links and cookies from `X-Forwarded-Proto`, and nothing else from any such header. Whoever
    forges it changes the links of the own answer only. The address of a client is that of its connection: a forged
    `X-Forwarded-For` would otherwise evade the limits, or use up those of another.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        if host and not _HOST.fullmatch(host):
            sentence = "Name the host in the header Host: a name or an address, and a port where it has one."
            await reply_problem(400, sentence, kind="bad-host", title="Invalid Host")(scope, receive, send)
            return
        forwarded = next((value for name, value in scope["headers"] if name == b"x-forwarded-proto"), b"")
        if forwarded in (b"https", b"http"):
            scope["scheme"] = forwarded.decode()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                names = {name.lower() for name, _ in headers}
                if _NOSNIFF[0] not in names:
                    headers.append(_NOSNIFF)
                if _CSP not in names:
                    headers.append((_CSP, _POLICY))
            await send(message)

        await self._app(scope, receive, send_with_headers)
