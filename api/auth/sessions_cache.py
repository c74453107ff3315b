"""Cache of recent authentications, with rate limiting."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.requests import HTTPConnection

from api.auth.authenticators import Authenticator, Credentials, RefusedError
from api.auth.limit_headers import note_rate
from api.auth.limits import Limits
from api.auth.rate_limiter import RateBuckets, TokenBuckets
from api.auth.shared_limits import SharedLimits
from api.auth.stream_permits import StreamPermits
from api.http.addresses import customer_of
from api.http.problems import ProblemError, too_many_requests
from headland.errors import RetryLater
from headland.registry.registry import Access

#: How long an authentication is reused [s]; a key revoked by another process works for that long.
FRESH_S: Final = 2.0
#: How long an authentication is reused while the registry is not reachable [s].
KNOWN_S: Final = 300.0
_MOST: Final = 2000
#: Credentials that are decided at once.
_ADMITTING: Final = 8
_TOO_MANY_KEYS: Final = "Too many invalid keys came from this address: wait as Retry-After says."


class AuthCache:
    """Authenticates credentials, reuses recent results and limits rates.

    For the event loop's thread, except where a method says otherwise. Ending one session or key forgets that one
    alone: who is known stays known while the registry is away, whatever others do. With `shared` the rates are those of
    all processes together, and what one forgets, the others look up again at once.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        shared: SharedLimits | None = None,
    ) -> None:
        self._authenticator = authenticator
        self.streams = StreamPermits(authenticator)
        self._clock = clock
        self._shared = shared
        self._seen = 0 if shared is None else shared.forgotten()
        self._stale_s = -KNOWN_S
        self._requests: RateBuckets
        self._failures: RateBuckets
        if shared is None:
            self._requests, self._failures = TokenBuckets(limits.requests), TokenBuckets(limits.failures)
        else:
            self._requests = shared.buckets("requests", limits.requests)
            self._failures = shared.buckets("failures", limits.failures)
        self._known: OrderedDict[Credentials, tuple[Access, float]] = OrderedDict()
        self._forgotten = 0
        self._lock = threading.Lock()
        # Threads of their own: work that fills the others must not keep anybody out.
        self._limiter = CapacityLimiter(_ADMITTING)

    async def admit(self, connection: HTTPConnection, credentials: Credentials) -> Access:
        """Return the access; raises ProblemError, and RetryLater while it cannot be decided.

        Only those who fail are refused for their failures: a valid key is let in from any address.
        """
        access, age_s = self._recall(credentials)
        if access is None or age_s >= FRESH_S:
            access = await self._authenticate(connection, credentials, access if age_s < KNOWN_S else None)
        draw = self._requests.take(access.key or access.by, self._clock())
        note_rate(connection.scope, "requests", draw)
        if draw.wait_s:
            raise _too_often("This key exceeds its request rate: wait as Retry-After says.", draw.wait_s)
        return access

    def count_failure(self, connection: HTTPConnection, sentence: str = _TOO_MANY_KEYS) -> None:
        """Count a failed attempt; raise ProblemError (429) where too many came from its address. From any thread."""
        draw = self._failures.take(customer_of(connection), self._clock())
        note_rate(connection.scope, "failures", draw)
        if draw.wait_s:
            raise _too_often(sentence, draw.wait_s)

    def forget_session(self, secret: str) -> None:
        """Forget a session that has ended. From any thread."""
        self._forget(lambda credentials, _access: credentials.session == secret)

    def forget_key(self, key: str) -> None:
        """Forget a key that was revoked, and the sessions that it began. From any thread."""
        self._forget(lambda _credentials, access: access.key == key)

    def _forget(self, concerns: Callable[[Credentials, Access], bool]) -> None:
        with self._lock:
            # What is being decided now was perhaps read before the end: it is not remembered.
            self._forgotten += 1
            if self._shared is not None:
                self._shared.forget()
            for credentials in [known for known, (access, _) in self._known.items() if concerns(known, access)]:
                del self._known[credentials]
        self.streams.ask_now()

    async def _authenticate(self, connection: HTTPConnection, credentials: Credentials, known: Access | None) -> Access:
        forgotten = self._state()
        try:
            access = await to_thread.run_sync(self._authenticator.admit, credentials, limiter=self._limiter)
        except RetryLater:
            if known is None:
                raise
            return known
        except RefusedError as error:
            with self._lock:
                self._known.pop(credentials, None)
            self.count_failure(connection)
            if error.known:
                raise ProblemError(403, error.kind, "No access", str(error)) from error
            headers = challenge("invalid_token")
            raise ProblemError(401, error.kind, "Invalid credentials", str(error), headers=headers) from error
        with self._lock:
            if forgotten == self._state():
                self._known[credentials] = access, self._clock()
                self._known.move_to_end(credentials)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return access

    def _recall(self, credentials: Credentials) -> tuple[Access | None, float]:
        access, then_s = self._known.get(credentials, (None, 0.0))
        now_s = self._clock()
        if self._shared is not None and self._seen != (seen := self._shared.forgotten()):
            self._seen, self._stale_s = seen, now_s
            self.streams.ask_now()
        age_s = now_s - then_s
        # Another process forgot something: all are looked up again, and known while the registry is away.
        return access, max(age_s, FRESH_S) if then_s <= self._stale_s else age_s

    def _state(self) -> tuple[int, int]:
        """Return what changes where something is forgotten, here or in another process."""
        return self._forgotten, 0 if self._shared is None else self._shared.forgotten()


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


def _too_often(sentence: str, wait_s: float) -> ProblemError:
    return too_many_requests("too-often", "Too many requests", sentence, wait_s)
