"""The gate in front of every route: who asks, whether they may, and whether it is too much."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.authenticators import ORGANISATION_HEADER, Credentials, allows
from api.auth.body_limits import read_body
from api.auth.limits import Limits
from api.auth.permissions import RequiredScope, need_of
from api.auth.sessions_cache import AuthCache, challenge
from api.http.problems import RETRY_AFTER_S, ProblemError, reply_problem, respond
from headland.errors import RetryLater
from headland.registry.registry import Access

COOKIE: Final = "headland_session"
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
#: Where a proxy says for whom it asks.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
#: What who is not known yet may send: a key.
_STRANGER_BYTES: Final = 4096


class AuthMiddleware:
    """Lets a request through to `app` once it may; what it opens is `request.state.access` then."""

    def __init__(self, app: ASGIApp, router: Router, limits: Limits) -> None:
        self._app = app
        self._router = router
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        connection = HTTPConnection(scope)
        try:
            access = await self._enter(connection)
            if access is not None:
                connection.state.access = access
            if scope["method"] not in _SAFE:
                most_bytes = _STRANGER_BYTES if access is None else self._limits.body_bytes
                receive = await read_body(receive, connection.headers, most_bytes, self._limits.body_depth)
        except ProblemError as error:
            await respond(error)(scope, receive, send)
            return
        except RetryLater as error:
            await _reply_later(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _enter(self, connection: HTTPConnection) -> Access | None:
        """Return what is opened, None where nothing needs to be; raises ProblemError and RetryLater."""
        method, path = connection.scope["method"], connection.scope["path"]
        need = need_of(method, path)
        if need is RequiredScope.NOTHING:
            return None
        near = is_near(connection)
        if need is RequiredScope.OPERATOR:
            if near:
                return None
            sentence = "Only the person who runs the station may do this: from this machine, with its token."
            raise ProblemError(403, "not-yours", "Not allowed", sentence)
        shown = shown_by(connection)
        if shown is None:
            if need is RequiredScope.NEARNESS and near:
                return None
            sentence = "Show a key: Authorization: Bearer hl_...  `headland up` keeps one in its folder, as api-key."
            raise ProblemError(401, "no-key", "Who asks?", sentence, headers=challenge())
        admissions: AuthCache = connection.app.state.admissions
        access = await admissions.admit(connection, shown)
        self._check(connection, need, access, shown)
        return access

    def _check(
        self, connection: HTTPConnection, need: RequiredScope | None, access: Access, shown: Credentials
    ) -> None:
        if need is None:
            self._say_nothing_there(connection)
            return
        if shown.bearer is None and connection.scope["method"] not in _SAFE:
            refuse_foreign_page(connection.headers, must_tell=True)
        needed = need.scope
        if needed is None or not allows(access.scope, needed):
            sentence = f"This needs the scope {needed}, and {access.by} has {access.scope}."
            raise ProblemError(
                403, "scope", "Not allowed", sentence, headers=challenge("insufficient_scope", str(needed))
            )

    def _say_nothing_there(self, connection: HTTPConnection) -> None:
        """Refuse a path that `needs` does not name, in words for its author where it is a route all the same."""
        path = connection.scope["path"]
        if any(route.matches(dict(connection.scope))[0] is not Match.NONE for route in self._router.routes):
            sentence = f"Nobody may use {path}: what it needs is not declared in api/auth/permissions.py."
            raise ProblemError(403, "undeclared", "Not allowed", sentence)
        raise ProblemError(404, "", "Not Found", f"There is nothing at {path}.")


def shown_by(connection: HTTPConnection) -> Credentials | None:
    """Return what a request shows of who asks; a bearer token counts before a cookie."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return Credentials(bearer=token.strip(), organisation=connection.headers.get(ORGANISATION_HEADER))
    session = connection.cookies.get(COOKIE)
    return None if not session else Credentials(session=session)


def is_near(connection: HTTPConnection) -> bool:
    """Tell whether a request comes from this machine itself, and not through a proxy on it."""
    if connection.client is None or any(name in connection.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(connection.client.host).is_loopback
    except ValueError:
        return False


def refuse_foreign_page(headers: Headers, *, must_tell: bool = False) -> None:
    """Raise ProblemError where a browser says that a request comes from another site's page.

    Who says nothing is no browser, which is as bad where it `must_tell`.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        same = site == "same-origin"
    elif origin is not None:
        same = urlsplit(origin).netloc == headers.get("host")
    else:
        same = not must_tell
    if not same:
        sentence = "With a session only Headland's own pages may change anything; others show a key."
        raise ProblemError(403, "cross-site", "Not from here", sentence)


def _reply_later(error: RetryLater) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return reply_problem(503, str(error), kind="registry-unavailable", title="Not now", headers=headers)
