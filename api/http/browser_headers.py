"""Headers for browsers on every answer."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOSNIFF: Final = b"x-content-type-options", b"nosniff"
_CSP: Final = b"content-security-policy"
#: Of answers that are no pages: opened as one they load nothing, and stand in no frame.
_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"


class BrowserHeadersMiddleware:
    """Adds `nosniff` and a policy to every answer that has none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

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
