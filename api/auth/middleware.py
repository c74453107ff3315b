"""Authentication, permission and body limits in front of every route."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.authenticators import ORGANISATION_HEADER, Credentials
from api.auth.body_limits import ClientLeftError, read_body
from api.auth.limit_headers import with_limits
from api.auth.limits import Limits
from api.auth.permissions import Refusal, RequiredScope, address_in, refusal_of, required_scope
from api.auth.sessions_cache import AuthCache, challenge
from api.auth.shares import Place, Shares
from api.http.addresses import asked_host, call_as_asked
from api.http.problems import RETRY_AFTER_S, ProblemError, reply_problem, respond
from headland.errors import RetryLater
from headland.network.addresses import is_loopback, is_loopback_address
from headland.registry.registry import Access

COOKIE: Final = "headland_session"
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
#: Headers by which a proxy names its client.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
#: Largest body of an unauthenticated request: it holds a key.
_ANONYMOUS_BYTES: Final = 4096
_ANONYMOUS_S: Final = 10.0
_CLOSE: Final = {"Connection": "close"}
#: Paths that are answered at once, or hold no thread: they take no place of their key's share.
_WITHOUT_SHARE: Final = frozenset(("/healthz", "/readyz", "/metrics", "/v1/live", "/v1/session"))


class AuthMiddleware:
    """Passes a permitted request on to `app`, with its access in `request.state.access`."""

    def __init__(self, app: ASGIApp, router: Router, limits: Limits) -> None:
        self._app = app
        self._router = router
        self._limits = limits
        self._shares = Shares(limits.share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or respond with the reason for its refusal."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        connection = HTTPConnection(scope)
        scope.setdefault("state", {})
        send = with_limits(scope, send)
        place: Place | None = None
        try:
            try:
                access = await self._authorise(connection)
                if access is not None:
                    connection.state.access = access
                    call_as_asked(connection)
                    if scope["path"] not in _WITHOUT_SHARE:
                        place = Place(self._shares, access.key or access.by, access.organisation.handle)
                        await place.enter(scope)
                        send = place.sent_without(send)
                if scope["method"] not in _SAFE:
                    receive = await self._read_body(connection, receive, access)
            except ProblemError as error:
                await respond(error)(scope, receive, send)
                return
            except RetryLater as error:
                await _reply_later(error)(scope, receive, send)
                return
            except ClientLeftError:
                return
            await self._app(scope, receive, send)
        finally:
            if place is not None:
                place.end()

    async def _read_body(self, connection: HTTPConnection, receive: Receive, access: Access | None) -> Receive:
        """Read the body and return a `receive` that replays it. Raises ProblemError."""
        limits = self._limits
        most_bytes, within_s = (
            (_ANONYMOUS_BYTES, _ANONYMOUS_S) if access is None else (limits.body_bytes, limits.body_s)
        )
        try:
            async with asyncio.timeout(within_s):
                return await read_body(receive, connection.headers, most_bytes, limits.body_depth)
        except TimeoutError as error:
            sentence = f"The body did not arrive within {within_s:g} s: send less, or over a faster connection."
            raise ProblemError(408, "slow-body", "Request body too slow", sentence, headers=_CLOSE) from error

    async def _authorise(self, connection: HTTPConnection) -> Access | None:
        """Return the access, None where none is required; raises ProblemError and RetryLater."""
        method, path = connection.scope["method"], connection.scope["path"]
        required = required_scope(method, path)
        if required is RequiredScope.NOTHING:
            return None
        is_loopback = is_loopback_request(connection)
        if required is RequiredScope.OPERATOR:
            if is_loopback:
                return None
            sentence = "Run the command on the station's own machine, with its token."
            raise ProblemError(403, "not-yours", "Operator access required", sentence)
        credentials = credentials_of(connection)
        if credentials is None:
            if required is RequiredScope.LOOPBACK_OR_READ and is_loopback:
                return None
            sentence = (
                "Send a key: Authorization: Bearer hl_...  `headland up` stores one in its folder, in the file api-key."
            )
            raise ProblemError(401, "no-key", "Authentication required", sentence, headers=challenge())
        auth_cache: AuthCache = connection.app.state.auth_cache
        access = await auth_cache.admit(connection, credentials)
        # Whose it is, is known also of a request that is refused below.
        connection.state.asker = access
        self._check(connection, required, access, credentials)
        return access

    def _check(
        self, connection: HTTPConnection, required: RequiredScope | None, access: Access, credentials: Credentials
    ) -> None:
        method, path = connection.scope["method"], connection.scope["path"]
        refusal = refusal_of(access.role, access.scope, method, path)
        if refusal is Refusal.UNDECLARED:
            self._refuse_undeclared(connection)
        if credentials.session is not None and method not in _SAFE:
            refuse_foreign_page(connection, must_name_origin=True)
        if refusal is Refusal.ROLE:
            sentence = f"The role {access.role} does not include this: ask a manager of the cooperative."
            raise ProblemError(403, "role", "Not part of the role", sentence)
        if refusal is not None:
            needed = None if required is None else required.scope
            sentence = f"Use a key with the scope {needed}: {access.by} has {access.scope}."
            raise ProblemError(
                403, "scope", "Insufficient scope", sentence, headers=challenge("insufficient_scope", str(needed))
            )

    def _refuse_undeclared(self, connection: HTTPConnection) -> None:
        """Refuse a path without a declared permission; where it is a route, tell its author to declare one."""
        path = connection.scope["path"]
        if any(route.matches(dict(connection.scope))[0] is not Match.NONE for route in self._router.routes):
            sentence = f"Declare a permission for {path} in api/auth/permissions.py."
            raise ProblemError(403, "undeclared", "Permission not declared", sentence)
        raise ProblemError(404, "", "Not Found", f"There is no resource at {path}: check the address.")


def credentials_of(connection: HTTPConnection) -> Credentials | None:
    """Return the credentials of a request; an address takes precedence over a token, and that over a cookie."""
    address = address_in(connection.scope["path"])
    if address is not None:
        return Credentials(address=address)
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return Credentials(bearer=token.strip(), organisation=connection.headers.get(ORGANISATION_HEADER))
    session = connection.cookies.get(COOKIE)
    return None if not session else Credentials(session=session)


def is_loopback_request(connection: HTTPConnection) -> bool:
    """Tell whether a request comes from this machine, and not through a proxy on it.

    Nor from a page whose name was made to lead here: the Host is this machine's address or localhost.
    """
    if connection.client is None or any(name in connection.headers for name in _FORWARDED):
        return False
    host = urlsplit(f"//{asked_host(connection)}").hostname or ""
    return is_loopback_address(connection.client.host) and is_loopback(host)


def refuse_foreign_page(connection: HTTPConnection, *, must_name_origin: bool = False) -> None:
    """Raise ProblemError (403) where a request comes from the page of another site.

    A request that names no origin does not come from a browser; it is refused too where it `must_name_origin`.
    """
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if site is not None:
        same = site == "same-origin"
    elif origin is not None:
        same = urlsplit(origin).netloc == asked_host(connection)
    else:
        same = not must_name_origin
    if not same:
        sentence = "A session changes data from Headland's own pages only: use an API key."
        raise ProblemError(403, "cross-site", "Request from another site", sentence)


def _reply_later(error: RetryLater) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return reply_problem(503, str(error), kind="registry-unavailable", title="Registry not available", headers=headers)
