"""Scheme of a request behind a proxy that ends TLS."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class ProxySchemeMiddleware:
    """Takes the scheme of links and cookies from `X-Forwarded-Proto`, and nothing else from any such header.

    Whoever forges it changes the links of the own answer only. The address of a client is that of its connection: a
    forged `X-Forwarded-For` would otherwise evade the limits, or use up those of another.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            forwarded = next((value for name, value in scope["headers"] if name == b"x-forwarded-proto"), b"")
            if forwarded in (b"https", b"http"):
                scope["scheme"] = forwarded.decode()
        await self._app(scope, receive, send)
