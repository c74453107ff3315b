"""Cache of recent authentications, with rate limiting."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.auth.authenticators import Authenticator, Credentials, RefusedError
from api.auth.limits import Limits
from api.auth.rate_limiter import TokenBuckets
from api.http.problems import ProblemError
from headland.errors import RetryLater
from headland.registry.registry import Access

#: How long an authentication is reused [s]; a key revoked by another process works for that long.
FRESH_S: Final = 2.0
#: How long an authentication is reused while the registry is not reachable [s].
KNOWN_S: Final = 300.0
_MOST: Final = 2000


class AuthCache:
    """Authenticates credentials, reuses recent results and limits rates.

    For the event loop's thread, except where a method says otherwise.
    """

    def __init__(
        self, authenticator: Authenticator, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._requests = TokenBuckets(limits.requests)
        self._failures = TokenBuckets(limits.failures)
        self._known: OrderedDict[Credentials, tuple[Access, float]] = OrderedDict()

    async def admit(self, connection: HTTPConnection, credentials: Credentials) -> Access:
        """Return the access; raises ProblemError, and RetryLater while it cannot be decided."""
        access, age_s = self._recall(credentials)
        if access is None or age_s >= KNOWN_S:
            self.refuse_repeated_failures(connection)
        if access is None or age_s >= FRESH_S:
            access = await self._authenticate(connection, credentials, access if age_s < KNOWN_S else None)
        wait_s = self._requests.take(access.key or access.by, self._clock())
        if wait_s:
            raise _too_many_requests("This key exceeds its request rate: wait as Retry-After says.", wait_s)
        return access

    def refuse_repeated_failures(self, connection: HTTPConnection) -> None:
        """Raise ProblemError (429) where too many failed attempts came from an address; from any thread."""
        wait_s = self._failures.wait_s(_address(connection), self._clock())
        if wait_s:
            raise _too_many_requests("Too many invalid keys came from this address: wait as Retry-After says.", wait_s)

    def note_failure(self, connection: HTTPConnection) -> None:
        """Count a failed attempt; from any thread."""
        self._failures.take(_address(connection), self._clock())

    def forget(self) -> None:
        """Forget all results: a key was revoked, or a session ended. From any thread."""
        self._known = OrderedDict()

    async def _authenticate(self, connection: HTTPConnection, credentials: Credentials, known: Access | None) -> Access:
        try:
            access = await run_in_threadpool(self._authenticator.admit, credentials)
        except RetryLater:
            if known is None:
                raise
            return known
        except RefusedError as error:
            self._known.pop(credentials, None)
            self.note_failure(connection)
            if error.known:
                raise ProblemError(403, error.kind, "No access", str(error)) from error
            headers = challenge("invalid_token")
            raise ProblemError(401, error.kind, "Invalid credentials", str(error), headers=headers) from error
        self._known[credentials] = access, self._clock()
        self._known.move_to_end(credentials)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return access

    def _recall(self, credentials: Credentials) -> tuple[Access | None, float]:
        access, then_s = self._known.get(credentials, (None, 0.0))
        return access, self._clock() - then_s


def auth_cache_of(request: Request) -> AuthCache:
    """Return the cache that authenticates requests."""
    auth_cache: AuthCache = request.app.state.auth_cache
    return auth_cache


def challenge(error: str | None = None, scope: str | None = None) -> dict[str, str]:
    """Return the header that names the authentication scheme (RFC 6750)."""
    parts = ['Bearer realm="headland"']
    parts += [f'error="{error}"'] if error else []
    parts += [f'scope="{scope}"'] if scope else []
    return {"WWW-Authenticate": ", ".join(parts)}


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def _too_many_requests(sentence: str, wait_s: float) -> ProblemError:
    headers = {"Retry-After": str(max(1, math.ceil(wait_s)))}
    return ProblemError(429, "too-often", "Too many requests", sentence, headers=headers)
