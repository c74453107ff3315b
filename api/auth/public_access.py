"""Limits of the pages that are open to everybody: requests and wrong tokens of an address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.auth.rate_limiter import Rate, RateBuckets, TokenBuckets

_REQUESTS: Final = Rate(300, 20)
#: A token has 128 random bits: guesses are hopeless, and cost a look-up each.
_MISSES: Final = Rate(40, 0.2)


@dataclass(frozen=True, slots=True)
class PublicLimits:
    """Requests of an address, and how many of them may name what is not there."""

    requests: Rate = _REQUESTS
    misses: Rate = _MISSES


class PublicLimiter:
    """Counts the requests to public pages by address. Who has missed too often waits, with whatever token."""

    def __init__(
        self,
        limits: PublicLimits | None = None,
        now_s: Callable[[], float] = time.monotonic,
        buckets: Callable[[str, Rate], RateBuckets] | None = None,
    ) -> None:
        chosen = PublicLimits() if limits is None else limits
        make = buckets or (lambda _, rate: TokenBuckets(rate))
        self._requests = make("public-requests", chosen.requests)
        self._misses = make("public-misses", chosen.misses)
        self._barred: dict[str, float] = {}
        self._now_s = now_s

    def wait_s(self, address: str) -> float:
        """Return how long an address has to wait before this request [s], 0 where it has not."""
        now_s = self._now_s()
        until_s = self._barred.get(address, 0.0)
        if until_s > now_s:
            return until_s - now_s
        self._barred.pop(address, None)
        return self._requests.take(address, now_s)

    def miss(self, address: str) -> None:
        """Count a request that named what is not there."""
        now_s = self._now_s()
        wait_s = self._misses.take(address, now_s)
        if wait_s:
            while len(self._barred) >= 10_000:
                self._barred.pop(next(iter(self._barred)))
            self._barred[address] = now_s + wait_s
