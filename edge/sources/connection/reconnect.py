"""Retries of a device or peer that is lost: growing waits, counted and logged once."""

from __future__ import annotations

import logging
import random
from collections import Counter
from dataclasses import dataclass
from typing import Final

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first_s` up to `most_s`; `jitter` is the share of each that chance may subtract."""

    first_s: float
    most_s: float
    jitter: float = 0.5

    def wait_s(self, failures: int, dice: float) -> float:
        """Return the wait after this many failures in a row (1 or more); `dice` is uniform in [0, 1).

        Chance prevents a fleet that lost one broker from coming back in one instant.
        """
        doublings = min(max(failures - 1, 0), 60)
        full_s = min(self.first_s * 2.0**doublings, self.most_s)
        return full_s * (1.0 - self.jitter * dice)


DEVICE: Final = Backoff(0.5, 30.0)


class Attempts:
    """Attempts to reach one peer. The counter `lost` grows when a peer that answered stops answering."""

    def __init__(self, name: str, counts: Counter[str], backoff: Backoff = DEVICE) -> None:
        self._name = name
        self._counts = counts
        self._backoff = backoff
        self.failures = 0

    def fail(self, error: Exception) -> float:
        """Note a failed attempt; return how long to wait before the next."""
        self.failures += 1
        if self.failures == 1:
            self._counts["lost"] += 1
            _LOGGER.warning("%s is lost, reconnecting: %s", self._name, error)
        return self._backoff.wait_s(self.failures, random.random())  # noqa: S311 - jitter, not a secret

    def succeed(self) -> None:
        """Note that the peer answers."""
        if self.failures:
            _LOGGER.info("%s answers again", self._name)
        self.failures = 0
