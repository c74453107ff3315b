"""Retries of a device or peer that is lost: growing waits, counted and logged once."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
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
#: So many failures in a row are worth a sentence to a person: a single lost answer is none.
_TROUBLE_AFTER: Final = 3
#: A peer that has not answered yet is perhaps being started as well: that is worth no sentence for so long [s].
_START_PATIENCE_S: Final = 20.0
#: The most sentences of one source.
_MOST_TROUBLES: Final = 5


class Attempts:
    """Attempts to reach one peer. The counter `lost` grows when a peer that answered stops answering."""

    def __init__(
        self,
        name: str,
        counts: Counter[str],
        backoff: Backoff = DEVICE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._counts = counts
        self._backoff = backoff
        self._clock = clock
        self.failures = 0
        self._error = ""
        #: None before the first attempt, in the past once the peer has answered.
        self._patient_until_s: float | None = None

    @property
    def trouble(self) -> str:
        """Why the peer cannot be reached, as a sentence; empty while it answers, and for a moment at the start."""
        if self.failures < _TROUBLE_AFTER or self._is_starting():
            return ""
        return f"{self._name} does not answer ({self._error}): check its power, cable and address; it is tried again"

    def fail(self, error: Exception) -> float:
        """Note a failed attempt; return how long to wait before the next."""
        if self._patient_until_s is None:
            self._patient_until_s = self._clock() + _START_PATIENCE_S
        self.failures += 1
        self._error = str(error)
        if self.failures == 1:
            self._counts["lost"] += 1
            _LOGGER.warning("%s is lost, reconnecting: %s", self._name, error)
        return self._backoff.wait_s(self.failures, random.random())  # noqa: S311 - jitter, not a secret

    def succeed(self) -> None:
        """Note that the peer answers."""
        if self.failures:
            _LOGGER.info("%s answers again", self._name)
        self.failures = 0
        self._patient_until_s = 0.0

    def _is_starting(self) -> bool:
        """Tell whether the peer has not answered yet, since the first attempt a moment ago."""
        return self._patient_until_s is None or self._clock() < self._patient_until_s


def troubles_of(*peers: Attempts) -> list[str]:
    """Return the sentences of the peers that cannot be reached, of the first few."""
    return [peer.trouble for peer in peers if peer.trouble][:_MOST_TROUBLES]
