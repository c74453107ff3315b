"""What failed and is tried again: said once, counted, and with a growing wait between the tries."""

from __future__ import annotations

import logging
import random
from collections import Counter

from edge.sources.backoff import DEVICE, Backoff

_LOGGER = logging.getLogger(__name__)


class Attempts:
    """The tries to reach one thing. `lost` counts how often it was there and then was not."""

    def __init__(self, name: str, counts: Counter[str], backoff: Backoff = DEVICE) -> None:
        self._name = name
        self._counts = counts
        self._backoff = backoff
        self.failures = 0

    def fail(self, error: Exception) -> float:
        """Note a failed try; return how long to wait before the next."""
        self.failures += 1
        if self.failures == 1:
            self._counts["lost"] += 1
            _LOGGER.warning("%s is lost and waited for: %s", self._name, error)
        return self._backoff.wait_s(self.failures, random.random())  # noqa: S311 - jitter, not a secret

    def succeed(self) -> None:
        """Note that it answers."""
        if self.failures:
            _LOGGER.info("%s answers again", self._name)
        self.failures = 0
