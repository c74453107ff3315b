"""Who is let in: by the gate or because that let them in a moment ago, and never too often."""

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
from api.auth.rate_limiter import Buckets
from api.http.problems import ProblemError
from headland.errors import RetryLater
from headland.registry.registry import Access

#: A key that is revoked elsewhere works for so much longer; one that is revoked here ends at once.
FRESH_S: Final = 2.0
#: While the registry is away, who was let in so recently goes on being let in.
KNOWN_S: Final = 300.0
_MOST: Final = 2000


class AuthCache:
    """Asks a gate, remembers whom it let in, and counts who asks. For the event loop's thread, but where it says so."""

    def __init__(self, gate: Authenticator, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate = gate
        self._clock = clock
        self._asked = Buckets(limits.asked)
        self._failed = Buckets(limits.failed)
        self._known: OrderedDict[Credentials, tuple[Access, float]] = OrderedDict()

    async def admit(self, connection: HTTPConnection, shown: Credentials) -> Access:
        """Return what is opened; raises ProblemError, and RetryLater while nobody can tell."""
        access, age_s = self._look(shown)
        if access is None or age_s >= KNOWN_S:
            self.refuse_guesser(connection)
        if access is None or age_s >= FRESH_S:
            access = await self._ask(connection, shown, access if age_s < KNOWN_S else None)
        wait_s = self._asked.take(access.key or access.by, self._clock())
        if wait_s:
            raise _too_often("This key asks too often.", wait_s)
        return access

    def refuse_guesser(self, connection: HTTPConnection) -> None:
        """Raise ProblemError where too much that opens nothing came from an address; from any thread."""
        wait_s = self._failed.wait_s(_address(connection), self._clock())
        if wait_s:
            raise _too_often("Too many keys that open nothing came from this address.", wait_s)

    def note_failure(self, connection: HTTPConnection) -> None:
        """Count something that opened nothing; from any thread."""
        self._failed.take(_address(connection), self._clock())

    def forget(self) -> None:
        """Ask anew from now on: a key was revoked, or a session ended. May be called from any thread."""
        self._known = OrderedDict()

    async def _ask(self, connection: HTTPConnection, shown: Credentials, known: Access | None) -> Access:
        try:
            access = await run_in_threadpool(self._gate.admit, shown)
        except RetryLater:
            if known is None:
                raise
            return known
        except RefusedError as error:
            self._known.pop(shown, None)
            self.note_failure(connection)
            if error.known:
                raise ProblemError(403, error.kind, "Not allowed", str(error)) from error
            headers = challenge("invalid_token")
            raise ProblemError(401, error.kind, "Not let in", str(error), headers=headers) from error
        self._known[shown] = access, self._clock()
        self._known.move_to_end(shown)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return access

    def _look(self, shown: Credentials) -> tuple[Access | None, float]:
        access, then_s = self._known.get(shown, (None, 0.0))
        return access, self._clock() - then_s


def auth_cache_of(request: Request) -> AuthCache:
    """Return what let the request in."""
    admissions: AuthCache = request.app.state.admissions
    return admissions


def challenge(error: str | None = None, scope: str | None = None) -> dict[str, str]:
    """Return the header that says how to be let in (RFC 6750)."""
    parts = ['Bearer realm="headland"']
    parts += [f'error="{error}"'] if error else []
    parts += [f'scope="{scope}"'] if scope else []
    return {"WWW-Authenticate": ", ".join(parts)}


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def _too_often(sentence: str, wait_s: float) -> ProblemError:
    headers = {"Retry-After": str(max(1, math.ceil(wait_s)))}
    return ProblemError(429, "too-often", "Too many requests", sentence, headers=headers)
