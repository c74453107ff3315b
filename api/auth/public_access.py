"""Limits of the pages that are open to everybody: wrong tokens of an address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.auth.rate_limiter import Draw, Rate, RateBuckets, TokenBuckets

#: A token has 128 random bits: guesses are hopeless, and cost a look-up each.
_MISSES: Final = Rate(40, 0.2)


@dataclass(frozen=True, slots=True)
class PublicLimits:
    """How many requests of an address may name what is not there."""

    misses: Rate = _MISSES


class PublicLimiter:
    """Counts the wrong tokens of an address. Who names a valid one is never asked to wait, whatever others miss."""

    def __init__(
        self,
        limits: PublicLimits | None = None,
        now_s: Callable[[], float] = time.monotonic,
        buckets: Callable[[str, Rate], RateBuckets] | None = None,
    ) -> None:
        chosen = PublicLimits() if limits is None else limits
        make = buckets or (lambda _, rate: TokenBuckets(rate))
        self._misses = make("public-misses", chosen.misses)
        self._now_s = now_s

    def miss(self, address: str) -> Draw:
        """Count a request that named what is not there."""
        return self._misses.take(address, self._now_s())
